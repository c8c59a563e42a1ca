"""The machine-readable description of the Bot API (``botapi.json``), and what fits its types."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

Values = dict[str, Any]
Check = Callable[[Any], bool]


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_float(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_SCALARS: dict[str, Check] = {
    "Integer": _is_integer,
    "Float": _is_float,
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "True": lambda value: value is True,
    "InputFile": lambda value: isinstance(value, UploadFile),
}


@cache
def description() -> dict[str, Any]:
    """Return the description of the methods and types that the preview knows."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("botapi.json").read_text("utf-8"))
    return data


def fits(value: Any, kind: str) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether a value fits a Bot API type: all required fields, and no unknown ones."""
    return _check_of(kind)(value)


@cache
def _check_of(kind: str) -> Check:
    if kind.startswith("Array of "):
        return _all_of(_check_of(kind.removeprefix("Array of ")))
    if kind in _SCALARS:
        return _SCALARS[kind]
    type_ = description()["types"][kind]
    return _any_of(type_["subtypes"]) if type_["subtypes"] else _object_of(type_["fields"])


def _all_of(inner: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(inner, value))


def _any_of(kinds: list[str]) -> Check:
    if len(kinds) == 1:
        return _later(kinds[0])
    checks = [_later(kind) for kind in kinds]
    return lambda value: any(check(value) for check in checks)


def _later(kind: str) -> Check:
    """Return a check that is built at its first use, because types refer to each other."""
    if kind in _SCALARS:
        return _SCALARS[kind]

    def check(value: object) -> bool:
        return _check_of(kind)(value)

    return check


def _object_of(fields: dict[str, tuple[list[str], bool]]) -> Check:
    checks = {name: _any_of(kinds) for name, (kinds, _) in fields.items()}
    required = frozenset(name for name, (_, needed) in fields.items() if needed)

    def check(value: object) -> bool:
        return (
            isinstance(value, dict)
            and value.keys() >= required
            and all(name in checks and checks[name](item) for name, item in value.items())
        )

    return check
