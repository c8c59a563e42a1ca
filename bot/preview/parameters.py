"""The parameters of a call, as Telegram's server reads them in whatever way they were sent.

What it does not know it ignores. The preview does so too, and keeps an account of it: a misspelt
parameter of the bot would otherwise show nowhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.datastructures import UploadFile

from bot.preview.album import read_album
from bot.preview.api_errors import ApiError, bad
from bot.preview.botapi import Values, description
from bot.preview.objects import FaultError, read_any
from bot.preview.scalars import boolean_of, integer_of, text_of
from bot.runtime import json_text

_ATTACHED = "attach://"
# The server reads these as numbers of 64 bits, all others as numbers of 32.
_LONG = frozenset({"user_id", "chat_id", "direct_messages_topic_id"})
# By parameter: how the server names it where it is no JSON, and what it expects in it.
_WORDS = {
    "reply_markup": ("reply keyboard markup", "Object expected as reply markup"),
    "reply_parameters": ("reply parameters", "Object expected as reply parameters"),
    "link_preview_options": ("link preview options", "Object expected as link preview options"),
    "results": ("inline query results", "Expected an Array of inline query results"),
    "button": ("inline query results button", "Object expected as inline query results button"),
    "commands": ("commands", "Expected an Array of BotCommand"),
    "suggested_post_parameters": (
        "suggested post parameters",
        "Object expected as suggested post parameters",
    ),
    "scope": (
        "BotCommandScope",
        "Can't parse BotCommandScope: BotCommandScope must be an Object",
    ),
}
# What cannot be read as a list counts as not given.
_LENIENT = frozenset({"entities", "caption_entities", "allowed_updates"})
# By these a markup is known.
_MARKUPS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
# Former names that the server still understands, beside the present one.
_FORMER: dict[str, dict[str, str]] = {
    "reply_parameters": {
        "reply_to_message_id": "Integer",
        "allow_sending_without_reply": "Boolean",
    },
    "link_preview_options": {"disable_web_page_preview": "Boolean"},
    "thumbnail": {"thumb": "InputFile"},
}


@dataclass(slots=True)
class Arguments:
    """What a call brought: values (a text, or JSON), and files by the name of their field."""

    values: Mapping[str, Any]
    files: Mapping[str, UploadFile] = field(default_factory=dict)


@dataclass(slots=True)
class Decoded:
    """The parameters in their types, and what was not read: names of parameters and fields."""

    values: Values
    ignored: list[str]


def decode(method: str, given: Arguments) -> Decoded:
    """Return a call's parameters; ApiError in the server's words if it cannot read one."""
    signature = _signature(method)
    ignored = [name for name in given.values if name not in signature]
    values: Values = {}
    for name, kinds in signature.items():
        value = _value(name, kinds, given, ignored)
        if value is not None:
            values[name] = value
    return Decoded(_without_former_names(given, values), ignored)


@cache
def _signature(method: str) -> dict[str, list[str]]:
    fields = description()["methods"].get(method)
    if fields is None:
        raise ApiError(404, "Not Found: method not found")
    present = {name: list(kinds) for name, (kinds, _) in fields.items()}
    former = {n: [kind] for name in present for n, kind in _FORMER.get(name, {}).items()}
    return present | former


def _value(name: str, kinds: list[str], given: Arguments, ignored: list[str]) -> Any:  # noqa: ANN401 - any JSON
    """Return one parameter in its type; None where it was not given: an empty text is none."""
    value = given.values.get(name, "")
    if "InputFile" in kinds:
        return _file(name, kinds, text_of(value), given.files)
    if value == "":
        return None
    if scalar := _SCALARS.get(" or ".join(kinds)):
        return scalar(name, value)
    value = _as_json(name, value)
    if name == "media":
        return read_album(value, given.files, ignored.append)
    return _from_json(name, kinds, value, ignored)


def _chat_id(_name: str, value: Any) -> int | str:  # noqa: ANN401 - any JSON
    text = text_of(value)
    return text if text.startswith("@") else integer_of(text)


# How the server reads a parameter that holds no JSON, by its types.
_SCALARS: dict[str, Callable[[str, Any], Any]] = {
    "Boolean": lambda _name, value: boolean_of(value),
    "Integer": lambda name, value: integer_of(value, 64 if name in _LONG else 32),
    "String": lambda _name, value: text_of(value),
    "Integer or String": _chat_id,
}


def _file(
    name: str, kinds: list[str], text: str, files: Mapping[str, UploadFile]
) -> UploadFile | str | None:
    """Return the upload that stands in a field, or that it names; or a file_id where it may."""
    if text.startswith(_ATTACHED):
        return files.get(text.removeprefix(_ATTACHED))
    if text and "String" in kinds and name != "thumbnail":
        return text
    return files.get(name)


def _as_json(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what a parameter holds; None for a list that cannot be read and need not be."""
    if not isinstance(value, str):
        return value
    try:
        return json_text.read_strictly(value.encode())
    except ValueError as error:
        if name in _LENIENT:
            return None
        raise bad(f"can't parse {_words(name)[0]} JSON object") from error


def _words(name: str) -> tuple[str, str]:
    return _WORDS.get(name, (name, f"Object expected as {name}"))


def _from_json(name: str, kinds: list[str], value: Any, ignored: list[str]) -> Any:  # noqa: ANN401 - any JSON
    is_list = kinds[0].startswith("Array of ")
    if not isinstance(value, list if is_list else dict):
        if name in _LENIENT:
            return None
        raise bad(_lowered(_words(name)[1]))
    if name == "allowed_updates":
        return value if all(isinstance(each, str) for each in value) else None
    if name == "reply_markup" and not _is_markup(value):
        return None
    return _read(name, kinds, value, ignored)


def _is_markup(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether an object asks for any markup: the server takes another one for none."""
    return any(value.get(name, False) not in (False, []) for name in _MARKUPS)


def _read(name: str, kinds: list[str], value: Any, ignored: list[str]) -> Any:  # noqa: ANN401 - any JSON
    if value == {}:
        return None
    if kinds == ["InlineKeyboardMarkup"] and "inline_keyboard" not in value:
        # An edited message may have no other markup.
        raise bad("inline keyboard expected")
    try:
        return read_any(value, kinds, name, ignored.append)
    except FaultError as fault:
        raise bad(_lowered(str(fault))) from fault


def _without_former_names(given: Arguments, values: Values) -> Values:
    """Say by the present names what was said by former ones; the present name wins."""
    quoted = values.pop("reply_to_message_id", 0)
    may_lack = values.pop("allow_sending_without_reply", False)
    if quoted > 0 and "reply_parameters" not in given.values:
        quote = {"message_id": quoted, "allow_sending_without_reply": may_lack}
        values["reply_parameters"] = quote
    if values.pop("disable_web_page_preview", False):
        values.setdefault("link_preview_options", {"is_disabled": True})
    former = values.pop("thumb", None)
    if former is not None:
        values.setdefault("thumbnail", former)
    return values


def _lowered(words: str) -> str:
    """Begin with a small letter, as the server does unless an abbreviation begins the words."""
    second = words[1:2]
    return words if second == "_" or second.isupper() else words[:1].lower() + words[1:]
