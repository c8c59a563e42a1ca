"""What a conversation with facilitators is: a question handed over, and what followed."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ABOUT = "handoff:"
_REFERENCE = re.compile(rf"{ABOUT}(\d+)(?::(\d+|note))?")


class Side(StrEnum):
    """Who speaks."""

    PERSON = "person"
    FACILITATORS = "facilitators"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question that facilitators answer themselves; `text` is what they were shown of it."""

    id: int
    number: str
    person_id: int
    question_id: int | None
    opened_by: Side
    text: str
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    closed_by: int | None
    closed_by_name: str | None

    @property
    def about(self) -> str:
        """What the outbox keeps its message in the group under."""
        return f"{ABOUT}{self.id}"

    @property
    def about_note(self) -> str:
        """What the outbox keeps the other lines in the group under."""
        return f"{ABOUT}{self.id}:note"


@dataclass(frozen=True, slots=True)
class Message:
    """Something said in a conversation; `chat_id` and `message_id` tell where it was typed."""

    id: int
    conversation_id: int
    side: Side
    text: str
    author_id: int | None
    signature: str | None
    chat_id: int
    message_id: int
    at: datetime
    edited_at: datetime | None
    delivered_at: datetime | None
    stale: bool

    @property
    def about(self) -> str:
        """What the outbox keeps its copy on the other side under."""
        return f"{ABOUT}{self.conversation_id}:{self.id}"


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A question to hand over."""

    person_id: int
    text: str
    opened_by: Side
    question_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Something to pass on."""

    conversation_id: int
    side: Side
    text: str
    chat_id: int
    message_id: int
    author_id: int | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation about a question, and whether it did not exist before."""

    conversation: Conversation
    created: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A conversation as it stands, and whether this very attempt closed (or reopened) it."""

    conversation: Conversation
    won: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """What an `about` of the outbox names: a conversation, perhaps one of its messages."""

    conversation_id: int
    message_id: int | None
    is_note: bool

    @classmethod
    def of(cls, about: str | None) -> "Reference | None":
        """Read an `about`; None where it names something else."""
        found = _REFERENCE.fullmatch(about or "")
        if found is None:
            return None
        tail = found[2]
        message_id = int(tail) if tail and tail != "note" else None
        return cls(int(found[1]), message_id, tail == "note")
