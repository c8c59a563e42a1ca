"""Finds the examples out of scope that a new entry answers: they keep its questions from it.

An example of ``hors_sujet`` teaches that nothing answers it. Once an entry does, it is asked what
the example would get if it and its like were not known. Entries with many phrasings need none of
this: what is learnt from these outweighs an example.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.curation.confusable_phrasings import JUDGED_FROM, LeftOut
from knowledge.files.problems import Place, Problem, problem
from knowledge.knowledge import Knowledge
from knowledge.ranking.ranker import TrainedRanker
from knowledge.ranking.training import labels_of

# The odds from which an example asks for an entry. Measured on 31 entries of three phrasings beside
# the 1,491 shipped examples, eleven of them on a subject of some of these: 17 are found, all on the
# subject. At odds of 40, about half of what is found is.
_LEAST_ODDS = 200
# Without the second encoder, which takes 20 ms a text, so much tells that it is worth asking.
_WORTH_ASKING = 20
# Of the examples most like an entry, so many are asked.
_MOST_ASKED = 12


@dataclass(frozen=True, slots=True)
class AgedExample:
    """An example out of scope, by its place in the files, and the entry that answers it by now."""

    text: str
    place: Place
    id: str


def aged_examples(knowledge: Knowledge, left_out: LeftOut) -> tuple[AgedExample, ...]:
    """Return the examples out of scope that entries with few phrasings answer, the surest first."""
    ranker = knowledge.ranker
    if not isinstance(ranker, TrainedRanker) or not ranker.newcomers:
        return ()
    found = sorted(_found(ranker, left_out), reverse=True)
    written = ((left_out.phrasings[row], id_) for _, row, id_ in found)
    return tuple(AgedExample(each.text, each.place, id_) for each, id_ in written)


def _found(ranker: TrainedRanker, left_out: LeftOut) -> Iterator[tuple[float, int, str]]:
    """Yield odds, examples and entries."""
    names = tuple(ranker.newcomers)
    has_few = np.array([count < JUDGED_FROM for count in ranker.newcomers.values()])
    near = np.array(_near(ranker, left_out), dtype=np.intp)
    odds = has_few * ranker.odds_in_scope(near.tolist(), left_out.scores[near])
    rows = near[odds.max(axis=1, initial=0.0) >= _WORTH_ASKING]
    odds = has_few * ranker.odds_in_scope(rows.tolist(), left_out.scores[rows], by_second=True)
    for row, told in zip(rows.tolist(), odds, strict=True):
        if told.max() >= _LEAST_ODDS:
            yield float(told.max()), row, names[int(np.argmax(told))]


def _near(ranker: TrainedRanker, left_out: LeftOut) -> list[int]:
    """Return the examples out of scope that are the most like an entry with few phrasings."""
    ids, labels = left_out.material.ids, labels_of(left_out.material)
    outside = np.flatnonzero(labels == len(ids))
    near: set[int] = set()
    for name in ranker.newcomers if len(outside) else ():
        own: npt.NDArray[np.intp] = np.flatnonzero(labels == ids.index(name))
        likeness = ranker.between(own)[:, outside].max(axis=0, initial=0.0)
        near.update(outside[np.argsort(-likeness, kind="stable")[:_MOST_ASKED]].tolist())
    return sorted(near)


def check_aged_examples(aged: tuple[AgedExample, ...]) -> Iterator[Problem]:
    """Tell which examples out of scope keep questions from an entry that answers them."""
    return (problem("aged_example", each.place, text=each.text, id=each.id) for each in aged)
