"""Reading JSON as Telegram sends it, with a fast parser where possible.

Integers beyond 64 bits, which Telegram never sends, become floats.
"""

import json
from typing import Any

import orjson


def read(content: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text; ValueError where invalid, RecursionError where too deep."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # The slower parser reads lone surrogates and NaN, and raises RecursionError for deep
        # nesting.
        return json.loads(content)
