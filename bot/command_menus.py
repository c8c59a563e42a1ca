"""What Telegram shows of the bot before anybody writes: the command menus and who runs the bot."""

import logging
from collections.abc import Iterable

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
    """Send Telegram the commands and who runs the bot; on failure the former ones stay."""
    operator = services.identity.operator
    try:
        await _set_menu(bot, COMMANDS, BotCommandScopeAllPrivateChats())
        await bot.set_my_description(
            shorten(TEXT.label("description", operator=operator), _LONGEST_DESCRIPTION)
        )
        await bot.set_my_short_description(
            shorten(TEXT.label("short_description", operator=operator), _LONGEST_SHORT)
        )
        if services.facilitator_chat_id is not None:
            group = BotCommandScopeChat(services.facilitator_chat_id)
            await _set_menu(bot, FACILITATORS_COMMANDS, group)
    except TelegramError as error:
        logger.warning("the command menu is as it was: %s", type(error).__name__)


async def _set_menu(bot: ExtBot[None], names: Iterable[str], scope: BotCommandScope) -> None:
    await bot.set_my_commands(
        [BotCommand(name, TEXT.label(f"command_{name}")) for name in names], scope
    )
