"""Questions that say the same, brought together: what is asked most comes first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from knowledge.text.courtesies import without_courtesies
from knowledge.text.normalise import normalise

# Measured on the pairs of shipped phrasings: from 90 on, all pairs joined are of one entry (15 of
# 15); at 85, one in four is not (24 of 31).
LEAST_ALIKE = 90.0
# Alone, a word is within every question that has it.
_FEWEST_WORDS = 2
# Comparing is quadratic: wordings said less often than these stand by themselves.
MOST_COMPARED = 400


def alike(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Group texts by meaning the same words; each group is their positions in ``texts``.

    The largest group comes first, the wording said most comes first in its group, and what was
    given first comes first among equals: the same texts always give the same groups.
    """
    wordings = _wordings(texts)
    groups: list[list[str]] = []
    for place, wording in enumerate(wordings):
        home = _home(wording, groups) if place < MOST_COMPARED else None
        if home is None:
            groups.append([wording])
        else:
            home.append(wording)
    found = [tuple(_positions(group, wordings)) for group in groups]
    return tuple(sorted(found, key=lambda group: (-len(group), min(group))))


def said_alike(one: str, other: str) -> bool:
    """Tell whether two normalised texts say the same, whatever the order of their words."""
    fewest = min(len(set(one.split())), len(set(other.split())))
    similarity = fuzz.ratio if fewest < _FEWEST_WORDS else fuzz.token_set_ratio
    return similarity(one, other) >= LEAST_ALIKE


def _wordings(texts: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of each normalised text, the one said most often first."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        said = normalise(text)
        found[without_courtesies(said) or said or text].append(position)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[1][0])))


def _home(wording: str, groups: Iterable[list[str]]) -> list[str] | None:
    """Return the first group whose first wording, the most said, is like this one."""
    return next((group for group in groups if said_alike(group[0], wording)), None)


def _positions(group: Iterable[str], wordings: dict[str, list[int]]) -> Iterable[int]:
    return (position for wording in group for position in wordings[wording])
