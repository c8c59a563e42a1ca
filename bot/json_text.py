"""JSON as Telegram sends it: read fast where that is possible, and whatever it holds."""

import json
from typing import Any

import orjson


def read(content: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return what a JSON text says; ValueError where it is none, RecursionError where too deep."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # Halves of characters, and depths that orjson refuses.
        return json.loads(content)
