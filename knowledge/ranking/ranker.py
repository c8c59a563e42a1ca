"""Ranks the entries for a question by what was learnt from phrasings, with probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ranking.corpus import Example
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import Compiled
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.ridge import Floats
from knowledge.ranking.similarity import Similarity

Labels = npt.NDArray[np.int64]
CHOICES = 3


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry and how well it fits, from 0 to 1."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """All entries, best first, and the probabilities of the best ones.

    ``sure``: the probability that the first is right; ``among``: that one of the first three is;
    ``nearest``: the example most similar to the question, for the trace; ``meaning``: the encoder's
    vector of the question, where there is one.
    """

    entries: tuple[Ranked, ...]
    sure: float
    among: float
    nearest: str
    meaning: Vectors | None = field(default=None, compare=False, repr=False)


class Ranker(Protocol):
    """Orders all entries for a question; immutable once made."""

    def rank(self, question: str) -> Ranking:
        """Rank all entries, ties in the order of the files."""


class TrainedRanker:
    """A trained head over similarities, calibrated on voices that it had not learnt from."""

    def __init__(
        self, examples: Sequence[Example], similarity: Similarity, model: Compiled
    ) -> None:
        self._texts = tuple(example.text for example in examples)
        self._ids = model.ids
        self._labels = np.array([self._ids.index(e.entry) if e.entry else -1 for e in examples])
        self._similarity = similarity
        # Not the whole model: the likeness holds its other numbers, and needs not all of them.
        self._coefficients, self._sure, self._among = model.coefficients, model.sure, model.among
        make_read_only(self._labels, self._coefficients)

    def rank(self, question: str) -> Ranking:
        """Rank by the head's scores; the probabilities are calibrated on held-out voices."""
        meaning = self._similarity.meaning(question)
        similarities = self._similarity.to_examples(question, meaning)
        best = best_by_label(similarities, self._labels, len(self._ids))
        scores = self._scores(similarities, best)
        features = describe(scores, best)
        order = np.argsort(-scores[:-1], kind="stable")
        ranked = tuple(Ranked(self._ids[i], _unit(scores[i])) for i in order)
        return Ranking(
            ranked,
            float(self._sure.probability(features)[0]),
            float(self._among.probability(features)[0]),
            self._texts[int(np.argmax(similarities))],
            meaning,
        )

    @property
    def meanings(self) -> Vectors | None:
        """The vectors of the examples, one a row; None without an encoder."""
        return self._similarity.vectors

    def _scores(self, similarities: Floats, best: Floats) -> Floats:
        """Return the head's scores, or the best similarities when no head was trained."""
        coefficients = self._coefficients
        return similarities @ coefficients + coefficients.sum(axis=0) if coefficients.size else best


def describe(scores: Floats, best: Floats) -> Floats:
    """Return the features from which the probabilities are computed: (8,) for one question.

    ``scores``: one an entry, and "none of them" last; ``best``: the similarity of each entry's
    nearest example, and of the nearest out-of-scope one last.
    """
    entries = scores[:-1]
    first, second, *_ = [*np.argsort(-entries, kind="stable"), 0, 0]
    rivals = np.delete(best[:-1], first)
    return np.array(
        [
            entries[first],
            entries[first] - entries[second],
            np.sort(entries)[-CHOICES:].sum(),
            scores[-1],
            best[first],
            best[first] - (rivals.max() if len(rivals) else 0.0),
            best[-1],
            best[first] - best[-1],
        ]
    )


def best_by_label(similarities: Floats, labels: Labels, count: int) -> Floats:
    """Return the greatest similarity of each entry's examples, out-of-scope ones last."""
    best = np.zeros(count + 1)
    np.maximum.at(best, labels, similarities)
    return best


def _unit(score: float) -> float:
    return float(min(max(score, 0.0), 1.0))
