"""What is wrong with settings, in words that never quote a value; and how their file is written."""

import codecs
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from bot.messages import TEXT
from storage.engine.errors import AddressError


class SettingsError(Exception):
    """All mistakes in the settings: one French line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def encoding_of(file: Path) -> str:
    """Return how a settings file is written: UTF-8, or what Windows' Notepad may save instead.

    Raises SettingsError where the file cannot be read.
    """
    try:
        content = file.read_bytes() if file.is_file() else b""
    except OSError:
        content = None
    found = None if content is None else next(_encodings(content), None)
    if found is None:
        raise SettingsError((TEXT.label("bad_settings_file", file=file),))
    return found


def _encodings(content: bytes) -> Iterator[str]:
    """Yield the encodings that a settings file can be read in, the likeliest first."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        likely = ["utf-16"]
    elif b"\0" in content:
        likely = ["utf-16-le", "utf-16-be"] if content[1:2] == b"\0" else ["utf-16-be"]
    else:
        # Windows-1252 lacks five bytes, which Latin-1 has.
        likely = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in likely:
        with suppress(UnicodeDecodeError):
            content.decode(encoding)
            yield encoding


def lacking(name: str) -> str:
    """Return the line for a setting that others need, and that is missing or does not fit."""
    remedy = TEXT.label(f"no_{name}", fresh=secrets.token_urlsafe(32))
    return TEXT.label("bad_setting", variable=name.upper(), remedy=remedy)


def in_words(error: ValidationError) -> list[str]:
    """Return a line for each mistake: the variable and what it must be, never its value."""
    lines = []
    for problem in error.errors(include_input=False):
        variable = str(problem["loc"][0]).upper()
        remedy = _remedy(variable, problem.get("ctx", {}).get("error"))
        lines.append(TEXT.label("bad_setting", variable=variable, remedy=remedy))
    return lines


def _remedy(variable: str, reason: object) -> str:
    if isinstance(reason, AddressError):
        return TEXT.label(f"bad_database_{reason.fault}", option=reason.option)
    return TEXT.label(str(reason) if str(reason) in TEXT.names else f"bad_{variable.lower()}")
