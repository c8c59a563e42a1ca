"""Values of a conversation with the team: what it is about, and its messages.

It is about a question handed over to facilitators, or about a request, whose exchange is with the
administrators.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.subject import Kind, Subject


class Side(StrEnum):
    """The two sides of a conversation; that of the team has its first name, whoever writes."""

    PERSON = "person"
    FACILITATORS = "facilitators"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the person asked, masked, and the titles that the bot showed; empty for no answer."""

    asked: str
    shown: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question that facilitators answer themselves; `text` is the wording they were shown.

    With `interest_id` it is the exchange about a request: it has the number of that request, `text`
    is what the request is for, and it is closed as long as the request is.

    `typed_in` is the message in the person's chat in which they typed it. `before` are the
    exchanges that went with it. `offered` is what the person typed in the message `offered_in` and
    was asked about passing on, at `offered_at`; all three are None once they have said.
    """

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
    interest_id: int | None = None
    typed_in: int | None = None
    edited_at: datetime | None = None
    before: tuple[Exchange, ...] = ()
    offered: str | None = None
    offered_in: int | None = None
    offered_at: datetime | None = None

    @property
    def about(self) -> Subject:
        """The outbox subject of its main message in the group; of a request, its notification."""
        if self.interest_id is not None:
            return Subject(Kind.INTEREST, self.interest_id)
        return self._whole

    @property
    def about_note(self) -> Subject:
        """The outbox subject of what the person is told of it."""
        return self._whole.note

    @property
    def about_aside(self) -> Subject:
        """The outbox subject of its other messages in the group."""
        return self.about.note

    def about_copy(self, message_id: int) -> Subject:
        """Return the outbox subject of the copy of a message, by our id, for the other side."""
        return Subject(self._whole.kind, self.id, message_id=message_id)

    @property
    def _whole(self) -> Subject:
        return Subject(Kind.HANDOFF if self.interest_id is None else Kind.EXCHANGE, self.id)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation; `chat_id` and `message_id` tell where it was typed."""

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


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A question to hand over."""

    person_id: int
    text: str
    opened_by: Side
    question_id: int | None = None
    typed_in: int | None = None
    before: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """The last reply of the facilitators in a conversation; `answered_at` if the person wrote."""

    conversation: Conversation
    reply: Message
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to store and pass on."""

    conversation_id: int
    side: Side
    text: str
    chat_id: int
    message_id: int
    author_id: int | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedConversation:
    """The conversation about a question; `created` is False if it existed before."""

    conversation: Conversation
    created: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """A conversation; `won` tells whether this call closed (or reopened) it."""

    conversation: Conversation
    won: bool
