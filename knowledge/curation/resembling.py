"""Finds the received questions that resemble some entries most: phrasings that people wrote."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from knowledge.knowledge import Knowledge
from knowledge.model import Entry
from knowledge.ranking.ranker import TrainedRanker
from knowledge.ranking.ridge import Floats

# So many other entries, evenly chosen, show what is usual and to whom a question is nearer.
_MOST_OTHERS = 60
_USUAL = 0.9
# What exceeds the usual by less is chance: below, most of what comes is about something else.
_LEAST = 0.03


@dataclass(frozen=True, slots=True)
class Resembling:
    """A question, by its place among those given, and the entry that it resembles.

    ``excess``: by how much it is more like the entry than others are, from 0 to 1.
    """

    place: int
    id: str
    excess: float


def resembling(
    knowledge: Knowledge, ids: Collection[str], asked: Sequence[str]
) -> tuple[Resembling, ...]:
    """Return the questions that resemble one of some entries, the most alike first.

    All texts are compared anew and at once, those of an entry as much as those of another: some
    milliseconds a question, a third of what ranking them one by one takes.
    """
    ranker = knowledge.ranker
    entries = [entry for entry in knowledge.entries if entry.id in ids]
    if not isinstance(ranker, TrainedRanker) or not entries or not asked:
        return ()
    others = [entry for entry in knowledge.entries if entry.id not in ids]
    some = np.linspace(0, len(others) - 1, min(len(others), _MOST_OTHERS)).astype(int)
    named = [_names(others[place]) for place in some.tolist()]
    groups = [*([*_names(one), *one.phrasings] for one in entries), *named]
    likeness = ranker.among([*asked, *chain.from_iterable(groups)])
    near = _nearest(likeness[:, len(asked) :], [len(group) for group in groups])
    found = _found(near, len(asked), entries)
    return tuple(sorted(found, key=lambda each: (-each.excess, each.place)))


def _names(entry: Entry) -> list[str]:
    return [entry.question, entry.title]


def _nearest(likeness: npt.NDArray[np.float32], sizes: Sequence[int]) -> Floats:
    """Return the greatest likeness of each text to one of each group: (texts, groups)."""
    starts = np.cumsum([0, *sizes[:-1]])
    return np.maximum.reduceat(likeness, starts, axis=1).astype(np.float64)


def _found(near: Floats, count: int, entries: Sequence[Entry]) -> Iterator[Resembling]:
    """Yield the questions, the first ``count`` texts, that are nearest to one of the entries."""
    questions, texts = near[:count], near[count:]
    sizes = np.cumsum([2 + len(entry.phrasings) for entry in entries])
    strange = texts[sizes[-1] :, : len(entries)]
    usual = np.quantile(strange, _USUAL, axis=0) if len(strange) else np.zeros(len(entries))
    for place, row in enumerate(questions):
        first = int(np.argmax(row))
        if first < len(entries) and row[first] - usual[first] > _LEAST:
            yield Resembling(place, entries[first].id, float(row[first] - usual[first]))
