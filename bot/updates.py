"""Raw updates, as Telegram gives them, before anything has parsed them."""

import json
from collections.abc import Mapping
from typing import Any

from storage.inbox import Received

# Where an update's chat is found, in this order (Bot API, "Update").
_CHAT_PATHS = (("chat",), ("message", "chat"), ("from",), ("user",))


def received(raw: Mapping[str, Any]) -> Received:
    """Return the inbox row of an update. ValueError where it has no number to confirm it by."""
    update_id = raw.get("update_id")
    if not isinstance(update_id, int):
        raise ValueError("an update without a number")  # noqa: TRY004 - it is bad data, not a bad call
    return Received(update_id, chat_of(raw), json.dumps(raw, ensure_ascii=False))


def chat_of(raw: Mapping[str, Any]) -> int:
    """Return the chat whose order an update obeys; its own number where it names none."""
    for content in raw.values():
        for path in _CHAT_PATHS:
            found = _at(content, path)
            if found is not None:
                return found
    return int(raw["update_id"])


def _at(content: object, path: tuple[str, ...]) -> int | None:
    for key in (*path, "id"):
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content if isinstance(content, int) else None
