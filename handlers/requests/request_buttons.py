"""The buttons under a request in the administrators' group: what may be done, from the table.

The first row shows what is most often next; the others wait behind one button, so that a phone
shows the text too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.messages import Catalogue
from handlers.requests import team_notes
from handlers.requests.introduction_buttons import CalledBack, PutInTouch, ShowLeadsSought
from storage.records.interests import OPEN, EventKind, Interest, Party, Role, Status
from storage.records.lifecycle import Move, Required, moves_from

TEXT, INTRODUCTION = Catalogue.of("administration"), Catalogue.of("introduction")
LEADS = Catalogue.of("leads_sought")
# The moves that are offered at once: those that come next, and the way back after a mistake.
_AT_ONCE = {
    Status.RECEIVED: (EventKind.TAKE,),
    Status.TAKEN: (EventKind.INTRODUCE, EventKind.RETURN),
    Status.INTRODUCED: (EventKind.CLOSE,),
    Status.CLOSED: (EventKind.REOPEN,),
    Status.REFUSED: (EventKind.REOPEN,),
}


@dataclass(frozen=True)
class ShowDetails(CallbackData, prefix="ad"):
    """Show or hide the contact in the notification."""

    interest_id: int
    shown: bool


@dataclass(frozen=True)
class TakeCharge(CallbackData, prefix="at"):
    """Take a request in charge."""

    interest_id: int


@dataclass(frozen=True)
class UndoCharge(CallbackData, prefix="au"):
    """Put a request back that was taken in charge."""

    interest_id: int


@dataclass(frozen=True)
class AskMove(CallbackData, prefix="aq"):
    """Ask what a move needs to know before it is made."""

    interest_id: int
    kind: EventKind


@dataclass(frozen=True)
class ShowMore(CallbackData, prefix="am"):
    """The moves that are not offered at once; ``details``: the contact is shown, and stays."""

    interest_id: int
    details: bool = False


@dataclass(frozen=True)
class ShowFirst(CallbackData, prefix="ab"):
    """Back to what is offered at once."""

    interest_id: int
    details: bool = False


@dataclass(frozen=True)
class ShowHistory(CallbackData, prefix="ay"):
    """What has happened to a request, a page at a time; -1 is the last page."""

    interest_id: int
    page: int = -1


@dataclass(frozen=True)
class ExplainNote(CallbackData, prefix="an"):
    """How to leave a note, or write to the firm: by a reply."""

    interest_id: int


def tap_of(move: Move, interest: Interest) -> CallbackData:
    """Return what the button of a move does: the move itself, or a question first."""
    if move.kind is EventKind.TAKE:
        return TakeCharge(interest.id)
    if move.kind is EventKind.INTRODUCE:
        return PutInTouch(interest.id)
    if move.asks is Required.NOTHING:
        return UndoCharge(interest.id)
    return AskMove(interest.id, move.kind)


def first_buttons(interest: Interest, *, details: bool) -> Keyboard | None:
    """Return the buttons of a request; None where nothing can be done any more."""
    buttons = list(_first(interest, details=details))
    return column(buttons) if buttons else None


def more_buttons(interest: Interest, *, details: bool) -> Keyboard:
    """Return the buttons of what is done less often."""
    at_once = _AT_ONCE.get(interest.status, ())
    rest = [move for move in _moves(interest) if move.kind not in at_once]
    return column(
        [
            *(_button(move, interest) for move in rest),
            button(TEXT.label("history_button"), ShowHistory(interest.id)),
            *(team_notes.write_buttons(interest) or [_note_button(interest)]),
            back(interest, details=details),
        ]
    )


def _note_button(interest: Interest) -> Button:
    return button(TEXT.label("note_button"), ExplainNote(interest.id))


def back(interest: Interest, *, details: bool = False) -> Button:
    """Return the button back to what is offered at once."""
    return button(TEXT.label("back"), ShowFirst(interest.id, details))


def _first(interest: Interest, *, details: bool) -> Iterator[Button]:
    if interest.status is Status.WITHDRAWN:
        return
    label = "hide_details" if details else "details"
    yield button(TEXT.label(label), ShowDetails(interest.id, shown=not details))
    if interest.role is Role.LEAD and interest.status in OPEN:
        yield button(LEADS.label("leads_sought"), ShowLeadsSought(interest.id))
    at_once = _AT_ONCE.get(interest.status, ())
    yield from (_button(move, interest) for move in _moves(interest) if move.kind in at_once)
    yield button(TEXT.label("more"), ShowMore(interest.id, details))


def _moves(interest: Interest) -> tuple[Move, ...]:
    moves = moves_from(interest.status, Party.ADMINISTRATOR)
    at_once = _AT_ONCE.get(interest.status, ())
    # What comes next stands first, the way back under it.
    order = {kind: place for place, kind in enumerate(at_once)}
    return tuple(sorted(moves, key=lambda move: order.get(move.kind, len(order))))


def _button(move: Move, interest: Interest) -> Button:
    if move.kind is EventKind.INTRODUCE and interest.role is Role.CALL_BACK:
        # Nobody else is needed: it was done, and the request is closed.
        return button(INTRODUCTION.label("called_back"), CalledBack(interest.id))
    return button(TEXT.label(f"move_{move.kind}"), tap_of(move, interest))
