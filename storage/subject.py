"""The subject of an outbox row or of a change request, stored as text."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sqlalchemy import ColumnElement, String, cast, literal, or_

from storage.engine.schema import outbox

_NOTE = "note"
# Numbers as `pack` writes them: no leading zero, and at most the digits of a 64-bit id.
_NUMBER = "0|[1-9][0-9]{0,18}"
_DIGITS = re.compile(r"[0-9]+")
_LARGEST_ID = 2**63 - 1


class Kind(StrEnum):
    """The kinds of subjects."""

    INTEREST = "interest"
    HANDOFF = "handoff"
    EXCHANGE = "exchange"
    GAP = "gap"
    # What a search by a firm's name found: the message names the firms of the requests it quotes.
    FOUND = "found"
    # The morning's list of requests in the group: there is one, whatever its number.
    BASKET = "basket"
    # What somebody is told of several requests that wait, who has them in charge or their firm; the
    # id is that of the person.
    REMINDER = "reminder"


_PACKED = re.compile(rf"({'|'.join(Kind)}):({_NUMBER})(?::({_NUMBER}|{_NOTE}))?")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message or a change request is about, by its kind and its id.

    `message_id` is our id of one message of a conversation. `is_note` marks the other messages
    about the same thing, beside the main one, which is edited to stay up to date.
    """

    kind: Kind
    id: int
    message_id: int | None = None
    is_note: bool = False

    def __post_init__(self) -> None:
        """Refuse a message outside a conversation, a note on a gap, a message that is a note."""
        allowed = {
            Kind.INTEREST: self.message_id is None,
            Kind.HANDOFF: self.message_id is None or not self.is_note,
            Kind.EXCHANGE: self.message_id is None or not self.is_note,
            Kind.GAP: self.message_id is None and not self.is_note,
            Kind.FOUND: self.message_id is None and not self.is_note,
            Kind.BASKET: self.message_id is None and not self.is_note,
            Kind.REMINDER: self.message_id is None and not self.is_note,
        }
        if not allowed[self.kind]:
            raise ValueError(f"no such part of a subject: {self!r}")

    @property
    def note(self) -> Self:
        """Return the subject of the notes about the same thing."""
        return type(self)(self.kind, self.id, is_note=True)

    def pack(self) -> str:
        """Return the text to store in a column."""
        tail = _NOTE if self.is_note else self.message_id
        whole = f"{self.kind}:{self.id}"
        return whole if tail is None else f"{whole}:{tail}"

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return the value that was packed; None for anything else.

        A row written by another version must not block the rows beside it: it is delivered as a
        message without a subject.
        """
        match = _PACKED.fullmatch(text or "")
        if match is None:
            return None
        if any(int(digits) > _LARGEST_ID for digits in _DIGITS.findall(match[0])):
            return None
        tail = match[3]
        message_id = None if tail in (None, _NOTE) else int(tail)
        try:
            return cls(Kind(match[1]), int(match[2]), message_id, tail == _NOTE)
        except ValueError:
            return None


def is_of(*kinds: Kind) -> ColumnElement[bool]:
    """Select the outbox rows whose subject is of these kinds."""
    return or_(*(outbox.c.about.startswith(f"{kind}:") for kind in kinds))


def tells_of(kind: Kind, ids: Collection[int]) -> ColumnElement[bool]:
    """Select the outbox rows about these things, notes and single messages included.

    It takes two parameters per interest, and three per conversation, whose messages are matched by
    a prefix.
    """
    wholes = [Subject(kind, id_) for id_ in ids]
    if kind not in {Kind.INTEREST, Kind.HANDOFF, Kind.EXCHANGE}:
        return outbox.c.about.in_([whole.pack() for whole in wholes])
    is_named = outbox.c.about.in_([part.pack() for whole in wholes for part in (whole, whole.note)])
    if kind is Kind.INTEREST:
        return is_named
    return or_(is_named, *(outbox.c.about.startswith(f"{whole.pack()}:") for whole in wholes))


def is_note_on(kind: Kind, id_: ColumnElement[int]) -> ColumnElement[bool]:
    """Select the outbox rows that are notes on a thing whose id is in a column."""
    return outbox.c.about == _whole(kind, id_) + literal(f":{_NOTE}")


def is_part_of(kind: Kind, id_: ColumnElement[int]) -> ColumnElement[bool]:
    """Select the notes and single messages about a conversation whose id is in a column."""
    return outbox.c.about.startswith(_whole(kind, id_) + literal(":"))


def _whole(kind: Kind, id_: ColumnElement[int]) -> ColumnElement[str]:
    return literal(f"{kind}:") + cast(id_, String)
