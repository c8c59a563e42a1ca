"""Typed callback data: one frozen dataclass a button, packed into Telegram's 64 bytes."""

import enum
import functools
import re
from typing import ClassVar, Self, get_type_hints

from telegram import Update

MAX_BYTES = 64
SEPARATOR = ":"
_FIELD_PATTERNS: dict[type, str] = {int: r"-?\d{1,18}", bool: "[01]", str: "[^:]*"}


class ExpiredButtonError(Exception):
    """A button of an unknown format, made by another version of the bot."""


class CallbackData:
    """Base of all buttons: ``class ShowProject(CallbackData, prefix="p")``, then ``@dataclass``.

    ``few``: the class has few distinct values and none contains what somebody wrote, so ``pack``
    may be cached. Fields are ``str`` (without a colon), ``int``, ``bool`` or a ``StrEnum``. A new
    field at the end, with a default, keeps the buttons of older messages working.
    """

    PREFIX: ClassVar[str]
    FIELDS: ClassVar[dict[str, type]]
    PATTERN: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls, *, prefix: str, few: bool = False) -> None:
        """Build the prefix, the fields and the pattern of this class of buttons."""
        if few:
            cls.pack = functools.lru_cache(maxsize=1024)(cls.pack)  # type: ignore[method-assign]  # binds as a function does
        cls.PREFIX = prefix
        cls.FIELDS = {name: kind for name, kind in get_type_hints(cls).items() if name.islower()}
        cls.PATTERN = re.compile(f"^{re.escape(prefix)}{cls._fields_pattern()}$")

    @classmethod
    def _fields_pattern(cls) -> str:
        pattern = ""
        for name, kind in reversed(cls.FIELDS.items()):
            pattern = SEPARATOR + _pattern(kind) + pattern
            if hasattr(cls, name):
                pattern = f"(?:{pattern})?"
        return pattern

    def pack(self) -> str:
        """Return the string for Telegram; raise ValueError if it exceeds 64 bytes."""
        values = (getattr(self, name) for name in self.FIELDS)
        packed = SEPARATOR.join((self.PREFIX, *(_pack(value) for value in values)))
        if len(packed.encode()) > MAX_BYTES:
            raise ValueError(f"callback data over {MAX_BYTES} bytes: {packed!r}")
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


def _pattern(kind: type) -> str:
    if issubclass(kind, enum.Enum):
        return "(?:" + "|".join(re.escape(str(member)) for member in kind) + ")"
    return _FIELD_PATTERNS[kind]


def _unpack(kind: type, value: str) -> object:
    return value == "1" if kind is bool else kind(value)
