"""Moves that ask something first: what came of it, why not, whether it is meant.

Nothing is remembered between the taps: each button holds what was answered so far.
"""

from dataclasses import dataclass, replace

from telegram import Update

from handlers.administration.drawing import redraw, show, standing
from handlers.administration.handing_over import ask_colleague
from handlers.administration.making import make, may
from handlers.administration.meeting import for_administrators
from handlers.administration.refusal_words import TypeReason
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import ENGLISH, FRENCH
from handlers.requests import reach, telling
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import AskMove, back
from storage.records.interests import Ending, EventKind, Interest, Particulars, Reason
from storage.records.lifecycle import MOVES, Party, Required


@dataclass(frozen=True)
class Close(CallbackData, prefix="ac"):
    """Close a request: the first tap (``sure`` false) shows what the firm will read."""

    interest_id: int
    outcome: Ending
    sure: bool = False


@dataclass(frozen=True)
class Refuse(CallbackData, prefix="ar"):
    """Refuse a request for a reason of the list: the first tap shows what the firm will read."""

    interest_id: int
    reason: Reason
    sure: bool = False


@dataclass(frozen=True)
class Reopen(CallbackData, prefix="ao"):
    """Reopen a request that was closed or refused."""

    interest_id: int


@for_administrators
async def ask_move(update: Update, context: BotContext) -> None:
    """Ask what a move needs to know."""
    turn, choice = context.turn, AskMove.of(update)
    move = MOVES.get(choice.kind)
    interest = await standing(turn, choice.interest_id)
    if interest is None:
        return
    if move is None or Party.ADMINISTRATOR not in move.by:
        # No button of ours: whoever taps may send any string.
        await redraw(turn, interest)
        return
    if not await may(turn, interest, choice.kind):
        return
    if move.asks is Required.COLLEAGUE:
        await ask_colleague(turn, interest)
        return
    buttons = _ANSWERS.get(choice.kind)
    if buttons is not None:
        question = TEXT(f"ask_{choice.kind}", reach=await reach.of(turn.posting, interest))
        await show(turn, interest, buttons(interest), question=question)


def _outcomes(interest: Interest) -> Keyboard:
    ends = [
        button(TEXT.label(f"outcome_{outcome}"), Close(interest.id, outcome)) for outcome in Ending
    ]
    return column([*ends, back(interest)])


def _reasons(interest: Interest) -> Keyboard:
    listed = [
        button(TEXT.label(f"reason_{reason}"), Refuse(interest.id, reason))
        for reason in Reason
        if reason is not Reason.OTHER
    ]
    typed = button(TEXT.label("reason_other"), TypeReason(interest.id))
    return column([*listed, typed, back(interest)])


def _reopening(interest: Interest) -> Keyboard:
    return column([back(interest), button(TEXT.label("reopen_sure"), Reopen(interest.id))])


_ANSWERS = {
    EventKind.CLOSE: _outcomes,
    EventKind.REFUSE: _reasons,
    EventKind.REOPEN: _reopening,
}


_SURE = {EventKind.CLOSE: "close_sure", EventKind.REFUSE: "refuse_sure"}


@for_administrators
async def close_request(update: Update, context: BotContext) -> None:
    """Show what the firm will read, then close the request."""
    choice = Close.of(update)
    particulars = Particulars(outcome=choice.outcome)
    await _show_then_make(update, context.turn, EventKind.CLOSE, choice, particulars)


@for_administrators
async def refuse_request(update: Update, context: BotContext) -> None:
    """Show what the firm will read, then refuse the request."""
    choice = Refuse.of(update)
    particulars = Particulars(reason=choice.reason)
    await _show_then_make(update, context.turn, EventKind.REFUSE, choice, particulars)


async def _show_then_make(
    update: Update, turn: Turn, kind: EventKind, choice: Close | Refuse, particulars: Particulars
) -> None:
    if choice.sure:
        await make(kind, update, turn, choice.interest_id, particulars)
    else:
        await _show_words(turn, kind, replace(choice, sure=True), particulars)


async def _show_words(
    turn: Turn, kind: EventKind, sure: Close | Refuse, particulars: Particulars
) -> None:
    """Show the message that the firm will get, and ask whether it is to be sent."""
    interest = await standing(turn, sure.interest_id)
    if interest is None or not await may(turn, interest, kind):
        return
    person = await reach.person_of(turn.posting, interest)
    with reach.as_read(person, FRENCH):
        words = telling.text(turn.services, interest, kind, particulars)
    values = {
        "words": words,
        "in_english": person is not None and person.tongue.language == ENGLISH,
        "reach": await reach.of(turn.posting, interest),
    }
    question = TEXT(f"ask_{kind}_sure", interest=interest, **values)
    # The way back stands where the first tap was: a double tap sends nothing.
    keyboard = column([back(interest), button(TEXT.label(_SURE[kind]), sure)])
    await show(turn, interest, keyboard, question=question)


@for_administrators
async def reopen(update: Update, context: BotContext) -> None:
    """Reopen a request that was closed or refused."""
    await make(EventKind.REOPEN, update, context.turn, Reopen.of(update).interest_id)


HANDLERS: tuple[Handler, ...] = (
    tap(AskMove, ask_move),
    tap(Close, close_request),
    tap(Refuse, refuse_request),
    tap(Reopen, reopen),
)
