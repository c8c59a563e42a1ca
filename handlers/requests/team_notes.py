"""Notes that the team keeps on a request, as its notification shows them; writing to the firm."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, button
from handlers.messages import Catalogue
from storage.records.interests import Event, EventKind, Interest, Status

TEXT = Catalogue.of("replies")
# So many notes are shown with the details, and so much of each; the message must stay readable.
_MOST, _LONGEST = 3, 300
_IN_HAND = frozenset({Status.TAKEN, Status.INTRODUCED})


@dataclass(frozen=True)
class WriteToFirm(CallbackData, prefix="yw"):
    """Post the message whose replies go to the firm."""

    interest_id: int


def shown(events: Sequence[Event], *, details: bool) -> str:
    """Return how many notes there are, with the last of them among the details; empty for none."""
    notes = [event for event in events if event.kind is EventKind.NOTE]
    last = notes[-_MOST:] if details else []
    return TEXT("notes", count=len(notes), shown=last, longest=_LONGEST) if notes else ""


def write_buttons(interest: Interest) -> list[Button]:
    """Return the button to write to the firm, for a request that somebody deals with."""
    if interest.status not in _IN_HAND:
        return []
    return [button(TEXT.label("write_to_firm"), WriteToFirm(interest.id))]
