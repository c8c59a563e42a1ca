"""Groups questions that say the same, those asked most first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from knowledge.text.courtesies import without_courtesies
from knowledge.text.normalise import normalise

# A similarity from 0 to 100. Measured on the pairs of shipped phrasings: from 90 on, all pairs that
# are joined belong to one entry (15 of 15); at 85, one in four does not (24 of 31 do).
LEAST_ALIKE = 90.0
# token_set_ratio finds a single word equal to any text that has it: compare letters instead.
_FEWEST_WORDS = 2
# Comparing is quadratic: only the most frequent wordings are compared, each other one is a group.
MOST_COMPARED = 400


def alike(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Group texts that say the same; a group holds positions in ``texts``.

    The largest group comes first, and in a group the most frequent wording. Ties keep the order of
    ``texts``, so that the same texts always give the same groups.
    """
    wordings = _wordings(texts)
    groups: list[list[str]] = []
    for place, wording in enumerate(wordings):
        home = _home(wording, groups) if place < MOST_COMPARED else None
        if home is None:
            groups.append([wording])
        else:
            home.append(wording)
    clusters = [tuple(_positions(group, wordings)) for group in groups]
    return tuple(sorted(clusters, key=lambda cluster: (-len(cluster), min(cluster))))


def said_alike(one: str, other: str) -> bool:
    """Tell whether two normalised texts say the same, whatever the order of their words."""
    fewest = min(len(set(one.split())), len(set(other.split())))
    similarity = fuzz.ratio if fewest < _FEWEST_WORDS else fuzz.token_set_ratio
    return similarity(one, other) >= LEAST_ALIKE


def _wordings(texts: Sequence[str]) -> dict[str, list[int]]:
    """Return the positions of each normalised text, the most frequent text first."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        normalised = normalise(text)
        positions[without_courtesies(normalised) or normalised or text].append(position)
    return dict(sorted(positions.items(), key=lambda item: (-len(item[1]), item[1][0])))


def _home(wording: str, groups: Iterable[list[str]]) -> list[str] | None:
    """Return the first group whose first wording, its most frequent one, is like this one."""
    return next((group for group in groups if said_alike(group[0], wording)), None)


def _positions(group: Iterable[str], wordings: dict[str, list[int]]) -> Iterable[int]:
    return (position for wording in group for position in wordings[wording])
