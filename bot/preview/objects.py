"""The objects within a call (a keyboard, a reply, a scope), as Telegram's server reads them.

Stricter than the parameters themselves: a truth is no text here. A field that the server does not
know is left out, and told to whoever keeps an account of that.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from bot.preview.botapi import description
from bot.preview.scalars import text_of, whole_number

# Told of the names that are not read.
Ignored = Callable[[str], None]
Fields = dict[str, tuple[list[str], bool]]

# The server says within what it found the fault.
_WITHIN = {
    "InlineKeyboardButton": "Can't parse inline keyboard button: ",
    "KeyboardButton": "Can't parse keyboard button: ",
    "BotCommand": "Can't parse BotCommand: ",
    "BotCommandScope": "Can't parse BotCommandScope: ",
    "InlineQueryResult": "Can't parse InlineQueryResult: ",
    "MessageEntity": "Can't parse MessageEntity: ",
}
# What an object stands for, where the server's word is not "an Object".
_EXPECTED = {
    "InlineKeyboardButton": "InlineKeyboardButton must be an Object",
    "KeyboardButton": "KeyboardButton must be an Object",
    "BotCommandScope": "BotCommandScope must be an Object",
}
_BOOLEANS = frozenset({"Boolean", "True"})
_SCALARS = _BOOLEANS | {"Integer", "Float", "String"}
# An empty text of these says something; elsewhere it is the same as none.
_MAY_BE_EMPTY = "switch_inline_query"


class FaultError(Exception):
    """What the server says of an object that it cannot read."""


def read(value: Any, kind: str, name: str, ignored: Ignored) -> Any:  # noqa: ANN401 - any JSON
    """Return a value of a Bot API type; FaultError in the server's words if it is none."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise FaultError(f'Field "{name}" must be of type Array')
        inner = kind.removeprefix("Array of ")
        return [read(each, inner, name, ignored) for each in value]
    if kind in _SCALARS:
        return _scalar(value, kind, name)
    try:
        return _object(value, kind, ignored)
    except FaultError as fault:
        raise FaultError(_WITHIN.get(kind, "") + str(fault)) from fault


def read_any(value: Any, kinds: list[str], name: str, ignored: Ignored) -> Any:  # noqa: ANN401 - any JSON
    """Return a value of the first of several types whose required fields it has."""
    return read(value, _fitting(value, kinds), name, ignored)


def _fitting(value: Any, kinds: list[str]) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, dict) and len(kinds) > 1:
        for kind in kinds:
            required = {n for n, (_, needed) in _fields(kind).items() if needed}
            if required <= value.keys():
                return kind
    if kinds == ["Integer", "String"]:
        return "String" if isinstance(value, str) and whole_number(value) is None else "Integer"
    return kinds[0]


def _scalar(value: Any, kind: str, name: str) -> Any:  # noqa: ANN401 - any JSON
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in _BOOLEANS:
        if isinstance(value, bool):
            return value
        raise FaultError(f'Field "{name}" must be of type Boolean')
    if kind == "String":
        if is_number or isinstance(value, str):
            return text_of(value)
        raise FaultError(f'Field "{name}" must be of type String')
    if kind == "Float":
        if is_number:
            return value
        raise FaultError(f'Field "{name}" must be of type Number')
    if not is_number and not isinstance(value, str):
        raise FaultError(f'Field "{name}" must be a Number')
    number = whole_number(text_of(value))
    if number is None:
        raise FaultError(f'Field "{name}" must be a valid Number')
    return number


def _object(value: Any, kind: str, ignored: Ignored) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    if kind == "KeyboardButton" and isinstance(value, str):
        # Bot API, KeyboardButton: the text alone stands for a button without more.
        return {"text": value}
    if not isinstance(value, dict):
        raise FaultError(_EXPECTED.get(kind, "expected an Object"))
    subtypes = description()["types"][kind]["subtypes"]
    if subtypes:
        return _object(value, _subtype(value, kind, subtypes), ignored)
    fields = _fields(kind)
    for name, (_, needed) in fields.items():
        if needed and name not in value:
            raise FaultError(f'Can\'t find field "{name}"')
    for name in value.keys() - fields.keys():
        ignored(f"{kind}.{name}")
    known = {name: each for name, each in value.items() if name in fields}
    return {
        name: read_any(each, fields[name][0], name, ignored)
        for name, each in known.items()
        if each != "" or fields[name][1] or name.startswith(_MAY_BE_EMPTY)
    }


def _subtype(value: dict[str, Any], kind: str, subtypes: list[str]) -> str:
    """Return the subtype that the field ``type`` names: its own name ends with it."""
    if len(subtypes) == 1 and "type" not in _fields(subtypes[0]):
        return subtypes[0]
    if "type" not in value:
        raise FaultError('Can\'t find field "type"')
    named = kind + "".join(map(str.title, str(value["type"]).split("_")))
    if named not in subtypes:
        raise FaultError("Unsupported type specified")
    return named


@cache
def _fields(kind: str) -> Fields:
    fields: Fields = description()["types"][kind]["fields"] if kind not in _SCALARS else {}
    return fields
