"""Ranks the entries for a question by what was learnt from phrasings, with probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ranking.corpus import Example
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import Compiled
from knowledge.ranking.newcomers import Evidence, Newcomers, centred, merged
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.ridge import Floats
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.similarity import Similarity

Labels = npt.NDArray[np.int64]
CHOICES = 3
# From this probability on, the first is shown by itself (``knowledge/matcher/thresholds.py``).
SURE = 0.8
# The odds of newcomers from which something else that the regression is sure of is doubted.
_DOUBT = 0.3
# So many choices where a newcomer is among them: those of before are not driven out.
_WITH_NEWCOMERS = 4


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
    vector of the question, where there is one; ``choices``: how many of the first are worth
    offering.
    """

    entries: tuple[Ranked, ...]
    sure: float
    among: float
    nearest: str
    meaning: Vectors | None = field(default=None, compare=False, repr=False)
    choices: int = CHOICES


class Ranker(Protocol):
    """Orders all entries for a question; immutable once made."""

    def rank(self, question: str, written: str = "") -> Ranking:
        """Rank all entries, ties in the order of the files.

        ``written``: the question with its accents, capitals and signs, where it is known.
        """


class TrainedRanker:
    """A trained head over similarities, calibrated on voices that it had not learnt from."""

    def __init__(
        self,
        examples: Sequence[Example],
        similarity: Similarity,
        model: Compiled,
        second: SecondEncoder | None = None,
    ) -> None:
        self._texts = tuple(example.text for example in examples)
        self._ids = model.ids
        self._labels = np.array([self._ids.index(e.entry) if e.entry else -1 for e in examples])
        self._similarity = similarity
        # Not the whole model: the likeness holds its other numbers, and needs not all of them.
        self._sure, self._among = model.sure, model.among
        # They were learnt in single precision.
        self._coefficients = model.coefficients.astype(np.float32)
        self._intercepts = self._coefficients.sum(axis=0, dtype=np.float64)
        make_read_only(self._labels, self._coefficients, self._intercepts)
        self._newcomers, self._second = model.newcomers, second
        vectors, mean = similarity.vectors, model.newcomers.mean if model.newcomers else None
        if vectors is not None and mean is not None:
            # The centred vectors themselves would take as much memory again.
            self._lengths = np.linalg.norm(vectors - mean, axis=1)
            make_read_only(self._lengths)

    def rank(self, question: str, written: str = "") -> Ranking:
        """Rank by the head's scores; the probabilities are calibrated on held-out voices."""
        known, told = self._known(question)
        if self._newcomers is None:
            return known
        return self._with_newcomers(self._newcomers, known, told, written or question)

    def signs_of(self, question: str, written: str = "") -> Floats:
        """Return the signs of all newcomers for a question, by all encoders, for measurements."""
        if self._newcomers is None:
            raise ValueError("there are no newcomers")
        _, told = self._known(question)
        return self._newcomers.signs(told, self._asked_of(self._newcomers, written or question))

    def _known(self, question: str) -> tuple[Ranking, Evidence]:
        meaning = self._similarity.meaning(question)
        similarities = self._similarity.to_examples(question, meaning)
        best = best_by_label(similarities, self._labels, len(self._ids))
        scores = self._scores(similarities, best)
        features = describe(scores, best)
        order = np.argsort(-scores[:-1], kind="stable")
        ranked = tuple(Ranked(self._ids[i], _unit(scores[i])) for i in order)
        known = Ranking(
            ranked,
            float(self._sure.probability(features)[0]),
            float(self._among.probability(features)[0]),
            self._texts[int(np.argmax(similarities))],
            meaning,
        )
        return known, self._told(scores, best, meaning)

    def _with_newcomers(
        self, newcomers: Newcomers, known: Ranking, told: Evidence, written: str
    ) -> Ranking:
        """Put the newcomers among the others, unless one of these is surely right."""
        odds = newcomers.odds(newcomers.signs(told))
        rivals = odds[newcomers.places != int(np.argmax(told.scores[:-1]))]
        if known.sure >= SURE and rivals.sum() < _DOUBT:
            return known
        if (asked := self._asked_of(newcomers, written)) is not None:
            odds = newcomers.odds(newcomers.signs(told, asked))
        found = merged(newcomers.places, odds, told.scores, known.sure, known.among)
        ranked = tuple(
            Ranked(self._ids[place], _unit(max(told.scores[place], probability)))
            for place, probability in zip(found.order, found.probabilities, strict=True)
        )
        is_new = np.isin(found.order[:_WITH_NEWCOMERS], newcomers.places)
        choices = _WITH_NEWCOMERS if is_new.any() else CHOICES
        return replace(
            known,
            entries=ranked,
            sure=float(found.probabilities[0]),
            among=_unit(float(found.probabilities[:choices].sum())),
            choices=choices,
        )

    def _asked_of(self, newcomers: Newcomers, written: str) -> Vectors | None:
        """Return the centred vector of a question by the second encoder, where there is one."""
        if self._second is None or newcomers.centre is None:
            return None
        return centred(self._second.questions.encode([written])[0], newcomers.centre)

    def _told(self, scores: Floats, best: Floats, meaning: Vectors | None) -> Evidence:
        newcomers, vectors = self._newcomers, self._similarity.vectors
        if meaning is None or vectors is None or newcomers is None or newcomers.mean is None:
            return Evidence(scores, best)
        moved = centred(meaning, newcomers.mean)
        cosines = (vectors @ moved - newcomers.mean @ moved) / self._lengths
        return Evidence(
            scores, best, moved, nearest_by_label(cosines, self._labels, len(self._ids))
        )

    @property
    def meanings(self) -> Vectors | None:
        """The vectors of the examples, one a row; None without an encoder."""
        return self._similarity.vectors

    def _scores(self, similarities: Floats, best: Floats) -> Floats:
        """Return the head's scores, or the best similarities when no head was trained."""
        coefficients = self._coefficients
        if not coefficients.size:
            return best
        weighed = similarities.astype(np.float32) @ coefficients
        scores: Floats = weighed.astype(np.float64) + self._intercepts
        return scores


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


def nearest_by_label(cosines: Floats, labels: Labels, count: int) -> Floats:
    """Return the greatest cosine of each entry's examples, -1 for an entry without any."""
    nearest = np.full(count + 1, -1.0)
    np.maximum.at(nearest, labels, cosines)
    return nearest[:-1]


def _unit(score: float) -> float:
    return float(min(max(score, 0.0), 1.0))
