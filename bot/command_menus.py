"""What Telegram shows of the bot before anybody writes: the command menus and who runs the bot."""

import logging
from collections.abc import Awaitable, Iterable, Iterator, Mapping

from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import ChatMigrated, TelegramError
from telegram.ext import ExtBot

from bot.messages import TEXT
from handlers.core.keyboards import shorten
from handlers.core.services import Services
from handlers.messages import ENGLISH, FRENCH, speaking

logger = logging.getLogger(__name__)

COMMANDS = (
    "projets",
    "themes",
    "proposer",
    "mesdemandes",
    "alertes",
    "aide",
    "contact",
    "annuler",
    "confidentialite",
    "mesdonnees",
    "supprimer",
    "langue",
)
FACILITATORS_COMMANDS = (
    "sansreponse",
    "tester",
    "faq",
    "historique",
    "affiche",
    "signature",
    "stats",
    "aide",
)
ADMINISTRATORS_COMMANDS = ("demandes", "demande", "chefs", "stats", "export", "aide")
# Length limits: Bot API, setMyDescription and setMyShortDescription.
_LONGEST_DESCRIPTION = 512
_PRIVATE = BotCommandScopeAllPrivateChats()
# The language of the texts, and whose Telegram shows them: everybody's, unless it is in English.
_CLIENTS = ((FRENCH, None), (ENGLISH, ENGLISH))
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
    told = {
        "operator": services.identity.operator,
        "name": services.knowledge.initiative.name,
        "has_projects": services.has_projects,
    }
    for spoken, code in _CLIENTS:
        with speaking(spoken):
            menu, described = _menu(COMMANDS), TEXT.label("description", **told)
            short = shorten(TEXT.label("short_description", **told), _LONGEST_SHORT)
        yield "the command menu", bot.set_my_commands(menu, _PRIVATE, language_code=code)
        yield (
            "the description",
            bot.set_my_description(shorten(described, _LONGEST_DESCRIPTION), language_code=code),
        )
        yield "the short description", bot.set_my_short_description(short, language_code=code)
    for group, names in _menus_of_groups(services).items():
        yield "the menu of a group of the team", _offer(bot, _menu(names), group)


async def _offer(bot: ExtBot[None], menu: list[BotCommand], group: int) -> None:
    """Give a group its menu; one that has become a supergroup has it under its new id."""
    try:
        await bot.set_my_commands(menu, BotCommandScopeChat(group))
    except ChatMigrated as moved:
        await bot.set_my_commands(menu, BotCommandScopeChat(moved.new_chat_id))


def _menus_of_groups(services: Services) -> Mapping[int, tuple[str, ...]]:
    """Return the commands by the groups of the team; one group may be both."""
    menus: dict[int, tuple[str, ...]] = {}
    for group, names in (
        (services.admin_chat_id, ADMINISTRATORS_COMMANDS),
        (services.facilitator_chat_id, FACILITATORS_COMMANDS),
    ):
        if group is not None:
            menus[group] = tuple(dict.fromkeys((*menus.get(group, ()), *names)))
    return menus


def _menu(names: Iterable[str]) -> list[BotCommand]:
    return [BotCommand(name, TEXT.label(f"command_{name}")) for name in names]
