"""Facilitators in conversations: reply, correct a reply, close, reopen, sign."""

from dataclasses import dataclass

from telegram import Message, Update

from handlers.core import caps, media, team
from handlers.core.authority import Authority, requires
from handlers.core.full_text import full_text
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import edits, person
from handlers.handoff.replied_to import RepliedTo, replied_to
from handlers.handoff.threads import (
    LONGEST,
    CloseThread,
    KeepOpen,
    ReopenThread,
    Threads,
)
from handlers.messages import Catalogue
from knowledge.text.length import units
from storage.engine.errors import NotFoundError
from storage.queues.outbox import Audience, Delivery
from storage.records.conversation_values import Conversation, Ended, NewMessage, Side

TEXT = Catalogue.of("handoff")
# What the question whether to close begins with, in the message that it was added to.
_QUESTION_MARK = "<b>La personne"


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """Why a reply is not passed on; ``name`` is the message that says so."""

    name: str
    length: int = 0


async def take_reply(turn: Turn, message: Message) -> bool:
    """Pass a reply on to the person, or say why not; False if it answers no exchange of ours."""
    quoted = await replied_to(turn, message)
    if quoted is None or quoted.of_request or not quoted.is_of_exchanges:
        return False
    if not await team.are_facilitators(turn, message.chat):
        # What is said in a group that was the facilitators' one goes to nobody any more.
        if quoted.conversation_id is not None:
            await _refuse(turn, message, "elsewhere")
        return quoted.conversation_id is not None
    conversation = await _exchange(turn, message, quoted)
    if conversation is not None:
        await _pass_on(turn, conversation, message)
    return True


async def _refuse(turn: Turn, message: Message, name: str, **values: object) -> None:
    """Say why a reply goes nowhere; the photos of an album are one reply."""
    if await media.deserves_a_word(turn):
        turn.say(TEXT(name, **values), reply_to=message.message_id)


async def _exchange(turn: Turn, message: Message, quoted: RepliedTo) -> Conversation | None:
    """Return the one exchange that a message was sent about; say so where there is none."""
    number = quoted.numbers[0] if len(quoted.numbers) == 1 else None
    if quoted.conversation_id is not None:
        conversation = await turn.work.conversations.get(quoted.conversation_id)
    elif number is None or await turn.work.conversations.by_number(number):
        await _refuse(turn, message, "which_exchange")
        return None
    else:
        conversation = None
    if conversation is None:
        await _refuse(turn, message, "unknown", number=number)
    return conversation


async def _pass_on(turn: Turn, conversation: Conversation, message: Message) -> None:
    refusal = _refusal(conversation, message)
    if refusal is None:
        if await relay(turn, conversation, message):
            await media.say_what_is_passed_on(turn)
        return
    if not await media.deserves_a_word(turn):
        return
    closed = conversation.closed_at is not None
    Threads.of(turn).note(
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
    if not (message.text or "").strip():
        return RefusedReply("text_only")
    if (message.text or "").startswith("/"):
        return RefusedReply("not_a_command")
    length = units(full_text(message))
    return RefusedReply("reply_too_long", length) if length > LONGEST else None


async def relay(turn: Turn, conversation: Conversation, message: Message) -> bool:
    """Pass what the team typed on to the person; False if there were too many in this exchange.

    Nobody signs what is about a request: administrators are named to nobody outside the team.
    """
    if not await caps.allows(turn, caps.REPLIES, conversation.id):
        return False
    await _let_write_again(turn, conversation)
    new = NewMessage(
        conversation_id=conversation.id,
        side=Side.FACILITATORS,
        text=full_text(message).strip(),
        chat_id=message.chat.id,
        message_id=message.message_id,
        author_id=message.from_user.id if message.from_user else None,
        signature=None if conversation.interest_id else await _signature(turn, message),
    )
    sent = await turn.work.conversations.say(new)
    await Threads.of(turn).pass_on(conversation, sent)
    return True


async def _let_write_again(turn: Turn, conversation: Conversation) -> None:
    """Lift the limits of the person's messages: somebody reads what they write."""
    await caps.forgive(turn, caps.UNANSWERED_MESSAGES, conversation.id)
    person = await turn.work.people.get(conversation.person_id)
    if person is not None:
        await caps.forgive(turn, caps.MESSAGES_TO_TEAM, person.telegram_id)


async def _signature(turn: Turn, message: Message) -> str | None:
    """Return the facilitator's name if they chose to sign."""
    # An anonymous administrator of the group writes as the group and has no name to sign with.
    signs = message.sender_chat is None and await turn.work.conversations.signs(turn.user.id)
    return turn.user.full_name if signs else None


async def take_late_reply(turn: Turn, message: Message) -> bool:
    """Pass on a reply that was not passed on before its edit; False if it answers no exchange."""
    quoted = await replied_to(turn, message)
    if quoted is None or quoted.of_request or quoted.conversation_id is None:
        return False
    if not await caps.allows(turn, caps.EDITS, edits.author_of(message)):
        return True
    if turn.work.now - message.date > edits.LATEST:
        conversation = await turn.work.conversations.get(quoted.conversation_id)
        if conversation is not None:
            text = TEXT("edit_late", conversation=conversation, in_group=True)
            turn.say(text, reply_to=message.message_id, about=conversation.about_note)
        return True
    return await take_reply(turn, message)


@requires(Authority.FACILITATORS)
async def close(update: Update, context: BotContext) -> None:
    """Close a conversation, once if two facilitators tap; tell the person if they know of it."""
    turn, choice = context.turn, CloseThread.of(update)
    conversation_id = choice.conversation_id
    conversation = await turn.work.conversations.get(conversation_id)
    if conversation is None or conversation.interest_id is not None:
        # What is about a request ends with the request.
        turn.rewrite(TEXT("erased", number=None))
        return
    if not choice.sure and await _got_nothing(turn, conversation):
        _ask_whether(turn, conversation)
        return
    if not await caps.allows(turn, caps.ENDS, conversation_id):
        return
    try:
        ended = await turn.work.conversations.close(
            conversation_id, turn.user.id, turn.user.full_name
        )
    except NotFoundError:
        turn.rewrite(TEXT("erased", number=None))
        return
    is_known = await _is_known(turn, ended.conversation)
    if ended.won and is_known:
        await Threads.of(turn).tell_person(
            ended.conversation, lambda: _closed(turn, ended.conversation)
        )
    await _show(turn, ended, "closed_toast" if is_known else "closed_quietly_toast")


async def _got_nothing(turn: Turn, conversation: Conversation) -> bool:
    """Tell whether the person asked something, and no reply reached them or is on its way."""
    if conversation.closed_at is not None or conversation.opened_by is not Side.PERSON:
        return False
    messages = await turn.work.conversations.messages(conversation.id)
    replies = [message for message in messages if message.side is Side.FACILITATORS]
    if any(message.delivered_at is not None for message in replies):
        return False
    return not replies or not await turn.work.outbox.is_owed(
        conversation.about_copy(replies[-1].id)
    )


def _ask_whether(turn: Turn, conversation: Conversation) -> None:
    """Ask, in the tapped message, whether to close what was never answered."""
    question = TEXT("close_question", conversation=conversation)
    keyboard = column(
        [
            # First what changes nothing: a double tap on "close" hits the first button.
            button(TEXT.label("keep_open"), KeepOpen(conversation.id)),
            button(TEXT.label("close_sure"), CloseThread(conversation.id, sure=True)),
        ]
    )
    text = "\n\n".join(filter(None, [_tapped_text(turn), question]))
    turn.rewrite(text, keyboard, about=conversation.about_note)


def _tapped_text(turn: Turn) -> str:
    """Return the tapped message as it stands, without the question whether to close."""
    query = turn.update.callback_query
    message = query.message if query else None
    if not isinstance(message, Message) or not message.text:
        return ""
    text = message.text_html
    head, _, last = text.rpartition("\n\n")
    return head if last.startswith(_QUESTION_MARK) else text


@requires(Authority.FACILITATORS)
async def keep_open(update: Update, context: BotContext) -> None:
    """Leave an exchange open after all: the tapped message is again what it was."""
    turn = context.turn
    conversation = await turn.work.conversations.get(KeepOpen.of(update).conversation_id)
    if conversation is None:
        turn.rewrite(TEXT("erased", number=None))
        return
    turn.toast(TEXT.label("kept_open_toast", conversation=conversation))
    _restore(turn, conversation)


def _restore(turn: Turn, conversation: Conversation) -> None:
    text = _tapped_text(turn)
    if text:
        is_open = conversation.closed_at is None
        close = button(TEXT.label("close"), CloseThread(conversation.id))
        turn.rewrite(text, column([close]) if is_open else None, about=conversation.about_note)


def _closed(turn: Turn, conversation: Conversation) -> tuple[str, Keyboard | None]:
    offered = person.offer(turn)
    text = TEXT("person_closed", conversation=conversation, offered=bool(offered))
    return text, column(offered) if offered else None


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
    mine = conversation.closed_by == turn.user.id
    name = done if ended.won else "too_late"
    turn.toast(TEXT.label(name, conversation=conversation, mine=mine))
    if ended.won:
        await Threads.of(turn).refresh(conversation)
    query, card = turn.update.callback_query, await turn.work.outbox.delivery(conversation.about)
    if query and query.message and card:
        tapped = Delivery(query.message.chat.id, query.message.message_id)
        if tapped != card:
            _restore(turn, conversation)


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
    # Cards on their way arrive in the present group by themselves.
    stranded = await turn.work.outbox.stranded(
        [conversation.about for conversation in unfinished], new_chat_id
    )
    for conversation in unfinished:
        if conversation.about in stranded:
            await Threads.of(turn).post_question(conversation)


HANDLERS: tuple[Handler, ...] = (
    command("signature", switch_signature),
    tap(CloseThread, close),
    tap(KeepOpen, keep_open),
    tap(ReopenThread, reopen),
)
