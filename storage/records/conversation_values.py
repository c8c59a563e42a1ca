"""What a conversation with facilitators is: a question handed over, and what followed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.subject import Kind, Subject


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
    def about(self) -> Subject:
        """What the outbox keeps its message in the group under."""
        return Subject(Kind.HANDOFF, self.id)

    @property
    def about_note(self) -> Subject:
        """What the outbox keeps the other lines in the group under."""
        return self.about.note


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
    def about(self) -> Subject:
        """What the outbox keeps its copy on the other side under."""
        return Subject(Kind.HANDOFF, self.conversation_id, message_id=self.id)


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
