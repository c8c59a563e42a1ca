"""What people write to such a bot, whatever it is about.

A text that asks for nothing that the knowledge holds still is nearer to some entries than to
others: to those with long answers, or with everyday words. What a sample of such texts reaches of
an entry any text reaches, and it is no sign that the entry is asked for.
``python -m benchmarks.background`` takes the sample from the shipped examples out of scope.
"""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


@cache
def background() -> tuple[str, ...]:
    """Return the texts, one a line of the file."""
    return tuple(FILE.read_text("utf-8").splitlines())
