"""The courtesies around a question: greetings before it, thanks after it."""

from collections.abc import Set as AbstractSet

from knowledge.text.word_lists import wording

_Words = tuple[str, ...]


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
