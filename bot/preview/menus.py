"""The bot's description of itself: menus of commands by scope and language, names, descriptions."""

import json
from typing import Any

Command = dict[str, str]
Key = tuple[str, str]
# Bot API, "Determining list of commands", for people whose Telegram is in French.
_PRIVATE = ("all_private_chats", "default")
_GROUP = ("all_group_chats", "default")
_LANGUAGES = ("fr", "")


class Menus:
    """The lists of commands, one for each scope and language."""

    def __init__(self) -> None:
        self._lists: dict[Key, list[Command]] = {}

    def put(self, scope: dict[str, Any], language: str, commands: list[Command]) -> None:
        """Replace a list; an empty one removes it."""
        self._lists[_key(scope, language)] = commands

    def get(self, scope: dict[str, Any], language: str) -> list[Command]:
        """Return the list of exactly this scope and language."""
        return self._lists.get(_key(scope, language), [])

    def shown(self) -> list[Command]:
        """Return the commands that a person sees in a private chat."""
        return self._first([{"type": scope} for scope in _PRIVATE])

    def shown_in(self, group_id: int) -> list[Command]:
        """Return the commands that the members of a group see there."""
        own = {"type": "chat", "chat_id": group_id}
        return self._first([own, *({"type": scope} for scope in _GROUP)])

    def _first(self, scopes: list[dict[str, Any]]) -> list[Command]:
        keys = (_key(scope, language) for scope in scopes for language in _LANGUAGES)
        return next((self._lists[key] for key in keys if self._lists.get(key)), [])


class Texts:
    """Name, description and short description by language."""

    def __init__(self) -> None:
        self._texts: dict[Key, str] = {}

    def put(self, name: str, language: str, text: str) -> None:
        """Replace a text; an empty one removes it."""
        self._texts[name, language] = text

    def get(self, name: str, language: str) -> str:
        """Return a text in a language, or the text for all languages."""
        return self._texts.get((name, language)) or self._texts.get((name, ""), "")


def _key(scope: dict[str, Any], language: str) -> Key:
    return json.dumps(scope or {"type": "default"}, sort_keys=True), language
