"""A command in the middle of a form: it is obeyed, then the form says that it waits."""

import functools

from telegram import Update

from handlers.core.authority import Callback
from handlers.core.turn import BotContext, Turn
from handlers.forms.asking import current, remind


def reminding(handler: Callback) -> Callback:
    """Let a handler follow a typed command with a reminder of the form under way, if any."""

    @functools.wraps(handler)
    async def reminded(update: Update, context: BotContext) -> None:
        has_form = await _has_form(context.turn)
        await handler(update, context)
        if has_form and (draft := await current(context.turn)):
            remind(context.turn, draft)

    return reminded


async def _has_form(turn: Turn) -> bool:
    # Whoever taps looks around; a form is never shown in a group.
    if turn.update.callback_query is not None or turn.chat_id != turn.user.id:
        return False
    # Nobody is made known by looking around.
    return await turn.work.read_ahead.had_draft(turn.user.id)
