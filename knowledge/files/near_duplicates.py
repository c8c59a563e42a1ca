"""Finds phrasings of different entries and acts that differ by little more than a typo."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.files.duplicate_phrasings import ASKED, Phrasing, phrasings_of
from knowledge.files.items import Item
from knowledge.files.problems import Problem, problem
from knowledge.text.normalise import normalise

# A similarity from 0 to 100. Measured on the shipped files: different questions reach 84 ("comment
# marche un projet", "comment financer un projet"), a question and its typo stay above 92.
_ALIKE = 90
# Texts of lengths a < b reach that similarity only if 2a / (a + b) >= 0.9; others are skipped.
_LONGEST_RATIO = (200 - _ALIKE) / _ALIKE
_ROWS = 500
_Normalised = tuple[str, Phrasing]


def check_nearness(items: Iterable[Item]) -> Iterator[Problem]:
    """Find phrasings nearly the same as another's; ``check_phrasings`` finds equal ones."""
    phrasings = (
        each
        for item in items
        for each in phrasings_of(item)
        if each.kind == ASKED and not each.talk
    )
    texts = sorted(_first_of_each(phrasings), key=lambda pair: len(pair[0]))
    yield from (_near(*pair) for pair in _pairs(texts) if pair[0].owner != pair[1].owner)


def _first_of_each(phrasings: Iterable[Phrasing]) -> list[_Normalised]:
    texts: dict[str, Phrasing] = {}
    for phrasing in phrasings:
        if key := normalise(phrasing.text):
            texts.setdefault(key, phrasing)
    return list(texts.items())


def _pairs(texts: list[_Normalised], size: int = _ROWS) -> Iterator[tuple[Phrasing, Phrasing]]:
    """Yield the pairs that are alike, block by block: the whole table would not fit in memory."""
    normalised = [text for text, _ in texts]
    lengths = [len(text) for text in normalised]
    for start in range(0, len(normalised), size):
        rows = normalised[start : start + size]
        end = bisect_right(lengths, len(rows[-1]) * _LONGEST_RATIO)
        alike = process.cdist(
            rows, normalised[start:end], scorer=fuzz.ratio, score_cutoff=_ALIKE, dtype=np.uint8
        )
        for row, column in np.argwhere(alike):
            if row < column:
                yield texts[start + row][1], texts[start + column][1]


def _near(left: Phrasing, right: Phrasing) -> Problem:
    first, second = sorted((left, right), key=lambda each: (each.place.file, each.place.line))
    return problem(
        "near_phrasing",
        second.place,
        phrasing=second.text,
        other=first.text,
        id=first.owner,
        other_file=first.place.file,
        other_line=first.place.line,
    )
