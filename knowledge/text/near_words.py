"""The word that a mistyped one was meant for: one measure of likeness for all lists of names."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process


def nearest(word: str, known: Iterable[str], at_least: float) -> str | None:
    """Return the known word most like this one, the first of equals; None if none is like enough.

    ``at_least`` is a similarity from 0 to 100 (rapidfuzz, fuzz.ratio). Words are compared as they
    are: whoever wants accents aside normalises both.
    """
    # Of a mapping the library would compare the values.
    close = process.extractOne(word, tuple(known), scorer=fuzz.ratio, score_cutoff=at_least)
    return close[0] if close else None
