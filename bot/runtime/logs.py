"""Logging: one line an event, never a message text, a contact or the token.

Discretion does not depend on who writes a line. Only this program's own lines are logged as
written. A library's line is replaced by its place in the source. An exception is reduced to its
type and where it was raised. What people write could reach a log only through those two.
"""

import asyncio
import logging
import sys
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO, TypeAlias

from pythonjsonlogger.json import JsonFormatter

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)

OUR_PACKAGES = ("bot", "handlers", "knowledge", "storage")
_TEXT = "%(asctime)s %(levelname)-7s %(name)s%(about)s: %(message)s"
_ABOUT: ContextVar[dict[str, int | str]] = ContextVar("about", default={})  # noqa: B039 - never changed in place


class LogFormat(StrEnum):
    """The format of log lines: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


def set_up(
    level: str, secrets: Collection[str] = (), form: LogFormat = LogFormat.TEXT
) -> "logging.StreamHandler[TextIO]":
    """Log to standard error, with these secrets removed wherever they appear."""
    handler = logging.StreamHandler()
    formatter = _Lines(secrets) if form is LogFormat.TEXT else _Objects(secrets)
    handler.setFormatter(formatter)
    # Libraries log from WARNING on, whatever the level of our own lines.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in OUR_PACKAGES:
        logging.getLogger(package).setLevel(level)
    sys.excepthook = _tell_uncaught
    return handler


@contextmanager
def unheard() -> Iterator[None]:
    """Log nothing while no logs are set up: Python would print the records unfiltered."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def now_about(**names: int | str) -> None:
    """Add fields to all further lines of this task: ``update=12``, ``outbox=34``."""
    _ABOUT.set(_ABOUT.get() | names)


def catch_forgotten(loop: asyncio.AbstractEventLoop) -> None:
    """Log unhandled task errors by their type: asyncio would log the exception's text."""
    loop.set_exception_handler(_tell_forgotten)


def describe(error: BaseException) -> str:
    """Return an exception's type, place and causes; its text only for our own exceptions."""
    parts = [_described(error)]
    seen = {id(error)}
    while (cause := _cause(error)) is not None and id(cause) not in seen:
        error = cause
        seen.add(id(error))
        parts.append(f"because of {_described(error)}")
    return "\n".join(parts)


def _described(error: BaseException) -> str:
    frames = [
        f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-30)
    ]
    return "\n".join([_named(error), *frames])


def _named(error: BaseException) -> str:
    kind = type(error)
    if _is_ours(kind.__module__):
        return f"{kind.__name__}: {error}"
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OUR_PACKAGES


def _short(path: str) -> str:
    return "/".join(PurePath(path).parts[-2:])


def _discreet(record: logging.LogRecord) -> logging.LogRecord:
    """Return the record without anything that a person may have written to the bot."""
    discreet = logging.makeLogRecord(record.__dict__)
    if _is_ours(record.name):
        if isinstance(record.args, tuple):
            discreet.args = tuple(_argument(value) for value in record.args)
    else:
        discreet.msg = f"{_short(record.pathname)}:{record.lineno} in {record.funcName}"
        discreet.args = ()
    discreet.exc_text = discreet.stack_info = None
    names = _ABOUT.get()
    discreet.about = "".join(f" {name}={value}" for name, value in names.items())
    discreet.names = names
    return discreet


def _argument(value: object) -> object:
    return _named(value) if isinstance(value, BaseException) else value


def _tell_forgotten(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    logging.getLogger(__name__).error(
        "asyncio: a task or a callback failed, and nobody waited for it", exc_info=error
    )


def _tell_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(__name__).critical("the program fails", exc_info=error)


class _Lines(logging.Formatter):
    """A line for people."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__(_TEXT)
        self._secrets = secrets

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        """Return the description of an exception."""
        return describe(ei[1]) if ei[1] else ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without secrets."""
        return _redacted(super().format(_discreet(record)), self._secrets)


class _Objects(JsonFormatter):
    """A JSON object for programs: ``timestamp``, ``level``, ``logger``, ``message``, ``error``."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "error"},
            reserved_attrs=[*logging.makeLogRecord({}).__dict__, "message", "about", "names"],
            timestamp=True,
            exc_info_as_array=True,
            json_ensure_ascii=False,
        )
        self._secrets = secrets

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add the fields of the task: ``update``, ``outbox``."""
        super().add_fields(log_data, record, message_dict)
        log_data.update(getattr(record, "names", {}))

    def formatException(self, ei: ExcInfo) -> list[str]:  # type: ignore[override]  # noqa: N802 - logging's name; the library's own returns lines too
        """Return the description of an exception, a line an element."""
        return describe(ei[1]).splitlines() if ei[1] else []

    def format(self, record: logging.LogRecord) -> str:
        """Return the object without secrets."""
        return _redacted(super().format(_discreet(record)), self._secrets)


def _redacted(line: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        line = line.replace(secret, "<secret>")
    return line
