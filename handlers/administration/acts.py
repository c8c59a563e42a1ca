"""What administrators do with a request by a tap: see its details, move it."""

from datetime import timedelta

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.requests import moves, notification
from handlers.requests.notification import TEXT, ShowDetails, TakeCharge, UndoCharge
from storage.records.interests import Actor, EventKind, Interest, Moved, Side, Status
from storage.records.lifecycle import MOVES

# "Take" and "undo" replace each other in the same place, so a double tap would hit both: the
# second one is ignored for this long.
_SLIP = timedelta(seconds=5)


def who(turn: Turn) -> Actor:
    """Return the administrator behind this turn."""
    return Actor(Side.ADMINISTRATOR, turn.user.id, turn.user.full_name)


@requires(Authority.ADMINISTRATORS)
async def show_details(update: Update, context: BotContext) -> None:
    """Show or hide the contact, in the notification itself."""
    turn, choice = context.turn, ShowDetails.of(update)
    interest = await turn.work.interests.get(choice.interest_id)
    if interest is None or interest.is_anonymous:
        turn.rewrite(TEXT("erased", number=interest.number if interest else None))
        return
    shown = choice.shown and interest.status is not Status.WITHDRAWN
    if interest.status is Status.WITHDRAWN:
        turn.toast(TEXT.label("no_details_toast", interest=interest))
    await _rewrite(turn, interest, details=shown)


@requires(Authority.ADMINISTRATORS)
async def take_charge(update: Update, context: BotContext) -> None:
    """Take a request in charge; if two administrators tap, the second is told who was first."""
    await _make(EventKind.TAKE, update, context.turn, TakeCharge.of(update).interest_id)


@requires(Authority.ADMINISTRATORS)
async def undo_charge(update: Update, context: BotContext) -> None:
    """Put a request back after a mistake: it waits for an administrator again."""
    await _make(EventKind.RETURN, update, context.turn, UndoCharge.of(update).interest_id)


async def _make(kind: EventKind, update: Update, turn: Turn, interest_id: int) -> None:
    """Make a move unless this is a double tap; tell the administrator what came of it."""
    if await _slips(turn, interest_id, kind):
        turn.toast(TEXT.label(f"slip_{kind}"))
        return
    if not await caps.allows(turn, caps.MOVES, interest_id):
        return
    moved = await _moved(turn, interest_id, kind)
    if moved is None:
        return
    if moved.won:
        turn.toast(TEXT.label(f"done_{kind}", interest=moved.interest))
    else:
        turn.toast(await _why_not(turn, moved.interest, kind), alert=True)
    await _rewrite(turn, moved.interest, details=_shows_details(update, moved.interest))


async def _slips(turn: Turn, interest_id: int, kind: EventKind) -> bool:
    """Tell whether this administrator set the present status a few seconds ago."""
    events = await turn.work.interests.events(interest_id)
    last = events[-1] if events else None
    return (
        last is not None
        and last.status in MOVES[kind].sources
        and last.actor.id == turn.user.id
        and turn.work.now - last.at < _SLIP
    )


async def _moved(turn: Turn, interest_id: int, kind: EventKind) -> Moved | None:
    """Make a move in this administrator's name; say so if the request was erased."""
    interest = await turn.work.interests.get(interest_id)
    if interest is None or interest.is_anonymous:
        turn.rewrite(TEXT("erased", number=interest.number if interest else None))
        return None
    return await moves.make(turn.posting, interest_id, kind, who(turn))


async def _rewrite(turn: Turn, interest: Interest, *, details: bool) -> None:
    """Edit the tapped notification to show the status; keep the contact if it was shown."""
    shown = details and interest.status is not Status.WITHDRAWN
    turn.rewrite(
        await notification.text_of(turn.work, interest, details=shown),
        notification.keyboard_of(interest, details=shown),
        about=interest.about,
    )


def _shows_details(update: Update, interest: Interest) -> bool:
    """Tell whether the notification shows the contact: it then has the button to hide it."""
    message = update.effective_message
    markup = message.reply_markup if message else None
    hides = ShowDetails(interest.id, shown=False).pack()
    lines = markup.inline_keyboard if markup else ()
    return any(present.callback_data == hides for line in lines for present in line)


async def _why_not(turn: Turn, interest: Interest, kind: EventKind) -> str:
    """Return why a move was refused: the present status, and who was first."""
    taken = None
    if interest.status is Status.TAKEN:
        taken = await notification.taken(turn.work, interest)
    return TEXT.label(f"too_late_{kind}", interest=interest, taken=taken)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowDetails, show_details),
    tap(TakeCharge, take_charge),
    tap(UndoCharge, undo_charge),
)
