"""The addresses that a text may hide, as Telegram's server reads them.

Source: LinkManager and FormattedDate of tdlib/td.
"""

import re
from typing import Any

from bot.preview.api_errors import ApiError, bad
from bot.preview.scalars import whole_number

Entity = dict[str, Any]
_LINK = re.compile(r"(?:https?|tg|tonsite|mailto|tel):\S+|[^\s/:]+\.[^\s/:]{2,}\S*", re.IGNORECASE)
_USER_LINK = re.compile(r"tg:(?://)?user/?\?(?:[^#]*&)?id=\d+(?:[&#].*)?", re.IGNORECASE)
_DATE_FORMAT = re.compile(r"[rR]|[tTdDwW]*")


def hidden_link(address: str) -> Entity | None:
    """Return the ``url`` field of a link; None for an address that Telegram silently ignores."""
    if _USER_LINK.fullmatch(address) or not _LINK.fullmatch(address):
        return None
    return {"url": address if ":" in address else f"http://{address}"}


def custom_emoji(number: str) -> Entity:
    """Return the field of a custom emoji; ApiError if that is no number of one."""
    if not whole_number(number):
        raise unparsable("Invalid custom emoji identifier specified")
    return {"custom_emoji_id": number}


def formatted_date(seconds: int, layout: str) -> Entity | None:
    """Return the fields of a date, None without one; ApiError for a layout that nobody knows."""
    if not _DATE_FORMAT.fullmatch(layout):
        raise unparsable("Invalid date format used")
    if seconds <= 0:
        return None
    shown = {"unix_time": seconds} | ({"date_time_format": layout} if layout else {})
    return {"type": "date_time"} | shown


def emoji_or_date(address: str) -> Entity:
    """Return what ``tg://emoji`` and ``tg://time`` stand for; ApiError for any other address."""
    try:
        fields = _fields(address, "emoji")
        if fields is not None:
            return custom_emoji(fields.get("id", ""))
        fields = _fields(address, "time") or {}
        entity = formatted_date(
            whole_number(fields.get("unix", ""), 32) or 0, fields.get("format", "")
        )
    except ApiError:
        entity = None
    if entity is None:
        raise unparsable("Invalid tg://emoji or tg://time URL specified")
    return entity


def unparsable(reason: str) -> ApiError:
    """Return the refusal of a text whose formatting cannot be read."""
    return bad(f"can't parse entities: {reason}")


def _fields(address: str, host: str) -> dict[str, str] | None:
    """Return the parameters of a ``tg:`` address of a host; None for other addresses."""
    match = re.fullmatch(rf"tg:(?://)?{host}/?\?([^#]*)(?:#.*)?", address, re.IGNORECASE)
    if not match:
        return None
    # As the server does, take the first of a name, and leave "%" and "+" as they are.
    pairs = [part.partition("=") for part in match[1].split("&")]
    return {name: value for name, _, value in reversed(pairs)}
