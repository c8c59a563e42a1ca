"""The courtesies around a question: greetings before it, thanks after it."""

import re
from collections.abc import Set as AbstractSet

from knowledge.text.normalise import normalise
from knowledge.text.word_lists import wording

_Words = tuple[str, ...]
# What stands before a colon, a comma or a stop, and what follows.
_BEGINNING = re.compile(r"\s*([^:,.!;?\n\u2026]{1,60})[:,.!;\u2026]+\s+(?=\S+\s+\S)")
_MOST_BEGINNINGS = 3


def without_introduction(message: str) -> str:
    """Return a message without the words that only announce it: "Alors voilà, 2 questions : …".

    What is left has two words at least; a message that is nothing else is left as it is.
    """
    for _ in range(_MOST_BEGINNINGS):
        found = _BEGINNING.match(message)
        if found is None or not _announces(normalise(found[1])):
            break
        message = message[found.end() :]
    return message


def _announces(words: str) -> bool:
    known = wording().announcing
    return bool(words) and all(word.isdigit() or word in known for word in words.split())


def without_courtesies(message: str) -> str:
    """Return a normalised message without its courtesies; empty when it holds nothing else."""
    words, phrases = tuple(message.split()), wording()
    greeted = False
    while words:
        greeting = _at_start(words, phrases.greetings)
        size = (
            greeting
            or _at_start(words, phrases.openings)
            or (greeted and _at_start(words, phrases.after_greetings))
        )
        if not size:
            break
        greeted = greeted or bool(greeting)
        words = words[size:]
    while size := _at_end(words, phrases.closings):
        words = words[:-size]
    return " ".join(words)


def _at_start(words: _Words, phrases: AbstractSet[_Words]) -> int:
    """Return the number of words of the longest phrase that the words begin with, or 0."""
    sizes = (size for size in range(_longest(phrases), 0, -1) if words[:size] in phrases)
    return next(sizes, 0)


def _at_end(words: _Words, phrases: AbstractSet[_Words]) -> int:
    sizes = (size for size in range(_longest(phrases), 0, -1) if words[-size:] in phrases)
    return next(sizes, 0)


def _longest(phrases: AbstractSet[_Words]) -> int:
    return max(map(len, phrases), default=0)
