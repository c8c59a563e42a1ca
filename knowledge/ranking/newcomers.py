"""Finds the entries that have few phrasings yet, beside those that have many.

The regression learns from phrasings, and so hardly sees an entry that has five beside others that
have a hundred and thirty. A newcomer is found by other signs, which need few phrasings: how much
more like it the question is than foreign texts are, by letters, sound and ideas, by meaning, and by
the sentences of its answer. A logistic regression gives their weights, fitted once on the shipped
entries, each reduced to a few phrasings in turn (``python -m benchmarks.newcomers``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.encoder import Vectors
from knowledge.ranking.ridge import Floats

Arrays = Mapping[str, npt.NDArray[Any]]
Places = npt.NDArray[np.integer]
SIGNS = ("asked", "answer", "meant_answer", "none", "lead", "meant_lead", "learnt", "phrasings")
# How the share of a newcomer in the cases that were learnt compares with what people ask: one alone
# is asked for more often than a twentieth of twenty, and all of these more often than one.
_ODDS, _CROWD = 4.5, 0.4
# A newcomer that is less probable is none of the choices.
_LEAST = 0.03
# Standard deviations; what is farther says no more.
_FARTHEST = 8.0
# How the second and the third of the regression share what is left of its three.
_TINY = np.float32(1e-12)
_SPLIT = (0.65, 0.35)


@dataclass(frozen=True, slots=True)
class Measure:
    """What foreign texts reach of the likeness to each of some entries: (k,) numbers each.

    An entry with many examples is near everything: only what exceeds the usual tells.
    """

    usual: Floats
    spread: Floats

    def of(self, likeness: Floats) -> Floats:
        """Return by how much a likeness exceeds the usual, in standard deviations."""
        return (likeness - self.usual) / self.spread


@dataclass(frozen=True, slots=True)
class Texts:
    """The vectors of some newcomers' texts, centred and of norm 1, and what is usual of them.

    ``owners``: the number of the newcomer of each, ascending.
    """

    vectors: Vectors
    owners: Places
    measure: Measure

    def likeness(self, vector: Vectors) -> Floats:
        """Return, one a newcomer, by how much the nearest text exceeds the usual."""
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        nearest = np.maximum.reduceat(self.vectors @ vector, starts)
        return self.measure.of(nearest.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Told:
    """What the ranker found out about a question, from which the signs follow.

    ``scores``: the regression's, one an id, "none of them" last; ``best``: the likeness of the
    nearest example of each id, and of the nearest out-of-scope one last; ``meaning``: the centred
    vector of the question, and ``meant`` its cosine with the nearest example of each id (None: no
    encoder).
    """

    scores: Floats
    best: Floats
    meaning: Vectors | None = None
    meant: Floats | None = None


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The entries with few phrasings, and what finds them; immutable.

    ``places``: the place of each among the ids, ascending; ``phrasings``: how many each has.
    ``likeness`` and ``meant_likeness`` measure all ids, ``present`` tells which have examples;
    ``alone`` is true where no entry has many phrasings.
    ``meant_answers``, ``asked`` and ``answers`` hold the newcomers' texts: the sentences of their
    answers by the first encoder, their phrasings and these sentences by the second. ``mean`` and
    ``centre`` are the means of the vectors of the examples, by the first and by the second.
    """

    places: Places
    phrasings: Floats
    present: npt.NDArray[np.bool_]
    alone: bool
    likeness: Measure
    meant_likeness: Measure | None = None
    meant_answers: Texts | None = None
    asked: Texts | None = None
    answers: Texts | None = None
    mean: Vectors | None = None
    centre: Vectors | None = None

    def signs(self, told: Told, question: Vectors | None = None) -> Floats:
        """Return the signs of each newcomer, as in ``SIGNS``: (newcomers, 8).

        ``question``: its centred vector by the second encoder. A sign that nothing can tell is not
        a number.
        """
        count = len(self.places)
        unknown = np.full(count, np.nan)
        scores = np.where(self.present, told.scores[:-1], -np.inf)
        lead = self._lead(self.likeness, told.best[:-1])
        columns = {
            "none": np.full(count, told.scores[-1]),
            "lead": lead,
            "learnt": scores[self.places] - self._best_rival(scores),
            "phrasings": np.log(self.phrasings),
        }
        if told.meant is not None and self.meant_likeness is not None:
            columns["meant_lead"] = self._lead(self.meant_likeness, told.meant)
        if told.meaning is not None and self.meant_answers is not None:
            columns["meant_answer"] = self.meant_answers.likeness(told.meaning)
        if question is not None and self.asked is not None and self.answers is not None:
            columns["asked"] = self.asked.likeness(question)
            columns["answer"] = self.answers.likeness(question)
        return np.column_stack([columns.get(sign, unknown) for sign in SIGNS])

    def _lead(self, measure: Measure, best: Floats) -> Floats:
        """Return by how much each newcomer is nearer than the nearest other entry or act."""
        near = np.where(self.present, measure.of(best), -np.inf)
        return near[self.places] - self._best_rival(near)

    def _best_rival(self, values: Floats) -> Floats:
        """Return the greatest value of all other ids, one a newcomer."""
        order = np.argsort(-values, kind="stable")
        first, second = order[0], order[min(1, len(order) - 1)]
        rivals = np.where(self.places == first, values[second], values[first])
        return np.where(np.isfinite(rivals), rivals, 0.0)

    def odds(self, signs: Floats) -> Floats:
        """Return the odds that each newcomer is asked for, from its signs: (newcomers,)."""
        is_known = np.isfinite(signs[0])
        fitted = ALONE if self.alone else BESIDE
        weights = next(one for one in fitted if is_known[list(one.columns)].all())
        told = np.clip(signs[:, list(weights.columns)], -_FARTHEST, _FARTHEST)
        share = _ODDS / len(self.places) ** _CROWD
        odds: Floats = share * np.exp(told @ np.array(weights.of) + weights.intercept)
        return odds


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression on some of the signs, whose columns in ``SIGNS`` are named."""

    columns: tuple[int, ...]
    intercept: float
    of: tuple[float, ...]


# With both encoders, with the first, with none: ``python -m benchmarks.newcomers --weights`` prints
# them. Beside entries with many phrasings, or all alone, where less is known of what is foreign.
BESIDE = (
    Weights(
        (0, 1, 2, 3, 4, 5, 6, 7),
        0.16,
        (0.664, 0.231, 0.082, -1.705, 0.191, 0.356, 5.571, -0.099),
    ),
    Weights((2, 3, 4, 5, 6, 7), -0.386, (0.337, -1.57, 0.291, 0.538, 4.41, -0.018)),
    Weights((3, 4, 6, 7), -1.311, (-1.533, 0.582, 4.272, 0.01)),
)
ALONE = (
    Weights(
        (0, 1, 2, 3, 4, 5, 6, 7),
        -0.49,
        (0.683, 0.162, 0.163, 0.0, -0.14, 0.367, 6.749, -0.23),
    ),
    Weights((2, 3, 4, 5, 6, 7), -2.334, (0.444, 0.0, -0.15, 0.547, 8.286, 0.107)),
    Weights((3, 4, 6, 7), -3.523, (0.0, 0.092, 10.164, 0.172)),
)


@dataclass(frozen=True, slots=True)
class Merged:
    """All ids, best first, with the probabilities of the first ones, newcomers among them."""

    order: Places
    probabilities: Floats


def merged(places: Places, odds: Floats, scores: Floats, sure: float, among: float) -> Merged:
    """Put newcomers among the entries that the regression knows well.

    Both say how probable each is: the newcomers' odds share one message with all that is not a
    newcomer; of that, the regression's first has the probability ``sure``, and its second and third
    share what is left of ``among``. What the regression thinks of the newcomers does not count.
    """
    newcomers = odds / (1 + odds.sum())
    newcomers = np.where(newcomers < _LEAST, 0.0, newcomers)
    order = np.argsort(-scores[:-1], kind="stable")
    is_old = ~np.isin(order, places)
    rest = max(among - sure, 0.0)
    shares = np.array([sure, *(rest * share for share in _SPLIT)])
    old = order[is_old]
    # A newcomer that the regression puts first is not among its probabilities.
    known = shares if is_old[0] else shares[1:]
    probabilities = np.zeros(len(order))
    count = min(len(known), len(old))
    probabilities[old[:count]] = known[:count] * (1 - newcomers.sum())
    probabilities[places] = newcomers
    again = order[np.argsort(-probabilities[order], kind="stable")]
    return Merged(again, probabilities[again])


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Return vectors (n, d) or (d,) without what all have in common, of norm 1."""
    moved = vectors - mean
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    unit: Vectors = np.divide(moved, np.maximum(norms, _TINY), dtype=np.float32)
    return unit


def packed(newcomers: Newcomers | None) -> dict[str, npt.NDArray[Any]]:
    """Return a value as arrays by name; none for no newcomers."""
    if newcomers is None:
        return {}
    arrays: dict[str, npt.NDArray[Any]] = {"alone": np.array(newcomers.alone)}
    for name in ("places", "phrasings", "present", "mean", "centre"):
        if (array := getattr(newcomers, name)) is not None:
            arrays[name] = array
    for name in ("likeness", "meant_likeness"):
        if (measure := getattr(newcomers, name)) is not None:
            arrays[f"{name}_usual"], arrays[f"{name}_spread"] = measure.usual, measure.spread
    for name in ("meant_answers", "asked", "answers"):
        if (texts := getattr(newcomers, name)) is not None:
            arrays[f"{name}_vectors"], arrays[f"{name}_owners"] = texts.vectors, texts.owners
            arrays[f"{name}_usual"] = texts.measure.usual
            arrays[f"{name}_spread"] = texts.measure.spread
    return arrays


def unpacked(arrays: Arrays) -> Newcomers | None:
    """Return the value of which ``packed`` gave the arrays."""
    if "places" not in arrays:
        return None

    def measure(name: str) -> Measure | None:
        usual = arrays.get(f"{name}_usual")
        return None if usual is None else Measure(usual, arrays[f"{name}_spread"])

    def texts(name: str) -> Texts | None:
        own = measure(name)
        if own is None:
            return None
        return Texts(arrays[f"{name}_vectors"], arrays[f"{name}_owners"], own)

    likeness = measure("likeness")
    if likeness is None:
        raise KeyError("likeness")
    return Newcomers(
        arrays["places"],
        arrays["phrasings"],
        arrays["present"],
        bool(arrays["alone"]),
        likeness,
        measure("meant_likeness"),
        texts("meant_answers"),
        texts("asked"),
        texts("answers"),
        arrays.get("mean"),
        arrays.get("centre"),
    )
