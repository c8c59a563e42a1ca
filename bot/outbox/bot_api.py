"""A row of the outbox as a call to Telegram."""

from collections.abc import Mapping
from typing import IO, Any

from telegram import InputFile
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.runtime import metrics
from storage.queues.outbox import Pending

_UNCHANGED = "message is not modified"


async def call(
    bot: ExtBot[None], item: Pending, chat_id: int, file: IO[bytes] | None = None
) -> int | None:
    """Make a call; return the id of the new message, if there is one. Raises TelegramError.

    ``file``, where one was made for it, is read while it is sent.
    """
    content: dict[str, Any] = {**item.payload, "chat_id": chat_id}
    if file is not None:
        content["document"] = InputFile(file, filename=item.filename, read_file_handle=False)
    elif item.attachment is not None:
        content["document"] = InputFile(item.attachment, filename=item.filename)
    try:
        result = await ask(bot, item.method, content)
    except TelegramError as error:
        if isinstance(error, BadRequest) and _UNCHANGED in error.message.lower():
            return None
        metrics.failed(error)
        raise
    return result.get("message_id") if isinstance(result, dict) else None


async def ask(bot: ExtBot[None], method: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the Bot API's
    """Call a method of the Bot API with JSON parameters; return its result unparsed.

    Half of the work of PTB's own methods is to make objects of a reply that nobody reads. Raises
    TelegramError.
    """
    try:
        # Lower case, because PTB recognises its own methods by their case and warns that they are
        # called this way. Telegram accepts method names in any case ("Making requests").
        return await bot.do_api_request(method.lower(), api_kwargs=dict(parameters))
    except EndPointNotFound as error:
        # Telegram answers 404 to an unknown token; the methods that are called here all exist.
        raise InvalidToken(error.message) from None
