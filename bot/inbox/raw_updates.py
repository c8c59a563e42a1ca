"""Raw updates, as Telegram sends them, before they are parsed."""

import json
import logging
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import orjson
from telegram import Bot, Update

from bot.runtime import json_text
from knowledge.text.hidden import MAY_HIDE, without_hidden
from knowledge.text.length import units
from storage.queues.inbox import Received

logger = logging.getLogger(__name__)
# The fields that may contain an update's chat, in the order of search (Bot API, "Update").
_CHAT_PATHS = (("chat",), ("message", "chat"), ("from",), ("user",))
# The fields that are read of a message whose button was tapped in a private chat. Its text and its
# keyboard would take long to parse.
_TAPPED_FIELDS = ("message_id", "date", "chat", "reply_to_message")
# What an edit of a message may change in the words that are read of it.
_EDITED_FIELDS = ("text", "entities", "caption", "caption_entities")
INLINE_QUERY = "inline_query"
_INLINE_FIELD = b'"inline_query"'
_FROM_PEOPLE = ("message", "edited_message")
# What is read of a person's message where the rest of it cannot be parsed.
_PLAIN_FIELDS = (
    *("message_id", "date", "edit_date", "chat", "from", "sender_chat", "text", "caption"),
    *("message_thread_id", "is_topic_message", "media_group_id"),
    *("migrate_to_chat_id", "migrate_from_chat_id"),
)
_TO_PUBLISH = "/faq"
_MARKED = (("text", "entities"), ("caption", "caption_entities"))
# The range of a database's BIGINT; Telegram's own numbers have at most 52 bits.
_LARGEST = 2**63 - 1
# Characters that JSON may escape and that no database stores as text: NUL and lone surrogates.
_UNSTORABLE = re.compile(
    r"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]..", re.IGNORECASE
)
# Escapes of which some stand for hidden characters; most updates have none of them.
_ESCAPES_HIDDEN = re.compile(
    r"\\u(?:00[01789]|034f|061c|1(?:15f|160|7b[45]|80)|20[0-6]|3164|d[89a-f]|f(?:d[de]|eff|fa0|ff))"
    r"|\\[bf]",
    re.IGNORECASE,
)
_LOST = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def received(raw: Mapping[str, Any], body: str | None = None) -> Received:
    """Return the inbox row of an update; its original text is stored where it is given.

    ValueError where it has no number to confirm it by.
    """
    update_id = raw.get("update_id") if isinstance(raw, Mapping) else None
    if not _is_number(update_id) or update_id < 0:
        raise ValueError("an update without a number")
    try:
        written = body if body is not None else _written(raw)
        if _UNSTORABLE.search(written):
            written = json.dumps(_storable(raw))
        message_id, checksum = _words(raw)
    except RecursionError as error:
        raise ValueError("an update nested too deep") from error
    return Received(update_id, chat_of(raw), written, message_id, checksum)


def _words(raw: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the number of an update's message, and a checksum of what can be edited in it."""
    message = raw.get("message") or raw.get("edited_message")
    number = message.get("message_id") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not _is_number(number):
        return None, None
    words = repr([message.get(name) for name in _EDITED_FIELDS])
    return number, zlib.crc32(words.encode("utf-8", "replace"))


def _written(raw: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(raw).decode()
    except TypeError:
        # orjson does not write lone surrogates.
        return json.dumps(raw)


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return the value with strings and field names that a database can store."""
    if isinstance(value, str):
        return _LOST.sub(_REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list) else value


def numbered(batch: Sequence[Mapping[str, Any]]) -> list[Received]:
    """Return the rows of a batch; an update without a number is left out.

    No offset confirms such an update by itself: it is confirmed with the rest of the batch.
    ValueError where no update has a number.
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


def is_inline_query(raw: object) -> bool:
    """Tell whether an update is what somebody types behind the bot's name in any chat."""
    return isinstance(raw, Mapping) and INLINE_QUERY in raw


def inline_query_in(body: bytes) -> Mapping[str, Any] | None:
    """Return the update received as JSON if it is an inline query; None for any other."""
    # Of the others, none is read twice: a quote within a text is written with a backslash.
    if _INLINE_FIELD not in body:
        return None
    try:
        raw = json_text.read(body.decode())
    except ValueError:
        return None
    return raw if is_inline_query(raw) else None


def parsed(body: bytes) -> Received:
    """Return the inbox row of an update received as JSON; ValueError where it is no update."""
    text = body.decode()
    return received(json_text.read(text), text)


def understood(body: str, bot: Bot) -> Update:
    """Return a stored update as PTB's object; ValueError where an id is no number that fits.

    Characters that nobody sees are removed from all its texts: what people write, and their names,
    are shown to others.
    PTB may raise any exception on what it cannot parse. It accepts any value in the place of a
    number, but no answer could be addressed to a chat or person with such an id.
    """
    raw = json_text.read(body)
    if _ESCAPES_HIDDEN.search(body) or MAY_HIDE.search(body):
        raw = _visible(raw)
    raw = _with_captions_as_texts(_shortened(raw))
    try:
        update: Update = Update.de_json(raw, bot)
    except Exception:
        # Servers differ in what they send of a poll, a gift or a date: that is not read, and must
        # not leave the message unanswered.
        if (plain := _plain(raw)) == raw:
            raise
        update = Update.de_json(plain, bot)
    for named in (update.effective_chat, update.effective_user):
        if named is not None and not (_is_number(named.id) and named.id):
            raise ValueError("an update that names a chat or a person by something else")
    return update


def _plain(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a person's message with what is read of it only; any other update as it is."""
    messages = {kind: raw[kind] for kind in _FROM_PEOPLE if isinstance(raw.get(kind), dict)}
    return raw | {kind: _plain_message(message) for kind, message in messages.items()}


def _plain_message(message: dict[str, Any]) -> dict[str, Any]:
    plain = {name: message[name] for name in _PLAIN_FIELDS if name in message}
    if isinstance(quoted := message.get("reply_to_message"), dict):
        plain["reply_to_message"] = _plain_message(quoted)
    return plain


def _visible(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        # A text of nothing else stays a text, which is answered as one without words.
        return without_hidden(value) or (value[:1] and " ")
    if isinstance(value, dict):
        visible = {name: _visible(inner) for name, inner in value.items()}
        for words, entities in _MARKED:
            text, marks = value.get(words), visible.get(entities)
            if isinstance(text, str) and isinstance(marks, list) and text != visible[words]:
                visible[entities] = [_moved(mark, text) for mark in marks]
        return visible
    return [_visible(inner) for inner in value] if isinstance(value, list) else value


def _moved(entity: Any, text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return an entity with its place in a text whose hidden characters are gone."""
    if not isinstance(entity, dict):
        return entity
    start, length = entity.get("offset"), entity.get("length")
    if not (_is_number(start) and _is_number(length) and start >= 0 and length >= 0):
        return entity
    # Bot API, "MessageEntity": offset and length count UTF-16 code units.
    coded = text.encode("utf-16-le", "surrogatepass")
    before, until = (
        units(without_hidden(coded[: 2 * end].decode("utf-16-le", "ignore")))
        for end in (start, start + length)
    )
    return entity | {"offset": before, "length": until - before}


def _shortened(raw: dict[str, Any]) -> dict[str, Any]:
    query = raw.get("callback_query")
    if not isinstance(query, dict):
        return raw
    tapped = query.get("message")
    if not isinstance(tapped, dict) or _at(tapped, ("chat",)) != _at(query, ("from",)):
        return raw
    reduced = {name: tapped[name] for name in _TAPPED_FIELDS if name in tapped}
    return raw | {"callback_query": {**query, "message": reduced}}


def _with_captions_as_texts(raw: dict[str, Any]) -> dict[str, Any]:
    """Put the caption of a person's photo, file or recording in the place of the text it lacks.

    What somebody writes below a photo is then heard, by every handler, as if it were typed.
    """
    for kind in _FROM_PEOPLE:
        message = raw.get(kind)
        if isinstance(message, dict) and _is_captioned(message):
            typed = {"text": message["caption"], "entities": message.get("caption_entities", [])}
            raw = raw | {kind: message | typed}
    return raw


def _is_captioned(message: dict[str, Any]) -> bool:
    caption = message.get("caption")
    if not isinstance(caption, str) or not caption or message.get("text"):
        return False
    # This caption says what to do with the file below it; as a text, it would ask for the files.
    return "document" not in message or not caption.startswith(_TO_PUBLISH)


def chat_of(raw: Mapping[str, Any]) -> int:
    """Return the chat within which the update must be handled in order, or its own number."""
    for content in raw.values():
        for path in _CHAT_PATHS:
            chat_id = _at(content, path)
            if chat_id is not None:
                return chat_id
    return int(raw["update_id"])


def _at(content: object, path: tuple[str, ...]) -> int | None:
    for key in (*path, "id"):
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content if _is_number(content) else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
