"""A command typed during a form runs as usual; then the bot says that the form waits."""

import functools

from telegram import Update

from handlers.core.authority import Callback
from handlers.core.turn import BotContext, Turn
from handlers.forms.asking import current, remind


def reminding(handler: Callback) -> Callback:
    """Wrap a handler: after a typed command, remind the person of the form under way, if any."""

    @functools.wraps(handler)
    async def reminded(update: Update, context: BotContext) -> None:
        has_form = await _has_form(context.turn)
        await handler(update, context)
        if has_form and (draft := await current(context.turn)):
            remind(context.turn, draft)

    return reminded


async def _has_form(turn: Turn) -> bool:
    # No reminder after a tap, which is browsing, nor in a group, where no form is ever shown.
    if turn.update.callback_query is not None or turn.chat_id != turn.user.id:
        return False
    # This look-up by Telegram id creates no record of a person who only browses.
    return await turn.work.read_ahead.had_draft(turn.user.id)
