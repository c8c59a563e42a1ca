"""Holds calls to the Bot API's own description of itself (``botapi.json``).

The real API ignores parameters that it does not know; this one refuses them, so that a slip in the
bot is found on this machine.
"""

import contextlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

from bot.preview.errors import ApiError, bad

Values = dict[str, Any]
_SCALARS: dict[str, type | tuple[type, ...]] = {
    "Integer": int,
    "Float": (int, float),
    "String": str,
    "Boolean": bool,
    "True": bool,
    "InputFile": UploadFile,
}


@cache
def description() -> dict[str, Any]:
    """Return the methods and types that the preview knows."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("botapi.json").read_text("utf-8"))
    return data


def decode(method: str, raw: Values) -> Values:
    """Return a call's parameters in their types; ApiError where Telegram's rules are broken.

    Form-encoded values arrive as strings and are decoded; JSON values come as they are.
    """
    fields = description()["methods"].get(method)
    if fields is None:
        raise ApiError(404, "Not Found: method not found")
    for name in raw:
        if name not in fields:
            raise bad(f'unknown parameter "{name}" of method {method}')
    for name, (_, required) in fields.items():
        if required and raw.get(name) in (None, ""):
            if name == "text":
                raise bad("message text is empty")
            raise bad(f'parameter "{name}" is required')
    return {name: _decoded(name, value, fields[name][0]) for name, value in raw.items()}


def _decoded(name: str, value: Any, kinds: list[str]) -> Any:  # noqa: ANN401 - any JSON
    candidates = [value]
    if isinstance(value, str) and kinds != ["String"]:
        with contextlib.suppress(ValueError):
            candidates.insert(0, json.loads(value))
    for candidate in candidates:
        for kind in kinds:
            if fits(candidate, kind):
                return candidate
    raise bad(f'parameter "{name}" is not of type {" or ".join(kinds)}')


def fits(value: Any, kind: str) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether a value is of a type of the Bot API: known fields only, all required ones."""
    if kind.startswith("Array of "):
        inner = kind.removeprefix("Array of ")
        return isinstance(value, list) and all(fits(item, inner) for item in value)
    if kind in _SCALARS:
        is_flag = kind in {"Boolean", "True"}
        return isinstance(value, _SCALARS[kind]) and isinstance(value, bool) == is_flag
    type_ = description()["types"].get(kind)
    if type_ is None or not isinstance(value, dict):
        return False
    if type_["subtypes"]:
        return any(fits(value, subtype) for subtype in type_["subtypes"])
    fields = type_["fields"]
    known = all(name in fields and _any(item, fields[name][0]) for name, item in value.items())
    return known and all(name in value for name, (_, required) in fields.items() if required)


def _any(value: Any, kinds: list[str]) -> bool:  # noqa: ANN401 - any JSON
    return any(fits(value, kind) for kind in kinds)
