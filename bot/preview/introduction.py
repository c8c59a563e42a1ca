"""The methods with which a bot describes itself: commands, name, descriptions."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.preview.api_errors import bad
from bot.preview.content import chat_of
from bot.preview.messenger import Messenger
from knowledge.text.length import units

Values = dict[str, Any]
Method = Callable[[Messenger, Values], Awaitable[Any]]

# Bot API, setMyCommands and BotCommand.
MOST_COMMANDS = 100
LONGEST_COMMAND_DESCRIPTION = 256
_LANGUAGE = re.compile(r"[a-z]{2}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


async def set_my_commands(messenger: Messenger, values: Values) -> bool:
    """Replace the menu of commands of a scope and a language."""
    commands = values.get("commands", [])
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= units(command["description"]) <= LONGEST_COMMAND_DESCRIPTION:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return _put_commands(messenger, values, commands)


async def delete_my_commands(messenger: Messenger, values: Values) -> bool:
    """Remove the menu of a scope and a language."""
    return _put_commands(messenger, values, [])


async def get_my_commands(messenger: Messenger, values: Values) -> list[Values]:
    """Return the menu of a scope and a language."""
    return messenger.menus.get(_scope(messenger, values), values.get("language_code", ""))


def _put_commands(messenger: Messenger, values: Values, commands: list[Values]) -> bool:
    language = values.get("language_code", "")
    if language and not _LANGUAGE.fullmatch(language):
        raise bad("BOT_COMMAND_LANG_CODE_INVALID")
    messenger.menus.put(_scope(messenger, values), language, commands)
    messenger.notes("commands", **messenger.commands())
    return True


def _scope(messenger: Messenger, values: Values) -> Values:
    """Return the scope of a call; ApiError if its chat is none where the bot may write."""
    scope: Values = values.get("scope", {})
    if "chat_id" in scope:
        messenger.chats.reachable(chat_of(scope))
    return scope


def _setter(name: str, longest: int) -> Method:
    async def set_text(messenger: Messenger, values: Values) -> bool:
        text = values.get(name, "")
        if units(text) > longest:
            raise bad(f"{name} is too long")
        messenger.texts.put(name, values.get("language_code", ""), text)
        messenger.notes("bot", bot=messenger.bot())
        return True

    return set_text


def _getter(name: str) -> Method:
    async def get_text(messenger: Messenger, values: Values) -> Values:
        text = messenger.texts.get(name, values.get("language_code", ""))
        return {name: text or (messenger.bot()["first_name"] if name == "name" else "")}

    return get_text


INTRODUCTION: dict[str, Method] = {
    "setMyCommands": set_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getMyCommands": get_my_commands,
    "setMyName": _setter("name", 64),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description", 512),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description", 120),
    "getMyShortDescription": _getter("short_description"),
}
