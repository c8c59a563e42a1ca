"""Inline keyboards from words and typed callback data."""

from collections.abc import Iterable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from handlers.callbacks import CallbackData

# Telegram shows about this many characters of a full-width button on a phone.
LABEL_LENGTH = 60


def button(label: str, tap: CallbackData) -> InlineKeyboardButton:
    """Return a button; a label too long for a phone is cut at a word."""
    return InlineKeyboardButton(shorten(label, LABEL_LENGTH), callback_data=tap.pack())


def column(buttons: Iterable[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Return a keyboard of one button a row: readable with large text."""
    return InlineKeyboardMarkup([[one] for one in buttons])


def rows(*lines: Iterable[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """Return a keyboard of these rows; empty ones are left out."""
    return InlineKeyboardMarkup([row for line in lines if (row := list(line))])


def shorten(text: str, length: int) -> str:
    """Cut at a word, with an ellipsis, to at most ``length`` characters."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
