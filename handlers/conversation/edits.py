"""Edited messages: taken as what the message was, or said not to be read again.

Telegram also reports an edit when it only adds the preview of a link: nothing is said of those.
"""

from telegram import Message, Update
from telegram.constants import ChatType
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.administration import replies
from handlers.conversation import hear
from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine as forms
from handlers.handoff import edits as passed_on
from handlers.handoff import facilitators, person
from handlers.messages import Catalogue
from storage.records.drafts import Draft
from storage.records.questions import as_kept

TEXT = Catalogue.of("questions")


@requires(Authority.ANYONE)
async def take_edit(update: Update, context: BotContext) -> None:
    """Take an edit of what was passed on, of the last answer in a form, or of the last question."""
    turn, message = context.turn, update.edited_message
    if message is None:
        return
    changes = await turn.work.inbox.changes_words(
        message.chat.id, message.message_id, update.update_id
    )
    if changes is False or await passed_on.take(turn, message):
        return
    if message.chat.type != ChatType.PRIVATE:
        if not await replies.take_edit(turn, message):
            await facilitators.take_late_reply(turn, message)
    elif changes or await _is_last(turn, message):
        await _take_typed(turn, message)


async def _is_last(turn: Turn, message: Message) -> bool:
    """Tell whether a message, whose former words are not kept, is the last one of its kind."""
    draft = await forms.current(turn)
    if draft is not None and draft.answered_in == message.message_id:
        return True
    return await _asked_in(turn, message) is not None


async def _take_typed(turn: Turn, message: Message) -> None:
    draft = await forms.current(turn)
    asked = await _asked_in(turn, message)
    if asked is not None and asked == as_kept(turn.text, turn.services.question_limits):
        return
    if not await caps.allows(turn, caps.EDITS, turn.user.id):
        return
    if not message.text or turn.text.startswith("/"):
        _say_not_read(turn, message, draft)
    elif draft is not None and draft.answered_in == message.message_id:
        await forms.correct(turn, draft, turn.text)
    elif await person.take_reply(turn):
        # It was refused before, for its length for example.
        return
    elif asked:
        await hear.answer_question(turn)
        if draft is not None:
            forms.remind(turn, draft)
    elif asked == "" or (
        draft is None and await turn.work.inbox.is_last_typed(turn.chat_id, message.message_id)
    ):
        # It was no question before: a button's label, a command with a slip, or no words at all.
        await hear.hear_afresh(turn)
    else:
        _say_not_read(turn, message, draft)


async def _asked_in(turn: Turn, message: Message) -> str | None:
    """Return the last question, as it is kept, if it was typed in this message."""
    latest = await turn.work.questions.latest((await turn.person()).id)
    is_same = latest is not None and latest.message_id == message.message_id
    return latest.text if latest is not None and is_same else None


def _say_not_read(turn: Turn, message: Message, draft: Draft | None) -> None:
    text = TEXT("edit_not_read", has_form=draft is not None)
    turn.say(text, reply_to=message.message_id)


HANDLERS: tuple[Handler, ...] = (MessageHandler(on.UpdateType.EDITED_MESSAGE, take_edit),)
