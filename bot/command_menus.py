"""What Telegram shows of the bot before anybody writes: the command menus and who runs the bot."""

import logging
from collections.abc import Awaitable, Iterable, Iterator

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.messages import TEXT
from handlers.core.keyboards import shorten
from handlers.core.services import Services

logger = logging.getLogger(__name__)

COMMANDS = (
    "projets",
    "themes",
    "proposer",
    "mesdemandes",
    "aide",
    "contact",
    "annuler",
    "confidentialite",
    "mesdonnees",
    "supprimer",
)
FACILITATORS_COMMANDS = ("sansreponse", "tester", "faq", "historique", "signature")
# Length limits: Bot API, setMyDescription and setMyShortDescription.
_LONGEST_DESCRIPTION = 512
_LONGEST_SHORT = 120


async def introduce(bot: ExtBot[None], services: Services) -> None:
    """Send Telegram the commands and who runs the bot; what it refuses stays as it was."""
    for what, call in _introduction(bot, services):
        try:
            await call
        except TelegramError as error:
            # A 404 means that the server does not know the method, whatever PTB calls it.
            logger.warning("%s stays as it was: %s", what, type(error).__name__)


def _introduction(bot: ExtBot[None], services: Services) -> Iterator[tuple[str, Awaitable[object]]]:
    """Yield what is to be told and the call that tells it, each begun only when it is awaited."""
    operator = services.identity.operator
    yield "the command menu", _set_menu(bot, COMMANDS, BotCommandScopeAllPrivateChats())
    description = TEXT.label("description", operator=operator)
    yield "the description", bot.set_my_description(shorten(description, _LONGEST_DESCRIPTION))
    short = TEXT.label("short_description", operator=operator)
    yield "the short description", bot.set_my_short_description(shorten(short, _LONGEST_SHORT))
    if services.facilitator_chat_id is not None:
        scope = BotCommandScopeChat(services.facilitator_chat_id)
        yield "the facilitators' menu", _set_menu(bot, FACILITATORS_COMMANDS, scope)


async def _set_menu(bot: ExtBot[None], names: Iterable[str], scope: BotCommandScope) -> None:
    await bot.set_my_commands(
        [BotCommand(name, TEXT.label(f"command_{name}")) for name in names], scope
    )
