"""The content of messages: texts and keyboards, within Telegram's limits."""

import re
from typing import Any

from bot.preview.api_errors import bad
from bot.preview.formatting import parse
from knowledge.text.length import units

Values = dict[str, Any]

# Bot API, sendMessage, sendDocument and InlineKeyboardButton: UTF-16 units, bytes, buttons.
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
# Bytes, of which the server does not even look at more.
_LARGEST_TEXT = 1 << 15
LONGEST_DATA_BYTES = 64
LONGEST_COPY = 256
MOST_BUTTONS = 100
WIDEST_ROW = 8
_NO_KIND = frozenset({"text", "icon_custom_emoji_id", "style"})
_BUTTON_URL = re.compile(r"(?:https?://|tg://)?[^\s/]+\.[^\s/]{2,}(?:/\S*)?|tg://\S+|http://\S+")


def chat_of(values: Values) -> int:
    """Return the chat id of a call; ApiError without one."""
    chat_id = values.get("chat_id")
    if chat_id is None:
        raise bad("chat_id is empty")
    if isinstance(chat_id, int):
        return chat_id
    raise bad("chat not found")


def message_of(values: Values) -> int:
    """Return the message id of a call; ApiError without one."""
    if values.get("message_id", 0) <= 0:
        raise bad("message identifier is not specified")
    return int(values["message_id"])


def text_of(values: Values) -> Values:
    """Return the ``text`` and ``entities`` of a message."""
    text = values.get("text", "")
    if len(text.encode("utf-8", "replace")) > _LARGEST_TEXT:
        raise bad("text is too long")
    shown, entities = parse(text, values.get("parse_mode"), values.get("entities"))
    if not shown:
        raise bad("message text is empty")
    if units(shown) > LONGEST_TEXT:
        raise bad("message is too long")
    return {"text": shown} | ({"entities": entities} if entities else {})


def caption_of(values: Values) -> Values:
    """Return the ``caption`` and ``caption_entities`` of a message; empty without a caption."""
    given = values.get("caption", ""), values.get("parse_mode"), values.get("caption_entities")
    shown, entities = parse(*given)
    if units(shown) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    caption = {"caption": shown} if shown else {}
    return caption | ({"caption_entities": entities} if entities else {})


def keyboard_of(values: Values) -> Values:
    """Return the inline ``reply_markup`` of a message; empty without a keyboard."""
    markup = values.get("reply_markup")
    if not markup or not markup.get("inline_keyboard"):
        return {}
    rows = [row for row in markup["inline_keyboard"] if row]
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > WIDEST_ROW for row in rows):
        raise bad("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_button(button: Values) -> None:
    if not button["text"].strip():
        raise bad("inline keyboard button text is empty")
    # Of several kinds, the address counts first; the texts and colours of a button are no kind.
    if "url" in button:
        if not _BUTTON_URL.fullmatch(button["url"]):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    elif "callback_data" in button:
        if len(button["callback_data"].encode()) > LONGEST_DATA_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    elif "copy_text" in button:
        if not 1 <= len(button["copy_text"]["text"]) <= LONGEST_COPY:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    elif button.keys() <= _NO_KIND:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
