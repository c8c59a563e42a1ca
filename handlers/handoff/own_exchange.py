"""A question that the person handed over: where it stands, and the ways on."""

from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListRequests, with_person
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.handoff import person, recap
from handlers.handoff.threads import ReplyTo
from handlers.messages import Catalogue
from storage.records.conversation_values import Conversation, Message, Side

TEXT = Catalogue.of("handoff")


@dataclass(frozen=True)
class ShowExchange(CallbackData, prefix="rq"):
    """One of the questions that the person handed over."""

    conversation_id: int


@dataclass(frozen=True)
class HandOverAgain(CallbackData, prefix="qn"):
    """Hand over the question of a closed exchange once more."""

    conversation_id: int


@requires(Authority.PERSON)
async def show_exchange(update: Update, context: BotContext) -> None:
    """Show one question that was handed over, its last reply, and what can be done."""
    conversation = await _own(context.turn, ShowExchange.of(update).conversation_id)
    if conversation is not None:
        await show(context.turn, conversation)


async def show(turn: Turn, conversation: Conversation) -> None:
    """Show where an exchange of this person stands."""
    reply = await turn.work.conversations.last_reply(conversation.id)
    turn.say(
        TEXT("own_card", conversation=conversation, reply=reply),
        with_person(column(_ways_on(turn, conversation, reply))),
        # A reply to this message goes into the exchange that it shows.
        about=conversation.about_note,
    )


def _ways_on(turn: Turn, conversation: Conversation, reply: Message | None) -> list[Button]:
    ways = [button(TEXT.label("all_requests"), ListRequests())]
    if conversation.closed_at is None:
        label = "answer_back" if reply else "add_message"
        return [button(TEXT.label(label), ReplyTo(conversation.id)), *ways]
    if person.is_offered(turn):
        return [button(TEXT.label("hand_over_again"), HandOverAgain(conversation.id)), *ways]
    return ways


def is_known(conversation: Conversation, *, is_replied_to: bool) -> bool:
    """Tell whether the person knows of an exchange: they began it, or got a message.

    One about a request is part of that request, and no more than that.
    """
    if conversation.interest_id is not None:
        return False
    return conversation.opened_by is Side.PERSON or is_replied_to


async def _own(turn: Turn, conversation_id: int) -> Conversation | None:
    conversation = await turn.work.conversations.get(conversation_id)
    if conversation is None or conversation.person_id != (await turn.person()).id:
        turn.toast(TEXT.label("gone_toast"), alert=True)
        return None
    return conversation


@requires(Authority.PERSON)
async def begin_again(update: Update, context: BotContext) -> None:
    """Show the question of a closed exchange as it would be sent once more."""
    turn = context.turn
    conversation = await _own(turn, HandOverAgain.of(update).conversation_id)
    if conversation is None:
        return
    if conversation.closed_at is None:
        await show(turn, conversation)
    elif await person.may_open(turn):
        answers = {"text": conversation.text}
        await engine.reopen(turn, person.FORM, recap.UNWRITTEN, answers)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowExchange, show_exchange),
    tap(HandOverAgain, begin_again),
)
