"""Phrasings of different entries that are all but the same: a typo apart, a letter apart."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.files.duplicate_phrasings import ENTRY, Phrasing, phrasings_of
from knowledge.files.items import Item
from knowledge.files.problems import Problem, problem
from knowledge.text.normalise import normalise

# Measured on the shipped files: unlike questions reach 84 ("comment marche un projet", "comment
# financer un projet"), the same one with a typo stays above 92.
_ALIKE = 90
# Texts whose lengths differ by more cannot be that alike: 2a / (a + b) >= 0.9.
_LONGEST_RATIO = (200 - _ALIKE) / _ALIKE
_ROWS = 500
_Normalised = tuple[str, Phrasing]


def check_nearness(items: Iterable[Item]) -> Iterator[Problem]:
    """Find phrasings that are nearly those of another entry; the same ones are told elsewhere."""
    written = (one for item in items for one in phrasings_of(item) if one.kind == ENTRY)
    texts = sorted(_first_of_each(written), key=lambda one: len(one[0]))
    yield from (_told(*pair) for pair in _pairs(texts) if pair[0].owner != pair[1].owner)


def _first_of_each(written: Iterable[Phrasing]) -> list[_Normalised]:
    texts: dict[str, Phrasing] = {}
    for phrasing in written:
        if key := normalise(phrasing.text):
            texts.setdefault(key, phrasing)
    return list(texts.items())


def _pairs(texts: list[_Normalised], size: int = _ROWS) -> Iterator[tuple[Phrasing, Phrasing]]:
    """Give the pairs that are alike, block by block: the whole table would not fit in memory."""
    said = [text for text, _ in texts]
    lengths = [len(text) for text in said]
    for start in range(0, len(said), size):
        rows = said[start : start + size]
        end = bisect_right(lengths, len(rows[-1]) * _LONGEST_RATIO)
        alike = process.cdist(
            rows, said[start:end], scorer=fuzz.ratio, score_cutoff=_ALIKE, dtype=np.uint8
        )
        for row, column in np.argwhere(alike):
            if row < column:
                yield texts[start + row][1], texts[start + column][1]


def _told(one: Phrasing, two: Phrasing) -> Problem:
    first, second = sorted((one, two), key=lambda each: (each.place.file, each.place.line))
    return problem(
        "near_phrasing",
        second.place,
        phrasing=second.text,
        other=first.text,
        id=first.owner,
        other_file=first.place.file,
        other_line=first.place.line,
    )
