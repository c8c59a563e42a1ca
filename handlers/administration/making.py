"""Making a move for an administrator: once, however often they tap, and saying what came of it."""

from datetime import timedelta

from telegram import Update

from handlers.administration.drawing import redraw, shows_details, standing
from handlers.administration.meeting import who
from handlers.core import caps
from handlers.core.turn import Turn
from handlers.requests import moves, reach
from handlers.requests.notification import TEXT
from storage.records.interests import Event, EventKind, Interest, Particulars
from storage.records.lifecycle import MOVES, NO_PARTICULARS, Required

# "Take" and "undo" replace each other in the same place, so a double tap would hit both: the
# second one is ignored for this long.
_SLIP = timedelta(seconds=5)


async def make(
    kind: EventKind,
    update: Update,
    turn: Turn,
    interest_id: int,
    particulars: Particulars = NO_PARTICULARS,
) -> Interest | None:
    """Make a move unless this is a double tap, tell the administrator, and redraw the message.

    Returns the request where it has moved; None where it has not.
    """
    interest = await standing(turn, interest_id)
    if interest is None:
        return None
    if await _slips(turn, interest_id, kind):
        turn.toast(TEXT.label(f"slip_{kind}"))
        return None
    if not await caps.allows(turn, caps.MOVES, interest_id):
        return None
    moved = await moves.make(turn.posting, interest_id, kind, who(turn), particulars)
    if moved.won:
        reached = await reach.of(turn.posting, moved.interest)
        values = {"by_id": turn.user.id, "reach": reached}
        turn.toast(TEXT.label(f"done_{kind}", interest=moved.interest, **values))
    else:
        turn.toast(await why_not(turn, moved.interest, kind), alert=True)
    await redraw(turn, moved.interest, details=shows_details(update, moved.interest))
    return moved.interest if moved.won else None


async def may(turn: Turn, interest: Interest, kind: EventKind) -> bool:
    """Tell whether a move is legal now; if not, say why, and show how the request stands."""
    if interest.status in MOVES[kind].sources:
        return True
    turn.toast(await why_not(turn, interest, kind), alert=True)
    await redraw(turn, interest)
    return False


async def why_not(turn: Turn, interest: Interest, kind: EventKind) -> str:
    """Return why a move is not legal: the present status, and who was first."""
    last = await _last_move(turn, interest.id)
    said = TEXT.label("standing", interest=interest, last=last)
    handed = last is not None and last.kind is EventKind.HAND_OVER
    return TEXT.label(f"too_late_{kind}", interest=interest, standing=said, handed=handed)


async def _slips(turn: Turn, interest_id: int, kind: EventKind) -> bool:
    """Tell whether this administrator changed the request a few seconds ago by the same taps.

    What is asked first takes several taps, so that a move which follows it at once is meant; only
    the same one again is not.
    """
    last = await _last_move(turn, interest_id)
    if last is None or last.actor.id != turn.user.id or turn.work.now - last.at >= _SLIP:
        return False
    if MOVES[kind].asks is not Required.NOTHING:
        return last.kind is kind
    return MOVES[last.kind].asks is Required.NOTHING and last.status in MOVES[kind].sources


async def _last_move(turn: Turn, interest_id: int) -> Event | None:
    """Return the last event that is a move: a note leaves a request as it stands."""
    events = await turn.work.interests.events(interest_id)
    return next((event for event in reversed(events) if event.kind in MOVES), None)
