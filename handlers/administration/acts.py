"""What administrators do with a request by one tap: see it, take it in charge, put it back."""

from telegram import Update

from handlers.administration import private_details
from handlers.administration.drawing import redraw, show, standing
from handlers.administration.making import make
from handlers.administration.meeting import for_administrators
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import (
    ExplainNote,
    ShowDetails,
    ShowFirst,
    ShowMore,
    TakeCharge,
    UndoCharge,
    more_buttons,
)
from storage.records.interests import EventKind, Interest, Status


@for_administrators
async def show_details(update: Update, context: BotContext) -> None:
    """Show or hide the contact: in the notification itself, or in private to whoever asks."""
    turn, choice = context.turn, ShowDetails.of(update)
    interest = await standing(turn, choice.interest_id)
    if interest is None:
        return
    if interest.status is Status.WITHDRAWN:
        turn.toast(TEXT.label("no_details_toast", interest=interest))
    elif choice.shown and turn.services.details_in_private:
        await private_details.send(turn, interest)
        return
    await redraw(turn, interest, details=choice.shown)


@for_administrators
async def take_charge(update: Update, context: BotContext) -> None:
    """Take a request in charge; if two administrators tap, the second is told who was first."""
    await make(EventKind.TAKE, update, context.turn, TakeCharge.of(update).interest_id)


@for_administrators
async def undo_charge(update: Update, context: BotContext) -> None:
    """Put a request back after a mistake: it waits for an administrator again."""
    await make(EventKind.RETURN, update, context.turn, UndoCharge.of(update).interest_id)


@for_administrators
async def show_more(update: Update, context: BotContext) -> None:
    """Offer what is done less often."""
    turn, choice = context.turn, ShowMore.of(update)
    interest = await standing(turn, choice.interest_id)
    if interest is None:
        return
    if interest.status is Status.WITHDRAWN:
        await _show_withdrawn(turn, interest)
        return
    keyboard = more_buttons(interest, details=choice.details)
    await show(turn, interest, keyboard, details=choice.details)


@for_administrators
async def show_first(update: Update, context: BotContext) -> None:
    """Go back to what is offered at once."""
    turn, choice = context.turn, ShowFirst.of(update)
    interest = await standing(turn, choice.interest_id)
    if interest is not None and interest.status is Status.WITHDRAWN:
        await _show_withdrawn(turn, interest)
    elif interest is not None:
        await redraw(turn, interest, details=choice.details)


async def _show_withdrawn(turn: Turn, interest: Interest) -> None:
    """Say that nothing is left to do: the message may show it already, and would not change."""
    turn.toast(TEXT.label("withdrawn_toast", interest=interest), alert=True)
    await redraw(turn, interest)


@for_administrators
async def explain_note(_update: Update, context: BotContext) -> None:
    """Say how a note or a message is written: by a reply, which the bot reads in any group."""
    context.turn.toast(TEXT.label("note_how"), alert=True)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowDetails, show_details),
    tap(TakeCharge, take_charge),
    tap(UndoCharge, undo_charge),
    tap(ShowMore, show_more),
    tap(ShowFirst, show_first),
    tap(ExplainNote, explain_note),
)
