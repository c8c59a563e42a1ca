"""How JSON columns are written and read: the same on both databases."""

from collections.abc import Callable
from typing import Any, TypedDict

import orjson


class JsonColumns(TypedDict):
    """What an engine takes of it."""

    json_serializer: Callable[[Any], str]
    json_deserializer: Callable[[str], Any]


def _written(value: object) -> str:
    return orjson.dumps(value).decode()


JSON_COLUMNS: JsonColumns = {"json_serializer": _written, "json_deserializer": orjson.loads}
