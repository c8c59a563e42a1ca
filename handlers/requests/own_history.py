"""The history of a request in words for the firm: all that happened, but the notes of the team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.core.keyboards import shorten
from handlers.messages import Catalogue, named
from handlers.requests import agreement, changes, standing
from storage.records.interests import Event, EventKind, Interest
from storage.records.lifecycle import MOVES

TEXT = Catalogue.of("requests")
# What the team keeps to itself.
HIDDEN = frozenset({EventKind.NOTE})
# A lively exchange has many events, and the card must stay readable on a phone.
_MOST, _LONGEST = 12, 150
# Of these, what was written is the firm's own, or was written to it.
_QUOTED = frozenset({EventKind.TO_FIRM, EventKind.FROM_FIRM, EventKind.FEEDBACK})


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One step: ``number`` counts all that the firm may read, from one; ``words`` are plain."""

    number: int
    at: datetime
    words: str


def lines(request: Interest, events: Sequence[Event]) -> list[HistoryLine]:
    """Return the last steps, oldest first."""
    shown = [event for event in events if event.kind not in HIDDEN]
    # The request says of its last end what an event of an earlier version does not hold.
    present = [e for e in events if e.kind in MOVES and MOVES[e.kind].target is request.status]
    numbered = [
        HistoryLine(number, event.at, _words(request, event, is_present=event in present[-1:]))
        for number, event in enumerate(shown, 1)
    ]
    return numbered[-_MOST:]


def _words(request: Interest, event: Event, *, is_present: bool) -> str:
    if event.kind is EventKind.CHANGED:
        return TEXT.label("event_changed", lines=changes.lines(event.changes))
    quoted = agreement.in_own_language(event.note or "") if event.kind in _QUOTED else ""
    note = shorten(quoted, _LONGEST) if quoted else ""
    said = event.changes[-1].after if event.kind is EventKind.FEEDBACK and event.changes else ""
    state = ""
    if event.outcome or event.reason:
        as_it_ended = replace(
            request, status=event.status, outcome=event.outcome, reason=event.reason
        )
        state = standing.state(as_it_ended, [event])
    elif is_present:
        state = standing.state(request, [event])
    return TEXT.label(f"event_{event.kind}", note=note, said=named(said, "helped"), state=state)
