"""Values of the outbox: calls to Telegram, as callers hand them over and get them back."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from storage.engine.schema import VISITORS_BELOW
from storage.subject import Subject


class Audience(StrEnum):
    """Who a message is for; the chat of a group is looked up when it is sent."""

    PERSON = "person"
    ADMINISTRATORS = "administrators"
    FACILITATORS = "facilitators"
    # Anybody who is written to by e-mail.
    EMAIL = "email"


class OutboxState(StrEnum):
    """Where a message stands; a parked one can never be delivered."""

    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"


# The method of an outbox row that is no call to Telegram.
EMAIL = "email"


class Making(StrEnum):
    """A file that is made while it is sent; the row holds only which one."""

    PERSONAL_DATA = "personal_data"
    # Of the days that `makes_of` names: a picture of the figures, and the requests as a table.
    FIGURES = "figures"
    WORKBOOK = "workbook"
    CSV = "csv"
    # Of the project whose id `makes_of` is.
    POSTER_A4 = "poster_a4"
    POSTER_A5 = "poster_a5"
    POSTER_SVG = "poster_svg"


class Priority(IntEnum):
    """The order of sending, within a lane and over all lanes."""

    # For calls that are useful only at once.
    URGENT = -1
    ANSWER = 0
    BROADCAST = 1
    # Sent after all that somebody waits for.
    ALERT = 2
    # A file that a group does not accept for now: sent after everything else.
    HELD = 3


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A Bot API call to make: `payload` (JSON, without `chat_id`), perhaps a file.

    The file is given whole (`attachment`), or made together with the call (`makes`): what can
    be large is never stored. `makes_of` is what the file is about: days, as `Days.packed`, or the
    id of a project.

    `chat_id` is needed for a person, and is left out for a group. `about` keeps a
    record of the delivery, without its content. `quotes` are the ids of questions whose words the
    message repeats, or of requests whose firms it names where it is about what was `FOUND`: the
    message is found by them when the person is erased. `not_before` is at most
    half an hour ahead.
    An e-mail has an `address`, the method `EMAIL`, and a payload of `subject`, `text`,
    `to_team` (whether it is news to an administrator) and perhaps `to_visitor` (to who made a
    request or asked a question by the pages).
    Nothing takes the place of a call that `is_final`: where its message is gone, it is not posted
    anew; where it can never be made, the person is not told.
    A call that `keeps_hours` is caused by the clock: it is made only while the office is open, and
    others pass it meanwhile.
    """

    audience: Audience
    method: str
    payload: Mapping[str, Any]
    chat_id: int | None = None
    attachment: bytes | None = None
    filename: str | None = None
    about: Subject | None = None
    not_before: datetime | None = None
    priority: Priority = Priority.ANSWER
    is_final: bool = False
    makes: Making | None = None
    quotes: Collection[int] = ()
    address: str | None = None
    makes_of: str | None = None
    keeps_hours: bool = False

    def __post_init__(self) -> None:
        """Refuse a person without a chat, and a group with one (it is a setting).

        Also a visitor, who has none: they are written to by e-mail.
        """
        if (self.audience is Audience.PERSON) != (self.chat_id is not None):
            raise ValueError("a message to a person, and only such a one, needs a chat_id")
        if self.chat_id is not None and self.chat_id < VISITORS_BELOW:
            raise ValueError("who writes by the pages has no chat")
        if (self.audience is Audience.EMAIL) != (self.address is not None):
            raise ValueError("an e-mail, and only one, needs an address")


@dataclass(frozen=True, slots=True)
class Pending:
    """A call to make now; the calls of one lane are made one after the other.

    `update_id` is the update that caused it, if one did. A file is read where it is sent
    (`Outbox.attachment`): those of all lanes together may not fit in memory. `makes` names the file
    to make (as text: another version may have queued it). `crashes` counts the processes that died
    while they held the row. `leaves_trace` tells that a record of the delivery is kept: the row has
    a subject, even if this version cannot read it.
    """

    id: int
    lane: str
    audience: Audience
    chat_id: int | None
    update_id: int | None
    method: str
    payload: dict[str, Any]
    has_attachment: bool
    filename: str | None
    about: Subject | None
    attempts: int
    created_at: datetime
    leaves_trace: bool
    priority: Priority = Priority.ANSWER
    is_final: bool = False
    makes: str | None = None
    crashes: int = 0
    quotes: tuple[int, ...] = ()
    makes_of: str | None = None
    address: str | None = None
    keeps_hours: bool = False

    @property
    def edits(self) -> bool:
        """Whether it changes a message that stands in the chat, and in no other."""
        return "message_id" in self.payload

    @property
    def is_mail_to_team(self) -> bool:
        """Whether it is an e-mail to an administrator, and not to the lead of a project."""
        return self.audience is Audience.EMAIL and bool(self.payload.get("to_team"))

    @property
    def is_mail_to_visitor(self) -> bool:
        """Whether it is an e-mail to who writes by the pages, about what they sent."""
        return self.audience is Audience.EMAIL and bool(self.payload.get("to_visitor"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message was delivered: its number says nothing without its chat."""

    chat_id: int
    message_id: int


def lane_of(audience: Audience, chat_id: int | None, address: str | None = None) -> str:
    """Return the lane (the queue) in which a call waits for those before it.

    That of an e-mail names no address: a lane is written down in more places than its row.
    """
    if audience is Audience.EMAIL:
        return f"{audience}:{digest_of(address or '')}"
    return f"{audience}:{chat_id}" if audience is Audience.PERSON else audience.value


def digest_of(address: str) -> str:
    """Return what stands for an e-mail address where it need not be read: 32 signs."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:32]
