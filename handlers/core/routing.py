"""PTB handlers as this bot registers them."""

from typing import Any

from telegram import Message
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler
from telegram.ext import filters as on
from telegram.ext.filters import MessageFilter

from handlers.core.authority import Callback
from handlers.core.callback_data import CallbackData
from handlers.core.turn import BotContext

Handler = BaseHandler[Any, BotContext, Any]


def command(name: str | tuple[str, ...], callback: Callback) -> Handler:
    """Return a handler for a command; edited messages never run a command again."""
    return CommandHandler(name, callback, filters=on.UpdateType.MESSAGE)


class _ViaUs(MessageFilter):
    """Accepts messages that a person sent by choosing one of our inline results."""

    def filter(self, message: Message) -> bool:
        """Tell whether the bot composed what the person sent."""
        return message.via_bot is not None and message.via_bot.id == message.get_bot().id


VIA_US = _ViaUs()


class Tap(CallbackQueryHandler[BotContext, Any]):
    """A handler for one class of buttons."""

    __slots__ = ("prefix",)

    def __init__(self, kind: type[CallbackData], callback: Callback) -> None:
        super().__init__(callback, pattern=kind.PATTERN)
        self.prefix = kind.PREFIX


def tap(kind: type[CallbackData], callback: Callback) -> Handler:
    """Return a handler for one class of buttons."""
    return Tap(kind, callback)
