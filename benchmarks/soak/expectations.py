"""What must follow from an update: whether Telegram might send it, and who expects an answer."""

from typing import Any, TypeAlias

from telegram import Update
from telegram.constants import ChatType
from telegram.ext import filters

from bot.preview.botapi import description

Json: TypeAlias = Any


def fits(value: Json, kind: str = "Update") -> bool:
    """Return whether a value conforms to a type of the Bot API; unknown fields are ignored."""
    if kind.startswith("Array of "):
        inner = kind.removeprefix("Array of ")
        return isinstance(value, list) and all(fits(each, inner) for each in value)
    if kind in _CHECKS:
        return isinstance(value, _CHECKS[kind]) and isinstance(value, bool) == (kind in _BOOLEANS)
    named = description()["types"][kind]
    if kind == "InaccessibleMessage" and isinstance(value, dict) and value.get("date"):
        # Only its date of zero distinguishes it from a message.
        return False
    if named["subtypes"]:
        return any(fits(value, each) for each in named["subtypes"])
    return isinstance(value, dict) and all(
        any(fits(value[name], each) for each in kinds) if name in value else not needed
        for name, (kinds, needed) in named["fields"].items()
    )


_CHECKS: dict[str, Json] = {
    "Integer": int,
    "String": str,
    "Float": (int, float),
    "Boolean": bool,
    "True": bool,
}
_BOOLEANS = frozenset({"Boolean", "True"})


def parsed(update: Json) -> Update | None:
    """Return PTB's update; None where PTB cannot parse it, or an id is no number."""
    try:
        read: Update = Update.de_json(update, None)
        named = (read.effective_chat, read.effective_user)
    except Exception:  # noqa: BLE001 - PTB raises anything on what it cannot parse
        return None
    return read if all(each is None or _is_number(each.id) for each in named) else None


def is_sound(update: Json) -> bool:
    """Return whether Telegram might send it: then it must be handled and not set aside."""
    read = parsed(update) if fits(update) else None
    chat = read.effective_chat if read else None
    return read is not None and (
        # Only messages of channels have no sender.
        chat is None or chat.type != ChatType.PRIVATE or read.effective_user is not None
    )


def speaker(update: Json) -> int | None:
    """Return the private chat in which a person expects an answer; None where nobody does."""
    read = parsed(update)
    if read is None or read.message is None or not read.message.from_user:
        return None
    chat = read.effective_chat
    if chat is None or chat.type != ChatType.PRIVATE:
        return None
    # Service messages are written by Telegram and not by a person.
    return None if filters.StatusUpdate.ALL.check_update(read) else chat.id


def _is_number(value: object) -> bool:
    # PTB accepts any value in the place of a number; no id is zero.
    return isinstance(value, int) and not isinstance(value, bool) and value != 0


def query(update: Json) -> str | None:
    """Return the id of the tap that expects an answer; None where there is none."""
    read = parsed(update)
    query_id = read.callback_query.id if read and read.callback_query else None
    return query_id if isinstance(query_id, str) and query_id.isdecimal() else None
