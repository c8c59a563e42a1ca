"""Scalars as Telegram's server reads them: to it, each parameter is a text, however it was sent.

Source: the public server's Client::to_bool and HttpReader, and to_integer of the library below it
(tdlib/telegram-bot-api, tdlib/td).
"""

import json
import re
from typing import Any

_YES = frozenset({"true", "yes", "1"})
_INTEGER = re.compile(r"(-?)(\d*)")


def text_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return a parameter as its text: what is no string is the JSON that was written."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def boolean_of(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether a parameter says yes; whatever else it says is no."""
    return text_of(value).lower().strip() in _YES


def integer_of(value: Any, bits: int = 64) -> int:  # noqa: ANN401 - any JSON
    """Return the number with which a parameter begins, 0 without one; it overflows as in C++."""
    # Python refuses to read thousands of digits, of which only the remainder matters.
    found = _INTEGER.match(text_of(value))
    sign, digits = found.groups() if found else ("", "")
    number = 0
    for start in range(0, len(digits), 18):
        part = digits[start : start + 18]
        number = (number * 10 ** len(part) + int(part)) % (1 << bits)
    wrapped = number - (1 << bits) if number >= 1 << (bits - 1) else number
    return -wrapped if sign and wrapped != -(1 << (bits - 1)) else wrapped


def whole_number(text: str, bits: int = 64) -> int | None:
    """Return the number that a text is as a whole; None for anything else, such as "007"."""
    if not re.fullmatch(r"-?[1-9]\d{0,18}|0", text, re.ASCII):
        return None
    number = int(text)
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None
