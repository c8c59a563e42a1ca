"""Inline keyboards from words and typed callback data, as the Bot API takes them.

Plain dicts: building PTB's keyboard objects and serialising them took a tenth of the time of an
update.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from handlers.core.callback_data import CallbackData
from storage.queues.measure import cut

Button: TypeAlias = dict[str, Any]
Keyboard: TypeAlias = dict[str, list[list[Button]]]

# Telegram shows about this many characters of a full-width button on a phone.
LABEL_LENGTH = 60
# Bot API, CopyTextButton: 1 to 256 characters, taken as UTF-16 units to be safe.
LONGEST_COPY = 256


def button(label: str, tap: CallbackData) -> Button:
    """Return a button; a label too long for a phone is cut between words."""
    return {"text": shorten(label, LABEL_LENGTH), "callback_data": tap.pack()}


def copying(label: str, text: str) -> Button:
    """Return a button that copies a text, which is cut to what Telegram takes."""
    return {"text": label, "copy_text": {"text": cut(text.strip(), LONGEST_COPY, markup=False)}}


def column(buttons: Iterable[Button]) -> Keyboard:
    """Return a keyboard of one button a row: readable with large text."""
    return {"inline_keyboard": [[each] for each in buttons]}


def rows(*lines: Iterable[Button]) -> Keyboard:
    """Return a keyboard of these rows; empty ones are left out."""
    return {"inline_keyboard": [row for line in lines if (row := list(line))]}


def shorten(text: str, length: int) -> str:
    """Cut a text between words to at most ``length`` characters, ellipsis included."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
