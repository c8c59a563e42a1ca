"""Ranks the entries for a question by what was learnt from phrasings, with probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ranking.balanced_head import BalancedHead, HeadScores, centred, nearest_by_label
from knowledge.ranking.corpus import Example
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import Compiled
from knowledge.ranking.newcomers import Evidence, Newcomers, merged
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.ridge import Floats
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.similarity import Similarity

Labels = npt.NDArray[np.int64]
CHOICES = 3
# From this probability on, the first is shown by itself (``knowledge/matcher/thresholds.py``).
SURE = 0.8
# The odds of newcomers at a glance from which something else that the regression is sure of is
# looked at closer, and the odds after that look from which it is doubted.
_GLANCE, _DOUBT = 0.03, 0.2
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

    def rank_all(self, questions: Sequence[tuple[str, str]]) -> tuple[Ranking, ...]:
        """Rank for several questions, each given with how it is written, as ``rank`` does."""
        return tuple(self.rank(question, written) for question, written in questions)


@dataclass(frozen=True, slots=True)
class CloserLook:
    """The newcomers, and what looks at a question where they may be asked for."""

    newcomers: Newcomers
    head: BalancedHead | None
    second: SecondEncoder | None

    def look(self, question: str, meaning: Vectors | None, written: str) -> HeadScores | None:
        """Look at a question; ``meaning`` is its vector by the first encoder."""
        if self.head is None:
            return None
        vector = None
        if self.second is not None and self.head.sees_second:
            vector = self.second.questions.encode([written])[0]
        return self.head.look(question, meaning, vector)


class TrainedRanker(Ranker):
    """A trained head over similarities, calibrated on voices that it had not learnt from."""

    def __init__(
        self,
        examples: Sequence[Example],
        similarity: Similarity,
        model: Compiled,
        closer: CloserLook | None = None,
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
        self._closer = closer
        vectors, mean = similarity.vectors, closer.newcomers.mean if closer else None
        if vectors is not None and mean is not None:
            # The centred vectors themselves would take as much memory again.
            self._lengths = np.linalg.norm(vectors - mean, axis=1)
            make_read_only(self._lengths)

    def rank(self, question: str, written: str = "") -> Ranking:
        """Rank by the head's scores; the probabilities are calibrated on held-out voices."""
        return self.rank_all([(question, written)])[0]

    def rank_all(self, questions: Sequence[tuple[str, str]]) -> tuple[Ranking, ...]:
        """Rank for several questions at once: a message and its pieces cost little more than it."""
        known = self._known([question for question, _ in questions])
        if self._closer is None:
            return tuple(ranking for ranking, _ in known)
        return tuple(
            self._with_newcomers(self._closer, ranking, told, asked)
            for (ranking, told), asked in zip(known, questions, strict=True)
        )

    def signs_of(self, question: str, written: str = "") -> Floats:
        """Return the signs of all newcomers for a question, by all encoders, for measurements."""
        if self._closer is None:
            raise ValueError("there are no newcomers")
        known, told = self._known([question])[0]
        look = self._closer.look(question, known.meaning, written or question)
        return self._closer.newcomers.signs(told, look)

    def _known(self, questions: Sequence[str]) -> list[tuple[Ranking, Evidence]]:
        meanings = self._similarity.meanings(questions)
        likeness = self._similarity.to_examples(questions, meanings)
        each = meanings if meanings is not None else [None] * len(questions)
        return [self._judged(*told) for told in zip(likeness, each, strict=True)]

    def _judged(self, similarities: Floats, meaning: Vectors | None) -> tuple[Ranking, Evidence]:
        best = best_by_label(similarities, self._labels, len(self._ids))
        scores = self._scores(similarities, best)
        features = describe(scores[np.newaxis], best[np.newaxis])
        order = np.argsort(-scores[:-1], kind="stable")
        ranked = tuple(Ranked(self._ids[i], _unit(scores[i])) for i in order)
        known = Ranking(
            ranked,
            float(self._sure.probability(features)[0]),
            float(self._among.probability(features)[0]),
            self._texts[int(np.argmax(similarities))],
            meaning,
        )
        return known, Evidence(scores, best, self._meant(meaning))

    def _with_newcomers(
        self, closer: CloserLook, known: Ranking, told: Evidence, asked: tuple[str, str]
    ) -> Ranking:
        """Put the newcomers among the others, unless one of these is surely right."""
        newcomers, (question, written) = closer.newcomers, asked
        is_sure = known.sure >= SURE and not newcomers.alone
        is_rival = newcomers.places != int(np.argmax(told.scores[:-1]))
        if is_sure and newcomers.odds(newcomers.signs(told))[is_rival].sum() < _GLANCE:
            return known
        look = closer.look(question, known.meaning, written or question)
        odds = newcomers.odds(newcomers.signs(told, look))
        if is_sure and odds[is_rival].sum() < _DOUBT:
            return known
        found = merged(newcomers.places, odds, told.scores, known.sure, known.among)
        is_new = np.isin(found.order[:_WITH_NEWCOMERS], newcomers.places)
        choices = _WITH_NEWCOMERS if is_new.any() else CHOICES
        found = found.in_doubt(choices, newcomers.places)
        ranked = tuple(
            Ranked(self._ids[place], _unit(max(told.scores[place], probability)))
            for place, probability in zip(found.order, found.probabilities, strict=True)
        )
        return replace(
            known,
            entries=ranked,
            sure=float(found.probabilities[0]),
            among=_unit(float(found.probabilities[:choices].sum())),
            choices=choices,
        )

    def _meant(self, meaning: Vectors | None) -> Floats | None:
        """Return the cosine of a meaning with the nearest example of each id."""
        mean = self._closer.newcomers.mean if self._closer else None
        vectors = self._similarity.vectors
        if meaning is None or vectors is None or mean is None:
            return None
        moved = centred(meaning, mean)
        cosines = (vectors @ moved - mean @ moved) / self._lengths
        return nearest_by_label(cosines, self._labels, len(self._ids) + 1)[:-1]

    @property
    def meanings(self) -> Vectors | None:
        """The vectors of the examples, one a row; None without an encoder."""
        return self._similarity.vectors

    @property
    def newcomers(self) -> dict[str, int]:
        """How many examples each entry has that has few yet, its question and title among them."""
        if self._closer is None:
            return {}
        found = self._closer.newcomers
        counts = found.phrasings.astype(int).tolist()
        return {self._ids[place]: n for place, n in zip(found.places, counts, strict=True)}

    def odds_in_scope(
        self, rows: Sequence[int], scores: Floats, *, by_second: bool = False
    ) -> Floats:
        """Return the odds that examples out of scope ask for each newcomer: (rows, newcomers).

        As if no such example were known. ``scores``: those of all ids for each of the rows, by what
        was learnt without it; ``by_second`` asks the second encoder too, where there is one.
        """
        closer, meanings = self._closer, self.meanings
        if closer is None:
            raise ValueError("there are no newcomers")
        newcomers = closer.newcomers
        odds = np.zeros((len(rows), len(newcomers.places)))
        likeness = self.between(np.array(rows, dtype=np.intp)).astype(np.float64)
        for place, row in enumerate(rows):
            best = best_by_label(likeness[place], self._labels, len(self._ids))
            meaning = None if meanings is None else meanings[row]
            told = Evidence(np.append(scores[place], 0.0), best, self._meant(meaning))
            text = self._texts[row]
            look = closer.look(text, meaning, text) if by_second else None
            if look is not None:
                # It has learnt some of these examples: only what it measures counts.
                unknown = np.full_like(look.own, np.nan)
                look = replace(look, scores=np.full_like(look.scores, np.nan), own=unknown)
            odds[place] = newcomers.odds(newcomers.signs(told, look))
        return odds

    def between(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Return how like some examples are to all, from 0 to 1: (rows, examples)."""
        return self._similarity.between(rows)

    def among(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return how like any texts are to one another, from 0 to 1; learnt ones play no part."""
        return self._similarity.among(texts)

    def _scores(self, similarities: Floats, best: Floats) -> Floats:
        """Return the head's scores, or the best similarities when no head was trained."""
        coefficients = self._coefficients
        if not coefficients.size:
            return best
        weighed = similarities.astype(np.float32) @ coefficients
        scores: Floats = weighed.astype(np.float64) + self._intercepts
        return scores


def describe(scores: Floats, best: Floats) -> Floats:
    """Return the features from which the probabilities are computed: (questions, 8).

    Both are (questions, entries + 1). ``scores``: one an entry, and "none of them" last; ``best``:
    the similarity of each entry's nearest example, and of the nearest out-of-scope one last.
    """
    entries, near = scores[:, :-1], best[:, :-1]
    order, every = np.argsort(-entries, axis=1, kind="stable"), np.arange(len(entries))
    first, second = order[:, 0], order[:, min(1, order.shape[1] - 1)]
    rivals = near.copy()
    rivals[every, first] = -np.inf
    nearest_rival = rivals.max(axis=1) if near.shape[1] > 1 else np.zeros(len(near))
    return np.column_stack(
        [
            entries[every, first],
            entries[every, first] - entries[every, second],
            np.sort(entries, axis=1)[:, -CHOICES:].sum(axis=1),
            scores[:, -1],
            near[every, first],
            near[every, first] - nearest_rival,
            best[:, -1],
            near[every, first] - best[:, -1],
        ]
    )


def best_by_label(similarities: Floats, labels: Labels, count: int) -> Floats:
    """Return the greatest similarity of each entry's examples, out-of-scope ones last."""
    best = np.zeros(count + 1)
    np.maximum.at(best, labels, similarities)
    return best


def _unit(score: float) -> float:
    return float(min(max(score, 0.0), 1.0))
