"""The command line: run and look after the bot, check and try what it knows."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from bot.command_line import parser
from bot.commands.console import fail, prepare
from bot.messages import TEXT
from bot.settings import SettingsError

_OURS = {"bot", "handlers", "knowledge", "storage", "website"}
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (0 done, 1 problems to correct, 2 wrong usage)."""
    prepare()
    options = parser().parse_args(arguments)
    command: Command = options.command
    try:
        with _private_files():
            return command(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the output closed the pipe (`| head`); Python would complain at exit.
        _say_no_more(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001 - Python's own report would quote settings
        return _fail_by(error)


@contextmanager
def _private_files() -> Iterator[None]:
    """Let what is written meanwhile be its owner's alone: it may name people."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _fail_by(error: Exception) -> int:
    """Say what stopped the command, and quote nothing but the names of files."""
    match error:
        case SettingsError():
            message = TEXT.label("settings_wrong", problems=error.problems)
        case OSError(errno=int()):
            message = TEXT.label("system_refuses", file=error.filename, reason=error.strerror)
        case ImportError(name=str(name)) if name.partition(".")[0] not in _OURS:
            message = TEXT.label("package_missing", name=name, python=sys.executable)
        case _ if sys.excepthook is not sys.__excepthook__:
            # Logs are set up: their hook tells the error, and quotes as little of it.
            sys.excepthook(type(error), error, error.__traceback__)
            return 1
        case _:
            from bot.runtime.logs import describe  # noqa: PLC0415 - seldom needed

            message = TEXT.label("unexpected", detail=describe(error))
    try:
        return fail(message)
    except OSError:
        # Nothing more can be written, not even that.
        return 1
    finally:
        _close(sys.stdout)


def _close(stream: TextIO) -> None:
    """Write what is left of an output; give it up where that fails, or Python would complain."""
    try:
        stream.flush()
    except OSError:
        _say_no_more(stream)


def _say_no_more(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
