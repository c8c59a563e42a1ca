"""A row of the outbox as a call to Telegram."""

from collections.abc import Mapping
from typing import IO, Any

from telegram import InputFile
from telegram.error import EndPointNotFound, InvalidToken, NetworkError, TelegramError
from telegram.ext import ExtBot

from bot.outbox.refusals import Consequence, judge
from bot.runtime import metrics
from storage.queues.outbox import Pending

# The parameter that takes the file of a method.
_FILE_OF = {"sendPhoto": "photo"}
_UNPARSED = "parsing the server response"


async def call(
    bot: ExtBot[None], item: Pending, chat_id: int, file: IO[bytes] | None = None
) -> int | None:
    """Make a call; return the id of the new message, if there is one. Raises TelegramError.

    ``file`` is the document, or the picture, of the call, and is read while it is sent.
    """
    content = _addressed(item, chat_id)
    if file is not None:
        content[_FILE_OF.get(item.method, "document")] = InputFile(
            file, filename=item.filename, read_file_handle=False
        )
    try:
        result = await ask(bot, item.method, content)
    except TelegramError as error:
        if judge(error, in_group=chat_id < 0).consequence is Consequence.DONE:
            return None
        metrics.failed(error)
        raise
    return result.get("message_id") if isinstance(result, dict) else None


def _addressed(item: Pending, chat_id: int) -> dict[str, Any]:
    """Return the parameters; a quote from another chat is left out."""
    content: dict[str, Any] = {**item.payload, "chat_id": chat_id}
    quote = content.pop("reply_parameters", None)
    # A row of a former version does not name the chat of its quote.
    if quote is not None and quote.get("chat_id", item.chat_id) in {chat_id, None}:
        content["reply_parameters"] = {k: v for k, v in quote.items() if k != "chat_id"}
    return content


async def ask(bot: ExtBot[None], method: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the Bot API's
    """Call a method of the Bot API with JSON parameters; return its result unparsed.

    Half of the work of PTB's own methods is to make objects of a reply that nobody reads. Raises
    TelegramError: EndPointNotFound where the server does not know the method, InvalidToken where it
    does not know the bot.
    """
    try:
        # PTB warns where the name is that of a method of its own. It drops an underscore at the
        # end, so the server gets the name as documented: some servers tell upper case from lower.
        return await bot.do_api_request(f"{method}_", api_kwargs=dict(parameters))
    except EndPointNotFound as error:
        # PTB raises it for both statuses: 401 is about the token, 404 about the method.
        refused = error.__cause__
        if isinstance(refused, InvalidToken) and refuses_token(refused):
            raise InvalidToken(refused.message) from None
        # An answer without JSON is not Telegram's: a proxy in between has lost its way.
        if isinstance(refused, InvalidToken) and _UNPARSED in refused.message.lower():
            raise NetworkError("404 Not Found") from None
        raise


def refuses_token(error: InvalidToken) -> bool:
    """Tell whether Telegram refuses the token, which PTB takes a 404 for as well.

    A 404 is about the method that was called, except that of the first call (getMe).
    """
    return "unauthorized" in error.message.lower()
