"""Edits of what was passed on, from either side: relayed as edits while the exchange allows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from telegram import Message
from telegram.constants import ChatType

from handlers.core import caps, team
from handlers.core.full_text import full_text
from handlers.core.turn import Turn
from handlers.handoff.threads import LONGEST, Threads, home, words
from knowledge.text.length import units
from storage.records.conversation_values import Conversation, Side
from storage.records.conversation_values import Message as ThreadMessage

# Telegram lets people edit for this long; administrators of a group may do so later.
LATEST = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edit of something that was passed on in a conversation, at a time."""

    message: Message
    conversation: Conversation
    passed_on_at: datetime

    @property
    def text(self) -> str:
        return full_text(self.message).strip()

    @property
    def is_in_group(self) -> bool:
        return self.message.chat.type != ChatType.PRIVATE


async def take(turn: Turn, message: Message) -> bool:
    """Relay the edit of a message or of a question that was passed on; False if it was neither."""
    sent = await turn.work.conversations.typed_as(message.chat.id, message.message_id)
    if sent is not None:
        await _take_message(turn, message, sent)
        return True
    if message.chat.type != ChatType.PRIVATE:
        return False
    person = await turn.person()
    conversation = await turn.work.conversations.typed_in(person.id, message.message_id)
    if conversation is not None:
        await _take_question(turn, _Edit(message, conversation, conversation.opened_at))
    return conversation is not None


async def _take_message(turn: Turn, message: Message, sent: ThreadMessage) -> None:
    conversation = await turn.work.conversations.get(sent.conversation_id)
    if conversation is None or sent.text == full_text(message).strip():
        return
    edit = _Edit(message, conversation, sent.at)
    if not await _may(turn, edit):
        return
    arrived = await turn.work.outbox.delivery(conversation.about_copy(sent.id)) is not None
    seen_at = sent.edited_at or sent.at
    sent = await turn.work.conversations.correct(sent.id, edit.text, stale=not arrived)
    threads = Threads.of(turn)
    await threads.correct(conversation, sent)
    if sent.side is Side.PERSON:
        if await _was_answered(turn, conversation, seen_at):
            await threads.tell_of_correction(conversation, conversation.about_copy(sent.id))
        _confirm(turn, conversation)


async def _take_question(turn: Turn, edit: _Edit) -> None:
    before = edit.conversation
    if before.text == edit.text or not await _may(turn, edit):
        return
    seen_at = before.edited_at or before.opened_at
    conversation = await turn.work.conversations.reword(before.id, edit.text)
    threads = Threads.of(turn)
    await threads.refresh(conversation)
    if await _was_answered(turn, conversation, seen_at):
        await threads.tell_of_correction(conversation, conversation.about)
    _confirm(turn, conversation)


async def _was_answered(turn: Turn, conversation: Conversation, seen_at: datetime) -> bool:
    """Tell whether the team has answered since it saw the words that now change."""
    reply = await turn.work.conversations.last_reply(conversation.id)
    return reply is not None and reply.at > seen_at


def _confirm(turn: Turn, conversation: Conversation) -> None:
    text = words(conversation)("corrected_for_person", conversation=conversation)
    turn.say(text, about=conversation.about_note)


async def _may(turn: Turn, edit: _Edit) -> bool:
    """Tell whether an edit is passed on; if not, say why to whoever made it."""
    if not await caps.allows(turn, caps.EDITS, author_of(edit.message)):
        return False
    reason = await _refusal(turn, edit)
    if reason is None:
        return True
    values = {"length": units(edit.text), "longest": LONGEST, "in_group": edit.is_in_group}
    text = words(edit.conversation)(reason, conversation=edit.conversation, **values)
    about = edit.conversation.about_aside if edit.is_in_group else edit.conversation.about_note
    turn.say(text, reply_to=edit.message.message_id, about=about)
    return False


async def _refusal(turn: Turn, edit: _Edit) -> str | None:
    if edit.is_in_group:
        if home(edit.conversation) not in await team.roles_of(turn, edit.message.chat.id):
            return "edit_elsewhere"
    elif edit.conversation.person_id != (await turn.person()).id:
        return "edit_elsewhere"
    if edit.conversation.closed_at is not None:
        return "edit_closed"
    if turn.work.now - edit.passed_on_at > LATEST:
        return "edit_late"
    if not edit.text or edit.text.startswith("/"):
        return "edit_no_words"
    return "edit_too_long" if units(edit.text) > LONGEST else None


def author_of(message: Message) -> int:
    """Return whose edits a message counts with."""
    return message.from_user.id if message.from_user else message.chat.id
