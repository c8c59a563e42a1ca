"""The life of a request: its statuses, and the one table of the moves between them.

Buttons, messages, exports, figures and the diagram of ``docs/architecture.md`` derive from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    TAKEN = "taken"
    INTRODUCED = "introduced"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({Status.RECEIVED, Status.TAKEN, Status.INTRODUCED})


class Ending(StrEnum):
    """What a closed request led to."""

    SUCCESS = "success"
    NOTHING = "nothing"


class Reason(StrEnum):
    """Why a request was refused; the words are in ``handlers/messages/administration.yaml``."""

    OUT_OF_SCOPE = "out_of_scope"
    PROJECT_FULL = "project_full"
    WRONG_PLACE = "wrong_place"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Helped(StrEnum):
    """What the firm says of the contact, when asked after it was put in touch."""

    HELPED = "helped"
    NO_USE = "no_use"
    NO_CONTACT = "no_contact"


class EventKind(StrEnum):
    """What an event of the history is: a move, or something that leaves the status as it is."""

    DECLARE = "declare"
    TAKE = "take"
    HAND_OVER = "hand_over"
    RETURN = "return"
    INTRODUCE = "introduce"
    CLOSE = "close"
    REFUSE = "refuse"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    DECLARE_AGAIN = "declare_again"
    # No moves: the person's changed answers; a note of the team; a message each way; a reminder
    # sent; what the person says of the contact; the person's own reminder of the team.
    CHANGED = "changed"
    NOTE = "note"
    TO_FIRM = "to_firm"
    FROM_FIRM = "from_firm"
    REMINDED = "reminded"
    FEEDBACK = "feedback"
    RELAUNCHED = "relaunched"


class Party(StrEnum):
    """Who makes a move: the firm, an administrator, or the clock when a wait has ended."""

    FIRM = "firm"
    ADMINISTRATOR = "administrator"
    CLOCK = "clock"


class Required(StrEnum):
    """What must be answered before a move is made."""

    NOTHING = "nothing"
    CONFIRMATION = "confirmation"
    OUTCOME = "outcome"
    REASON = "reason"
    COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move; ``target`` None leaves the status as it is.

    ``tells_firm``: the firm is told, in the words ``told_<kind>`` of the administration's messages.
    """

    kind: EventKind
    sources: frozenset[Status]
    target: Status | None
    by: frozenset[Party]
    asks: Required = Required.NOTHING
    tells_firm: bool = True

    def leads_to(self, before: Status) -> Status:
        """Return the status after this move."""
        return self.target or before


def _table(moves: Iterable[Move]) -> Mapping[EventKind, Move]:
    return MappingProxyType({move.kind: move for move in moves})


_FIRM, _TEAM = frozenset({Party.FIRM}), frozenset({Party.ADMINISTRATOR})
_RECEIVED, _TAKEN = frozenset({Status.RECEIVED}), frozenset({Status.TAKEN})
_IN_HAND = frozenset({Status.TAKEN, Status.INTRODUCED})

MOVES = _table(
    (
        Move(EventKind.DECLARE, frozenset(), Status.RECEIVED, _FIRM, tells_firm=False),
        Move(EventKind.TAKE, _RECEIVED, Status.TAKEN, _TEAM),
        Move(EventKind.HAND_OVER, _IN_HAND, None, _TEAM, Required.COLLEAGUE, tells_firm=False),
        Move(EventKind.RETURN, _TAKEN, Status.RECEIVED, _TEAM | {Party.CLOCK}),
        Move(EventKind.INTRODUCE, _TAKEN, Status.INTRODUCED, _TEAM, Required.CONFIRMATION),
        Move(EventKind.CLOSE, _IN_HAND, Status.CLOSED, _TEAM, Required.OUTCOME),
        Move(EventKind.REFUSE, _RECEIVED | _TAKEN, Status.REFUSED, _TEAM, Required.REASON),
        Move(
            EventKind.REOPEN,
            frozenset({Status.CLOSED, Status.REFUSED}),
            Status.TAKEN,
            _TEAM,
            Required.CONFIRMATION,
        ),
        Move(
            EventKind.WITHDRAW,
            OPEN,
            Status.WITHDRAWN,
            _FIRM,
            Required.CONFIRMATION,
            tells_firm=False,
        ),
        Move(
            EventKind.DECLARE_AGAIN,
            frozenset({Status.WITHDRAWN}),
            Status.RECEIVED,
            _FIRM,
            tells_firm=False,
        ),
    )
)


def moves_from(status: Status, side: Party) -> tuple[Move, ...]:
    """Return what this side may do with a request that stands so, in the order of the table."""
    return tuple(move for move in MOVES.values() if status in move.sources and side in move.by)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a move; of an administrator, Telegram's id and the name shown."""

    side: Party
    id: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What goes with a move: what was answered to what it asked, and a note of the team.

    ``owner`` is who has the request in charge afterwards: by default who takes or reopens it.
    """

    note: str | None = None
    owner: Actor | None = None
    outcome: Ending | None = None
    reason: Reason | None = None


NO_PARTICULARS = Particulars()
FIRM, CLOCK = Actor(Party.FIRM), Actor(Party.CLOCK)
