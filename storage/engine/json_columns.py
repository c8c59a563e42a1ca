"""Serialises JSON columns in the same way on both databases."""

from collections.abc import Callable
from typing import Any, TypedDict

import orjson


class JsonColumns(TypedDict):
    """The arguments of SQLAlchemy's ``create_engine`` for JSON columns."""

    json_serializer: Callable[[Any], str]
    json_deserializer: Callable[[str], Any]


def _dumped(value: object) -> str:
    return orjson.dumps(value).decode()


JSON_COLUMNS: JsonColumns = {"json_serializer": _dumped, "json_deserializer": orjson.loads}
