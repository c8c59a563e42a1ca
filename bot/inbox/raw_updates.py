"""Raw updates, as Telegram gives them, before anything has parsed them."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import orjson
from telegram import Bot, Update

from bot.runtime import json_text
from storage.queues.inbox import Received

logger = logging.getLogger(__name__)
# Where an update's chat is found, in this order (Bot API, "Update").
_CHAT_PATHS = (("chat",), ("message", "chat"), ("from",), ("user",))
# Of a message to one person whose button was tapped, what is read of it: its text and its keyboard
# are long to make objects of.
_OF_A_TAPPED = ("message_id", "date", "chat", "reply_to_message")
# What a database keeps in a BIGINT; Telegram's own numbers have at most 52 bits.
_LARGEST = 2**63 - 1
# What JSON may escape and no database keeps as text: zeros, and halves of a character.
_UNKEEPABLE = re.compile(
    r"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]..", re.IGNORECASE
)
_LOST = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def received(raw: Mapping[str, Any], body: str | None = None) -> Received:
    """Return the inbox row of an update, its text as it came where that is known.

    ValueError where it has no number to confirm it by.
    """
    update_id = raw.get("update_id") if isinstance(raw, Mapping) else None
    if not _is_number(update_id) or update_id < 0:
        raise ValueError("an update without a number")
    try:
        written = body if body is not None else _written(raw)
        if _UNKEEPABLE.search(written):
            written = json.dumps(_keepable(raw))
    except RecursionError as error:
        raise ValueError("an update nested too deep") from error
    return Received(update_id, chat_of(raw), written)


def _written(raw: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(raw).decode()
    except TypeError:
        # Halves of characters, which orjson does not write.
        return json.dumps(raw)


def _keepable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value whose texts, and the names of whose fields, a database takes."""
    if isinstance(value, str):
        return _LOST.sub(_REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_keepable(name): _keepable(inner) for name, inner in value.items()}
    return [_keepable(inner) for inner in value] if isinstance(value, list) else value


def numbered(batch: Sequence[Mapping[str, Any]]) -> list[Received]:
    """Return the rows of a batch. One without a number cannot be confirmed: it goes with the rest.

    ValueError where none has a number.
    """
    rows = []
    for raw in batch:
        try:
            rows.append(received(raw))
        except ValueError as error:
            logger.error("an update cannot be kept: %s", type(error).__name__)
    if not rows:
        raise ValueError("a batch of which no update has a number")
    return rows


def parsed(body: bytes) -> Received:
    """Return the inbox row of an update posted as JSON. ValueError where it is none."""
    try:
        text = body.decode()
        raw = json_text.read(text)
    except RecursionError as error:
        raise ValueError("an update nested too deep") from error
    return received(raw, text)


def understood(body: str, bot: Bot) -> Update:
    """Return a kept update as PTB reads it.

    PTB raises anything on what it cannot parse, and hands on whatever stands in the place of a
    number: ValueError where that is a chat's or a person's, which no answer could be addressed to.
    """
    update: Update = Update.de_json(_shortened(json_text.read(body)), bot)
    for named in (update.effective_chat, update.effective_user):
        if named is not None and not (_is_number(named.id) and named.id):
            raise ValueError("an update that names a chat or a person by something else")
    return update


def _shortened(raw: dict[str, Any]) -> dict[str, Any]:
    query = raw.get("callback_query")
    if not isinstance(query, dict):
        return raw
    tapped = query.get("message")
    if not isinstance(tapped, dict) or _at(tapped, ("chat",)) != _at(query, ("from",)):
        return raw
    kept = {name: tapped[name] for name in _OF_A_TAPPED if name in tapped}
    return raw | {"callback_query": {**query, "message": kept}}


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
    return content if _is_number(content) else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
