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
        await handler(update, context)
        # Whoever taps looks around; a form is never shown in a group.
        if update.callback_query is None and context.turn.chat_id == context.turn.user.id:
            await _remind(context.turn)

    return reminded


async def _remind(turn: Turn) -> None:
    # Nobody is made known by looking around.
    if await turn.work.drafts.writers([turn.user.id]) and (draft := await current(turn)):
        remind(turn, draft)
