"""Prints to the terminal of whoever started the program."""

import sys


def say(text: str) -> None:
    """Print a result to standard output."""
    print(text, flush=True)  # noqa: T201 - the command's result


def fail(message: str) -> int:
    """Print to standard error what is wrong and what to do; return the exit code."""
    print(message, file=sys.stderr)  # noqa: T201 - the command's result
    return 1
