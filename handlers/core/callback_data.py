"""Typed callback data: one frozen dataclass a button, packed into Telegram's 64 bytes."""

import enum
import functools
import re
from typing import Annotated, Any, ClassVar, Self, TypeAlias, get_type_hints

from telegram import Update

MAX_BYTES = 64
SEPARATOR = ":"
# Eighteen digits: any number that matches fits a BIGINT of either database.
_FIELD_PATTERNS: dict[Any, str] = {int: "-?[0-9]{1,18}", bool: "[01]", str: "[^:]*"}

# Whoever taps may send any string. A field that only takes what the bot itself makes lets no other
# string reach a handler, nor the callback data of the next buttons, where it might not fit.
ItemId: TypeAlias = Annotated[str, "[A-Za-z0-9_-]{1,48}"]
StepKey: TypeAlias = Annotated[str, "[a-z_]{1,32}"]
FormName: TypeAlias = Annotated[str, "[a-z_]{0,12}"]
ListKey: TypeAlias = Annotated[str, "[0-9a-f]{0,8}"]
SearchWords: TypeAlias = Annotated[str, "[ -9;-~]{0,30}"]


class ExpiredButtonError(Exception):
    """A button of an unknown format, made by another version of the bot."""


class CallbackData:
    """Base of all buttons: ``class ShowProject(CallbackData, prefix="p")``, then ``@dataclass``.

    ``few``: the class has few distinct values and none contains what somebody wrote, so ``pack``
    may be cached. Fields are ``int``, ``bool``, a ``StrEnum``, or ``str`` without a colon, which is
    annotated with the pattern of its values. All of it is ASCII. A new field at the end, with a
    default, keeps the buttons of older messages working.
    """

    PREFIX: ClassVar[str]
    FIELDS: ClassVar[dict[str, Any]]
    PATTERN: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls, *, prefix: str, few: bool = False) -> None:
        """Build the prefix, the fields and the pattern of this class of buttons."""
        if few:
            cls.pack = functools.lru_cache(maxsize=1024)(cls.pack)  # type: ignore[method-assign]  # binds as a function does
        cls.PREFIX = prefix
        hints = get_type_hints(cls, include_extras=True)
        cls.FIELDS = {name: kind for name, kind in hints.items() if name.islower()}
        fits = f"(?=[ -~]{{1,{MAX_BYTES}}}\\Z)"
        cls.PATTERN = re.compile(f"{fits}{re.escape(prefix)}{cls._fields_pattern()}\\Z")

    @classmethod
    def _fields_pattern(cls) -> str:
        pattern = ""
        for name, kind in reversed(cls.FIELDS.items()):
            pattern = SEPARATOR + _pattern(kind) + pattern
            if hasattr(cls, name):
                pattern = f"(?:{pattern})?"
        return pattern

    def pack(self) -> str:
        """Return the string for Telegram; ValueError if it exceeds 64 bytes or is not ASCII."""
        values = (getattr(self, name) for name in self.FIELDS)
        packed = SEPARATOR.join((self.PREFIX, *(_pack(value) for value in values)))
        if len(packed.encode()) > MAX_BYTES:
            raise ValueError(f"callback data over {MAX_BYTES} bytes: {packed!r}")
        if not packed.isascii():
            raise ValueError(f"callback data that is not ASCII: {packed!r}")
        return packed

    @classmethod
    def unpack(cls, data: str) -> Self:
        """Return the button that was packed; raise ExpiredButtonError for any other string."""
        if not cls.PATTERN.match(data):
            raise ExpiredButtonError(data)
        values = data.split(SEPARATOR)[1:]
        try:
            fields = {
                name: _unpack(kind, value)
                for (name, kind), value in zip(cls.FIELDS.items(), values, strict=False)
            }
        except ValueError as error:
            raise ExpiredButtonError(data) from error
        return cls(**fields)

    @classmethod
    def of(cls, update: Update) -> Self:
        """Return the button tapped in this update."""
        query = update.callback_query
        if query is None or query.data is None:
            raise ExpiredButtonError("no callback data")
        return cls.unpack(query.data)


def _pack(value: object) -> str:
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if SEPARATOR in text:
        raise ValueError(f"callback data field with a colon: {text!r}")
    return text


def _pattern(kind: Any) -> str:  # noqa: ANN401 - an annotation, of which typing has no type
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "(?:" + "|".join(re.escape(str(member)) for member in kind) + ")"
    annotated = getattr(kind, "__metadata__", ())
    return annotated[0] if annotated else _FIELD_PATTERNS[kind]


def _unpack(kind: Any, value: str) -> object:  # noqa: ANN401 - as above
    if kind is bool:
        return value == "1"
    return kind(value) if isinstance(kind, type) else value
