"""Serialises JSON columns in the same way on both databases."""

import json
from collections.abc import Callable
from typing import Any, TypedDict

import orjson


class JsonColumns(TypedDict):
    """The arguments of SQLAlchemy's ``create_engine`` for JSON columns."""

    json_serializer: Callable[[Any], str]
    json_deserializer: Callable[[str], Any]


def _dumped(value: object) -> str:
    return orjson.dumps(value).decode()


def _loaded(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text; None where it is none.

    A query reads many rows: one that is spoilt must not keep the others from being read. What needs
    its value fails by itself, and is set aside.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            # This parser reads lone surrogates, NaN and deeper nesting too.
            return _writable(json.loads(text))
        except (ValueError, RecursionError):
            return None


def _writable(value: object) -> Any:  # noqa: ANN401 - as above
    """Replace lone surrogates, which neither a call to Telegram nor a database could hold."""
    written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(written.decode("utf-16", "replace"))


JSON_COLUMNS: JsonColumns = {"json_serializer": _dumped, "json_deserializer": _loaded}
