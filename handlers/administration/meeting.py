"""Handlers of the administrators' group: each also meets whoever uses it, by name.

Telegram does not tell a bot who is in a group, and a request is handed over to somebody named.
"""

import functools

from telegram import Update
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.core.authority import Authority, Callback, requires
from handlers.core.routing import Handler
from handlers.core.team import roles
from handlers.core.turn import BotContext, Turn
from storage.queues.outbox import Audience
from storage.records.interests import Actor, Party

# Telegram allows 64 characters in each of the two names: more is no name.
_LONGEST_NAME = 130


def for_administrators(handler: Callback) -> Callback:
    """Run a handler in the administrators' group only, and remember who used it."""

    @requires(Authority.ADMINISTRATORS)
    @functools.wraps(handler)
    async def met(update: Update, context: BotContext) -> None:
        turn = context.turn
        # Who types as the group itself has no name, and an account that is nobody's.
        if not turn.user.is_bot:
            await turn.work.colleagues.meet(turn.user.id, turn.user.full_name[:_LONGEST_NAME])
        await handler(update, context)

    return met


@requires(Authority.ANYONE)
async def notice_members(update: Update, context: BotContext) -> None:
    """Meet whoever joins the administrators' group, and forget whoever leaves it; say nothing."""
    turn, message = context.turn, update.message
    if message is None or Audience.ADMINISTRATORS not in await roles(turn):
        return
    for member in message.new_chat_members:
        if not member.is_bot:
            await turn.work.colleagues.meet(member.id, member.full_name[:_LONGEST_NAME])
    if message.left_chat_member is not None:
        await turn.work.colleagues.forget(message.left_chat_member.id)


def who(turn: Turn) -> Actor:
    """Return the administrator behind this turn."""
    return Actor(Party.ADMINISTRATOR, turn.user.id, turn.user.full_name)


_MEMBERS = on.StatusUpdate.NEW_CHAT_MEMBERS | on.StatusUpdate.LEFT_CHAT_MEMBER
HANDLERS: tuple[Handler, ...] = (
    MessageHandler(on.UpdateType.MESSAGE & on.ChatType.GROUPS & _MEMBERS, notice_members),
)
