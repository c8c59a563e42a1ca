"""The bot's description of itself: menus of commands by scope and language, names, descriptions."""

import json
from typing import Any

Command = dict[str, str]
Key = tuple[str, str]


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

    def shown(self, chat_id: int, member_id: int, language: str, *, rules: bool) -> list[Command]:
        """Return the commands that a member sees in a chat; ``rules`` it as an administrator.

        The narrowest scope that has a list wins, in the member's language before any other
        (Bot API, "Determining list of commands").
        """
        scopes = (
            _of_group(chat_id, member_id, rules=rules) if chat_id < 0 else _of_private_chat(chat_id)
        )
        keys = (_key(scope, code) for scope in scopes for code in (language, ""))
        return next((self._lists[key] for key in keys if self._lists.get(key)), [])


def _of_private_chat(chat_id: int) -> list[dict[str, Any]]:
    own = {"type": "chat", "chat_id": chat_id}
    return [own, {"type": "all_private_chats"}, {"type": "default"}]


def _of_group(chat_id: int, member_id: int, *, rules: bool) -> list[dict[str, Any]]:
    member = {"type": "chat_member", "chat_id": chat_id, "user_id": member_id}
    rulers = {"type": "chat_administrators", "chat_id": chat_id}
    return [
        member,
        *([rulers] if rules else []),
        {"type": "chat", "chat_id": chat_id},
        *([{"type": "all_chat_administrators"}] if rules else []),
        {"type": "all_group_chats"},
        {"type": "default"},
    ]


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
    # A chat may be named by a text; an account by its number alone.
    kept = {n: int(v) if n == "chat_id" else v for n, v in scope.items()}
    return json.dumps(kept or {"type": "default"}, sort_keys=True), language
