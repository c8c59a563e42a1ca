"""Shows facilitators that a change is still being examined, where that lasts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.outbox.bot_api import ask
from handlers.core.posting import in_topic

logger = logging.getLogger(__name__)
# The answer to what was sent says that it is being examined; after that, silence looks like a halt.
_FIRST_SECONDS = 3.0
# Telegram takes the sign away after five seconds, or when the next message comes.
_EVERY_SECONDS = 4.5


@contextlib.asynccontextmanager
async def busy_sign(bot: ExtBot[None], chat_id: int, topic: int | None) -> AsyncIterator[None]:
    """Let a chat show that the bot is typing, from the third second of the block to its end.

    A message would have to be taken away again, and an edit of it notifies nobody: the result is a
    message of its own, below.
    """
    showing = asyncio.create_task(_show(bot, chat_id, topic))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _show(bot: ExtBot[None], chat_id: int, topic: int | None) -> None:
    action = {"chat_id": chat_id, "action": ChatAction.TYPING.value} | in_topic(topic)
    await asyncio.sleep(_FIRST_SECONDS)
    while True:
        try:
            await ask(bot, "sendChatAction", action)
        except TelegramError as error:
            logger.info("a passing call failed: %s", type(error).__name__)
            return
        await asyncio.sleep(_EVERY_SECONDS)
