"""Saying things to whoever started the program."""

import sys


def say(text: str) -> None:
    """Say it where results go."""
    print(text, flush=True)  # noqa: T201 - the program speaks to who started it


def fail(message: str) -> int:
    """Say what is wrong and what to do, where errors go; return the exit code."""
    print(message, file=sys.stderr)  # noqa: T201 - the program speaks to who started it
    return 1
