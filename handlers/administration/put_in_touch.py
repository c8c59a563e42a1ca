"""Putting a firm and a lead in touch: confirmed once, told to the firm."""

from dataclasses import dataclass

from telegram import Update

from handlers.administration.drawing import show, standing
from handlers.administration.making import make, may
from handlers.administration.meeting import for_administrators
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import PutInTouch, back
from storage.records.interests import EventKind


@dataclass(frozen=True)
class ConfirmInTouch(CallbackData, prefix="aj"):
    """The two are in touch."""

    interest_id: int


@for_administrators
async def ask_in_touch(update: Update, context: BotContext) -> None:
    """Ask whether the two are in touch."""
    turn = context.turn
    interest = await standing(turn, PutInTouch.of(update).interest_id)
    if interest is None or not await may(turn, interest, EventKind.INTRODUCE):
        return
    sure = button(TEXT.label("introduce_sure"), ConfirmInTouch(interest.id))
    question = TEXT("ask_introduce")
    await show(turn, interest, column([sure, back(interest)]), question=question)


@for_administrators
async def put_in_touch(update: Update, context: BotContext) -> None:
    """Record that the two are in touch, and tell the firm."""
    interest_id = ConfirmInTouch.of(update).interest_id
    await make(EventKind.INTRODUCE, update, context.turn, interest_id)


HANDLERS: tuple[Handler, ...] = (
    tap(PutInTouch, ask_in_touch),
    tap(ConfirmInTouch, put_in_touch),
)
