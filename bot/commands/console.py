"""Prints to the terminal of whoever started the program, in whatever encoding it has."""

import codecs
import json
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

# How long a command may be silent, and then how often its line is written anew, in seconds.
FIRST_WORD_SECONDS = 3.0
_TERMINAL_SECONDS, _LOG_SECONDS = 1.0, 30.0
# Takes away a terminal's line: back to its beginning, and clear to its end.
_WIPED = "\r\x1b[K"

# Characters of French texts that a terminal may lack, in a plain spelling. Accents are left out.
_PLAIN = {
    "«": '"',
    "»": '"',
    "’": "'",
    "›": ">",
    "–": "-",
    "—": "-",
    "…": "...",
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
}


def prepare() -> None:
    """Let both outputs take any text: what a terminal's encoding lacks is written plainly."""
    codecs.register_error("plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        # Tests and other programs may have put streams of their own here.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="plainly")


def say(text: str) -> None:
    """Print a result to standard output."""
    print(text, flush=True)  # noqa: T201 - the command's result


def fail(message: str) -> int:
    """Print to standard error what is wrong and what to do; return the exit code."""
    print(message, file=sys.stderr)  # noqa: T201 - the command's result
    return 1


@contextmanager
def patience(text: Callable[[int], str], *, first: float = FIRST_WORD_SECONDS) -> Iterator[None]:
    """Say on standard error that this is at work, where the block lasts over ``first`` seconds.

    ``text`` makes the line from the seconds that have passed. On a terminal one line counts them,
    and goes away at the end; elsewhere another line comes after each half minute.
    """
    is_over, began, stream = threading.Event(), time.monotonic(), sys.stderr
    rewrites = stream.isatty()

    def tell() -> None:
        pause = first
        while not is_over.wait(pause):
            line = text(round(time.monotonic() - began))
            stream.write(f"\r{line}" if rewrites else f"{line}\n")
            stream.flush()
            pause = _TERMINAL_SECONDS if rewrites else _LOG_SECONDS
        if rewrites and pause == _TERMINAL_SECONDS:
            stream.write(_WIPED)
            stream.flush()

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    try:
        yield
    finally:
        is_over.set()
        telling.join()


def dumped(value: object, output: TextIO | None = None, *, indent: int | None = None) -> str:
    """Return JSON for an output: what its encoding might lack is escaped: no value changes."""
    encoding = getattr(output or sys.stdout, "encoding", None) or "utf-8"
    is_narrow = not encoding.lower().startswith("utf")
    return json.dumps(value, ensure_ascii=is_narrow, indent=indent)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_plain(sign, error.encoding) for sign in missing), error.end


def _plain(sign: str, encoding: str) -> str:
    letters = _PLAIN.get(sign) or unicodedata.normalize("NFKD", sign)
    kept = letters.encode(encoding, "ignore").decode(encoding)
    return kept or "?"
