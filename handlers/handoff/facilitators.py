"""Facilitators in conversations: reply, correct a reply, close, reopen, sign."""

from dataclasses import dataclass

from telegram import Message, Update
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.core.authority import Authority, requires
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import person
from handlers.handoff.threads import (
    LONGEST,
    CloseThread,
    InThread,
    ReopenThread,
    Threads,
    number_replied_to,
)
from handlers.messages import Catalogue
from knowledge.text.length import units
from storage.engine.errors import NotFoundError
from storage.queues.outbox import Audience, Delivery
from storage.records.conversation_values import Conversation, Ended, NewMessage, Side

TEXT = Catalogue.of("handoff")


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """Why a reply is not passed on; ``name`` is the message that says so."""

    name: str
    length: int = 0


def threads_of(turn: Turn) -> Threads:
    """Return the threads in the unit of work of this turn."""
    return Threads(turn.work, turn.services.identity.operator)


@requires(Authority.FACILITATORS)
async def hear_reply(update: Update, context: BotContext) -> None:
    """Pass a reply on to the person; if that is impossible, say so to the author."""
    if update.message:
        await pass_on(context.turn, update.message)


async def pass_on(turn: Turn, message: Message) -> None:
    """Pass a facilitator's message on to the person whose thread it replies in."""
    number = number_replied_to(message)
    conversation = await turn.work.conversations.by_number(number) if number else None
    if conversation is None:
        turn.say(TEXT("unknown", number=number), reply_to=message.message_id)
        return
    refusal = _refusal(conversation, message)
    if refusal is None:
        await _relay(turn, conversation, message)
        return
    closed = conversation.closed_at is not None
    threads_of(turn).note(
        conversation,
        TEXT(refusal.name, conversation=conversation, length=refusal.length, longest=LONGEST),
        reply_to=Delivery(message.chat.id, message.message_id),
        keyboard=column([button(TEXT.label("reopen"), ReopenThread(conversation.id))])
        if closed
        else None,
    )


def _refusal(conversation: Conversation, message: Message) -> RefusedReply | None:
    if conversation.closed_at is not None:
        return RefusedReply("thread_closed")
    if not message.text:
        return RefusedReply("text_only")
    if message.text.startswith("/"):
        return RefusedReply("not_a_command")
    length = units(message.text)
    return RefusedReply("reply_too_long", length) if length > LONGEST else None


async def _relay(turn: Turn, conversation: Conversation, message: Message) -> None:
    new = NewMessage(
        conversation_id=conversation.id,
        side=Side.FACILITATORS,
        text=message.text or "",
        chat_id=message.chat.id,
        message_id=message.message_id,
        author_id=turn.user.id,
        signature=await _signature(turn, message),
    )
    sent = await turn.work.conversations.say(new)
    await threads_of(turn).pass_on(conversation, sent)


async def _signature(turn: Turn, message: Message) -> str | None:
    """Return the facilitator's name if they chose to sign."""
    # An anonymous administrator of the group writes as the group and has no name to sign with.
    signs = message.sender_chat is None and await turn.work.conversations.signs(turn.user.id)
    return turn.user.full_name if signs else None


@requires(Authority.ANYONE)
async def correct(update: Update, context: BotContext) -> None:
    """Relay the edit of a message that was passed on from this chat, as an edit.

    A reply that was refused before its edit is passed on if it is now acceptable.
    """
    turn, message = context.turn, update.edited_message
    if message is None or not message.text:
        return
    sent = await turn.work.conversations.typed_as(message.chat.id, message.message_id)
    if sent is None:
        if await _is_late_reply(turn, message):
            await pass_on(turn, message)
        return
    conversation = await turn.work.conversations.get(sent.conversation_id)
    if conversation is None or sent.text == message.text:
        return
    if units(message.text) > LONGEST:
        _refuse_correction(turn, conversation, message)
        return
    arrived = await turn.work.outbox.delivery(sent.about) is not None
    sent = await turn.work.conversations.correct(sent.id, message.text, stale=not arrived)
    await threads_of(turn).correct(conversation, sent)


async def _is_late_reply(turn: Turn, message: Message) -> bool:
    group = turn.services.facilitator_chat_id
    is_group = group is not None and await turn.work.outbox.current_chat(group) == message.chat.id
    return is_group and number_replied_to(message) is not None


def _refuse_correction(turn: Turn, conversation: Conversation, message: Message) -> None:
    words = TEXT(
        "reply_too_long",
        conversation=conversation,
        length=units(message.text or ""),
        longest=LONGEST,
    )
    turn.say(words, reply_to=message.message_id)


@requires(Authority.FACILITATORS)
async def close(update: Update, context: BotContext) -> None:
    """Close a conversation, once if two facilitators tap; tell the person if they know of it."""
    turn = context.turn
    try:
        ended = await turn.work.conversations.close(
            CloseThread.of(update).conversation_id, turn.user.id, turn.user.full_name
        )
    except NotFoundError:
        turn.rewrite(TEXT("erased", number=None))
        return
    is_known = await _is_known(turn, ended.conversation)
    if ended.won and is_known:
        offered = person.offer(turn)
        text = TEXT("person_closed", conversation=ended.conversation, offered=bool(offered))
        keyboard = column(offered) if offered else None
        await threads_of(turn).tell_person(ended.conversation, text, keyboard)
    await _show(turn, ended, "closed_toast" if is_known else "closed_quietly_toast")


async def _is_known(turn: Turn, conversation: Conversation) -> bool:
    """Tell whether the person knows of the conversation: they began it or got a message."""
    if conversation.opened_by is Side.PERSON:
        return True
    messages = await turn.work.conversations.messages(conversation.id)
    return any(message.side is Side.FACILITATORS for message in messages)


@requires(Authority.FACILITATORS)
async def reopen(update: Update, context: BotContext) -> None:
    """Reopen a closed conversation; the person is not told: the next reply shows it."""
    turn = context.turn
    try:
        ended = await turn.work.conversations.reopen(ReopenThread.of(update).conversation_id)
    except NotFoundError:
        turn.rewrite(TEXT("erased", number=None))
        return
    await _show(turn, ended, "reopened_toast")


async def _show(turn: Turn, ended: Ended, done: str) -> None:
    conversation = ended.conversation
    turn.toast(TEXT.label(done if ended.won else "too_late", conversation=conversation))
    if ended.won:
        await threads_of(turn).refresh(conversation)
    query, card = turn.update.callback_query, await turn.work.outbox.delivery(conversation.about)
    if query and query.message and card:
        tapped = Delivery(query.message.chat.id, query.message.message_id)
        if tapped != card:
            turn.remove_buttons()


@requires(Authority.FACILITATORS)
async def switch_signature(update: Update, context: BotContext) -> None:
    """Turn the signature of this facilitator's replies on or off."""
    turn = context.turn
    if update.message and update.message.sender_chat is not None:
        turn.say(TEXT("signature_needs_name"))
        return
    signs = await turn.work.conversations.switch_signature(turn.user.id)
    turn.say(TEXT("signature_on" if signs else "signature_off", name=turn.user.full_name))


async def follow_group(turn: Turn, new_chat_id: int) -> None:
    """Post the cards of open conversations again after the facilitators' group moved."""
    group = turn.services.facilitator_chat_id
    if group is None or await turn.work.outbox.current_chat(group) != new_chat_id:
        return
    unfinished = await turn.work.conversations.unfinished()
    if unfinished:
        turn.notify(Audience.FACILITATORS, TEXT("moved", count=len(unfinished)))
    for conversation in unfinished:
        await threads_of(turn).post_question(conversation)


_GROUP_REPLY = on.UpdateType.MESSAGE & on.ChatType.GROUPS & InThread()
HANDLERS: tuple[Handler, ...] = (
    command("signature", switch_signature),
    tap(CloseThread, close),
    tap(ReopenThread, reopen),
    MessageHandler(_GROUP_REPLY, hear_reply),
    MessageHandler(on.UpdateType.EDITED_MESSAGE, correct),
)
