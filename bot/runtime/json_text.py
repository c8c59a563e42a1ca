"""JSON as Telegram sends it, read fast where that is possible.

Whole numbers beyond 64 bits, which Telegram has none of, come as floating ones.
"""

import json
from typing import Any

import orjson


def read(content: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return what a JSON text says; ValueError where it is none, RecursionError where too deep."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # Halves of characters, and what is no number; of what is too deep, it says so.
        return json.loads(content)
