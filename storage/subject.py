"""What a row of the outbox, or a change that is asked for, is about: a value, kept as text."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sqlalchemy import ColumnElement, or_

from storage.engine.schema import outbox

_NOTE = "note"
# As `pack` writes numbers: no leading zero, and at most the digits of a 64-bit id.
_NUMBER = "0|[1-9][0-9]{0,18}"


class Kind(StrEnum):
    """The sorts of things that are told of."""

    INTEREST = "interest"
    HANDOFF = "handoff"
    GAP = "gap"


_PACKED = re.compile(rf"({'|'.join(Kind)}):({_NUMBER})(?::({_NUMBER}|{_NOTE}))?")


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is told of, by its kind and its id.

    `message_id` is one of our messages of a conversation; `is_note` marks what is said beside the
    one message that is kept up to date.
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
            Kind.GAP: self.message_id is None and not self.is_note,
        }
        if not allowed[self.kind]:
            raise ValueError(f"no such part of a subject: {self!r}")

    @property
    def note(self) -> Self:
        """Return what else is said of the same thing."""
        return type(self)(self.kind, self.id, is_note=True)

    def pack(self) -> str:
        """Return the text that a column keeps."""
        tail = _NOTE if self.is_note else self.message_id
        whole = f"{self.kind}:{self.id}"
        return whole if tail is None else f"{whole}:{tail}"

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return the value that was packed; None for anything else.

        A row of another version must not keep the rows beside it from being sent: it is delivered
        all the same, and nothing follows from it.
        """
        found = _PACKED.fullmatch(text or "")
        if found is None:
            return None
        tail = found[3]
        message_id = None if tail in (None, _NOTE) else int(tail)
        try:
            return cls(Kind(found[1]), int(found[2]), message_id, tail == _NOTE)
        except ValueError:
            return None


def is_of(*kinds: Kind) -> ColumnElement[bool]:
    """Choose the rows of the outbox that tell of something of these kinds."""
    return or_(*(outbox.c.about.startswith(f"{kind}:") for kind in kinds))


def tells_of(kind: Kind, ids: Collection[int]) -> ColumnElement[bool]:
    """Choose the rows of the outbox that tell of these things, whichever part of them.

    Two parameters an interest; three a conversation, whose messages are not known by name.
    """
    wholes = [Subject(kind, one) for one in ids]
    if kind is Kind.GAP:
        return outbox.c.about.in_([whole.pack() for whole in wholes])
    named = outbox.c.about.in_([one.pack() for whole in wholes for one in (whole, whole.note)])
    if kind is Kind.INTEREST:
        return named
    return or_(named, *(outbox.c.about.startswith(f"{whole.pack()}:") for whole in wholes))
