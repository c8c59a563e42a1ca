"""Handing a request over to a named colleague of the administrators."""

from dataclasses import dataclass

from telegram import Update

from handlers.administration.drawing import show, standing
from handlers.administration.making import make, may
from handlers.administration.meeting import for_administrators, who
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.requests.notification import TEXT
from handlers.requests.request_buttons import back
from storage.records.colleagues import Colleague
from storage.records.interests import Actor, EventKind, Interest, Particulars, Party

# A phone shows as many without scrolling; a team is seldom larger.
_MOST = 8


@dataclass(frozen=True)
class HandTo(CallbackData, prefix="ah"):
    """Hand a request over to this colleague, by Telegram's id."""

    interest_id: int
    colleague_id: int


async def ask_colleague(turn: Turn, interest: Interest) -> None:
    """Ask to whom a request is handed over: anybody whom the bot has met, but its owner."""
    known = await turn.work.colleagues.latest(_MOST + 1)
    others = [each for each in known if each.telegram_id != interest.owner_id][:_MOST]
    named = [button(_label(turn, each), HandTo(interest.id, each.telegram_id)) for each in others]
    question = TEXT("ask_hand_over" if others else "ask_hand_over_nobody")
    await show(turn, interest, column([*named, back(interest)]), question=question)


def _label(turn: Turn, colleague: Colleague) -> str:
    is_self = colleague.telegram_id == turn.user.id
    return TEXT.label("hand_over_me", name=colleague.name) if is_self else colleague.name


@for_administrators
async def hand_over(update: Update, context: BotContext) -> None:
    """Hand a request over, and name the colleague in the group, so that they are notified."""
    turn, choice = context.turn, HandTo.of(update)
    interest = await standing(turn, choice.interest_id)
    if interest is None or not await may(turn, interest, EventKind.HAND_OVER):
        return
    colleague = await turn.work.colleagues.get(choice.colleague_id)
    if colleague is None:
        turn.toast(TEXT.label("colleague_unknown"), alert=True)
        return
    owner = Actor(Party.ADMINISTRATOR, colleague.telegram_id, colleague.name)
    particulars = Particulars(owner=owner, note=colleague.name)
    moved = await make(EventKind.HAND_OVER, update, turn, interest.id, particulars)
    if moved is not None:
        by = who(turn)
        text = TEXT("handed_over", interest=moved, by=by.name, by_id=by.id)
        turn.say(text, reply_to=turn.message_id, about=moved.about_note)


HANDLERS: tuple[Handler, ...] = (tap(HandTo, hand_over),)
