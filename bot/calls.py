"""A row of the outbox as a call of PTB's."""

from collections.abc import Awaitable, Callable
from typing import Any

from telegram import InputFile, Message
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot import metrics
from storage.outbox import Pending

_UNCHANGED = "message is not modified"


async def call(bot: ExtBot[None], item: Pending, chat_id: int) -> int | None:
    """Make a call; return the id of the message where there is one. Raises TelegramError."""
    calls: dict[str, Callable[..., Awaitable[Message | bool]]] = {
        "sendMessage": bot.send_message,
        "editMessageText": bot.edit_message_text,
        "editMessageReplyMarkup": bot.edit_message_reply_markup,
        "sendDocument": bot.send_document,
    }
    content = _content(item) | {"chat_id": chat_id}
    try:
        result = await calls[item.method](**content)
    except TelegramError as error:
        if isinstance(error, BadRequest) and _UNCHANGED in error.message.lower():
            return None
        metrics.failed(error)
        raise
    return result.message_id if isinstance(result, Message) else None


def _content(item: Pending) -> dict[str, Any]:
    """Return the parameters as PTB takes them; what is JSON already goes as it is."""
    raw = {name: value for name, value in item.payload.items() if isinstance(value, dict)}
    content = {name: value for name, value in item.payload.items() if name not in raw}
    if item.attachment is not None:
        content["document"] = InputFile(item.attachment, filename=item.filename)
    return content | {"api_kwargs": raw}
