"""What must come of an update: whether Telegram might send it, and who waits for an answer."""

from typing import Any, TypeAlias

from telegram import Update
from telegram.constants import ChatType
from telegram.ext import filters

from bot.preview.botapi import description

Json: TypeAlias = Any


def fits(value: Json, kind: str = "Update") -> bool:
    """Tell whether a value is of a type of the Bot API; unknown fields do not matter."""
    if kind.startswith("Array of "):
        inner = kind.removeprefix("Array of ")
        return isinstance(value, list) and all(fits(one, inner) for one in value)
    if kind in _CHECKS:
        return isinstance(value, _CHECKS[kind]) and isinstance(value, bool) == (kind in _BOOLEANS)
    named = description()["types"][kind]
    if kind == "InaccessibleMessage" and isinstance(value, dict) and value.get("date"):
        # That its date is zero is all that tells it from a message.
        return False
    if named["subtypes"]:
        return any(fits(value, one) for one in named["subtypes"])
    return isinstance(value, dict) and all(
        any(fits(value[name], one) for one in kinds) if name in value else not needed
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
    """Return an update as PTB reads it; None where it cannot, or names nobody in numbers."""
    try:
        read: Update = Update.de_json(update, None)
        named = (read.effective_chat, read.effective_user)
    except Exception:  # noqa: BLE001 - PTB raises anything on what it cannot parse
        return None
    return read if all(one is None or _is_number(one.id) for one in named) else None


def is_sound(update: Json) -> bool:
    """Tell whether Telegram might send it: then it must be handled, not set aside."""
    read = parsed(update) if fits(update) else None
    chat = read.effective_chat if read else None
    return read is not None and (
        # Only a channel's messages have no sender.
        chat is None or chat.type != ChatType.PRIVATE or read.effective_user is not None
    )


def speaker(update: Json) -> int | None:
    """Tell in which private chat a person waits for words; None where nobody does."""
    read = parsed(update)
    if read is None or read.message is None or not read.message.from_user:
        return None
    chat = read.effective_chat
    if chat is None or chat.type != ChatType.PRIVATE:
        return None
    # What Telegram says of a chat, nobody in it has said.
    return None if filters.StatusUpdate.ALL.check_update(read) else chat.id


def _is_number(value: object) -> bool:
    # PTB hands on whatever stands in the place of a number; nobody is number zero.
    return isinstance(value, int) and not isinstance(value, bool) and value != 0


def query(update: Json) -> str | None:
    """Tell which tap waits for an answer; None where none does."""
    read = parsed(update)
    found = read.callback_query.id if read and read.callback_query else None
    return found if isinstance(found, str) and found.isdecimal() else None
