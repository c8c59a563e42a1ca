"""What is said around a question: greetings before it, thanks after it."""

from collections.abc import Set as AbstractSet

from knowledge.text.word_lists import wording

_Words = tuple[str, ...]


def without_courtesies(said: str) -> str:
    """Return a normalised message without them; empty where there is nothing else."""
    words, known = tuple(said.split()), wording()
    greeted = False
    while words:
        greeting = _at_start(words, known.greetings)
        size = (
            greeting
            or _at_start(words, known.openings)
            or (greeted and _at_start(words, known.after_greetings))
        )
        if not size:
            break
        greeted = greeted or bool(greeting)
        words = words[size:]
    while size := _at_end(words, known.closings):
        words = words[:-size]
    return " ".join(words)


def _at_start(words: _Words, phrases: AbstractSet[_Words]) -> int:
    """Return how many words the longest phrase at the start takes, or 0."""
    sizes = (size for size in range(_longest(phrases), 0, -1) if words[:size] in phrases)
    return next(sizes, 0)


def _at_end(words: _Words, phrases: AbstractSet[_Words]) -> int:
    sizes = (size for size in range(_longest(phrases), 0, -1) if words[-size:] in phrases)
    return next(sizes, 0)


def _longest(phrases: AbstractSet[_Words]) -> int:
    return max(map(len, phrases), default=0)
