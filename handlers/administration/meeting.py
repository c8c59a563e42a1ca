"""Handlers of the administrators' group: each also meets whoever uses it, by name.

Telegram does not tell a bot who is in a group, and a request is handed over to somebody named.
"""

import functools

from telegram import Update

from handlers.core.authority import Authority, Callback, requires
from handlers.core.turn import BotContext, Turn
from storage.records.interests import Actor, Side

# Telegram allows 64 characters in each of the two names: more is no name.
_LONGEST_NAME = 130


def for_administrators(handler: Callback) -> Callback:
    """Run a handler in the administrators' group only, and remember who used it."""

    @requires(Authority.ADMINISTRATORS)
    @functools.wraps(handler)
    async def met(update: Update, context: BotContext) -> None:
        turn = context.turn
        await turn.work.colleagues.meet(turn.user.id, turn.user.full_name[:_LONGEST_NAME])
        await handler(update, context)

    return met


def who(turn: Turn) -> Actor:
    """Return the administrator behind this turn."""
    return Actor(Side.ADMINISTRATOR, turn.user.id, turn.user.full_name)
