"""Checks calls against the machine-readable description of the Bot API (``botapi.json``).

The real API ignores unknown parameters; the preview refuses them, so that a mistake in the bot
shows on this machine.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

from bot.preview.api_errors import ApiError, bad
from bot.runtime import json_text

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


# Bot API, setWebhook: an empty address removes the webhook.
_MAY_BE_EMPTY = frozenset({"url"})


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter: its types in words, their check, and whether a string may be JSON."""

    kinds: str
    check: Check
    may_be_json: bool


@dataclass(frozen=True, slots=True)
class _Signature:
    parameters: dict[str, _Parameter]
    required: tuple[str, ...]


@cache
def description() -> dict[str, Any]:
    """Return the description of the methods and types that the preview knows."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("botapi.json").read_text("utf-8"))
    return data


def decode(method: str, raw: Values) -> Values:
    """Return a call's parameters in their types; ApiError if one breaks Telegram's rules.

    Form-encoded values arrive as strings and are decoded; JSON values already have their type. An
    empty value counts as not given.
    """
    signature = _signature(method)
    given = {name: value for name, value in raw.items() if value not in ("", None)}
    for name in signature.required:
        if name not in given and (name not in raw or name not in _MAY_BE_EMPTY):
            is_text = name == "text"
            raise bad("message text is empty" if is_text else f'parameter "{name}" is required')
    return {name: _decoded(method, signature, name, value) for name, value in given.items()}


@cache
def _signature(method: str) -> _Signature:
    fields = description()["methods"].get(method)
    if fields is None:
        raise ApiError(404, "Not Found: method not found")
    parameters = {
        name: _Parameter(" or ".join(kinds), _any_of(kinds), kinds != ["String"])
        for name, (kinds, _) in fields.items()
    }
    return _Signature(parameters, tuple(name for name, (_, needed) in fields.items() if needed))


def _decoded(method: str, signature: _Signature, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    parameter = signature.parameters.get(name)
    if parameter is None:
        raise bad(f'unknown parameter "{name}" of method {method}')
    if parameter.may_be_json and isinstance(value, str):
        parsed = _parsed(value)
        if parameter.check(parsed):
            return parsed
    if parameter.check(value):
        return value
    raise bad(f'parameter "{name}" is not of type {parameter.kinds}')


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json_text.read_strictly(text.encode())
    except ValueError:
        return None


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
