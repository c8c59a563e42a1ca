"""Finds the entries that have few phrasings yet, beside those that have many.

The regression learns from phrasings, and so hardly sees an entry that has five beside others that
have a hundred and thirty. A newcomer is found by other signs, which need few phrasings: how much
more like it the question is than foreign texts are, by letters, sound and ideas, by meaning, and by
the sentences of its answer; and what two small regressions say, one learnt from about as many
examples of each entry, one from the newcomers alone (``balanced_head.py``). A logistic regression
gives the signs their weights (``sign_weights.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.balanced_head import HeadScores
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.ridge import Floats
from knowledge.ranking.sign_weights import ALONE, AT_A_GLANCE, BESIDE, SIGNS

Arrays = Mapping[str, npt.NDArray[Any]]
Places = npt.NDArray[np.integer]
# How the share of a newcomer in the cases that were learnt compares with what people ask: one alone
# is asked for more often than a twentieth of twenty, and all of these more often than one.
_ODDS, _CROWD = 5.0, 0.17
# A newcomer that is less probable is none of the choices.
_LEAST = 0.03
# Standard deviations; what is farther says no more.
_FARTHEST = 8.0
# How the second and the third of the regression share what is left of its three.
_SPLIT = (0.65, 0.35)
# In doubt, what is asked for long comes before a newcomer that is less than twice as probable.
_IN_DOUBT = 0.5
_MEASURES = ("likeness", "meant_likeness", "asked", "answered")


@dataclass(frozen=True, slots=True)
class Measure:
    """What foreign texts reach of the likeness to each of some entries: (k,) numbers each.

    An entry with many examples is near everything: only what exceeds the usual tells.
    """

    usual: Floats
    spread: Floats

    def __post_init__(self) -> None:
        make_read_only(self.usual, self.spread)

    def of(self, likeness: Floats) -> Floats:
        """Return by how much a likeness exceeds the usual, in standard deviations."""
        return (likeness - self.usual) / self.spread


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ranker found out about a question, from which the signs follow.

    ``scores``: the regression's, one an id, "none of them" last; ``best``: the likeness of the
    nearest example of each id, and of the nearest out-of-scope one last; ``meant``: the cosine of
    its meaning with the nearest example of each id (None: no encoder).
    """

    scores: Floats
    best: Floats
    meant: Floats | None = None


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The entries with few phrasings, and what finds them; immutable.

    ``places``: the place of each among the ids, ascending; ``phrasings``: how many each has.
    ``likeness`` and ``meant_likeness`` measure all ids, ``present`` tells which have examples;
    ``alone`` is true where no entry has many phrasings. ``asked`` and ``answered`` measure the
    newcomers' texts, and the sentences of their answers, by the second encoder. ``mean`` is the
    mean of the vectors of the examples.
    """

    places: Places
    phrasings: Floats
    present: npt.NDArray[np.bool_]
    alone: bool
    likeness: Measure
    meant_likeness: Measure | None = None
    asked: Measure | None = None
    answered: Measure | None = None
    mean: Vectors | None = None

    def __post_init__(self) -> None:
        make_read_only(self.places, self.phrasings, self.present)
        make_read_only(*(one for one in (self.mean,) if one is not None))

    def signs(self, told: Evidence, look: HeadScores | None = None) -> Floats:
        """Return the signs of each newcomer, as in ``SIGNS``: (newcomers, 12).

        A sign that nothing can tell is not a number.
        """
        count = len(self.places)
        unknown = np.full(count, np.nan)
        scores = np.where(self.present, told.scores[:-1], -np.inf)
        columns = {
            "none": np.full(count, told.scores[-1]),
            "lead": self._lead(self.likeness, told.best[:-1]),
            "learnt": scores[self.places] - self._best_rival(scores),
            "phrasings": np.log(self.phrasings),
        }
        if told.meant is not None and self.meant_likeness is not None:
            columns["meant_lead"] = self._lead(self.meant_likeness, told.meant)
        if look is not None:
            columns |= self._balanced(look)
        return np.column_stack([columns.get(sign, unknown) for sign in SIGNS])

    def _balanced(self, look: HeadScores) -> dict[str, Floats]:
        scores = look.scores[:-1]
        columns = {
            "own": look.own,
            # What any text reaches is the least that a newcomer must exceed.
            "own_lead": look.own - _best_rivals(np.append(look.own, 0.0))[:-1],
            "balanced_lead": scores[self.places] - self._best_rival(scores),
            "balanced_none": np.full(len(self.places), look.scores[-1]),
        }
        if look.asked is None or look.answered is None or not self.asked or not self.answered:
            return columns
        asked, others = look.asked[self.places], np.delete(look.asked[:-1], self.places)
        return columns | {
            "asked": self.asked.of(asked),
            "asked_lead": asked - (others.max() if len(others) else 0.0),
            "answer": self.answered.of(look.answered),
        }

    def _lead(self, measure: Measure, best: Floats) -> Floats:
        """Return by how much each newcomer is nearer than the nearest other entry or act."""
        near = np.where(self.present, measure.of(best), -np.inf)
        return near[self.places] - self._best_rival(near)

    def _best_rival(self, values: Floats) -> Floats:
        """Return the greatest value of all other ids, one a newcomer."""
        return _best_rivals(values)[self.places]

    def odds(self, signs: Floats) -> Floats:
        """Return the odds that each newcomer is asked for, from its signs: (newcomers,)."""
        is_known = {sign: bool(np.isfinite(signs[0, n])) for n, sign in enumerate(SIGNS)}
        fitted = (ALONE if self.alone else BESIDE) if is_known["own"] else AT_A_GLANCE
        weights = next(one for one in fitted if all(is_known[sign] for sign in one.needs))
        told = np.clip(signs[:, weights.columns], -_FARTHEST, _FARTHEST)
        share = _ODDS / len(self.places) ** _CROWD
        odds: Floats = share * np.exp(told @ np.array(weights.of) + weights.intercept)
        return odds


def _best_rivals(values: Floats) -> Floats:
    """Return the greatest of all other values, one a value; a single value is its own rival."""
    order = np.argsort(-values, kind="stable")
    first, second = order[0], order[min(1, len(order) - 1)]
    rivals = np.where(np.arange(len(values)) == first, values[second], values[first])
    return np.where(np.isfinite(rivals), rivals, 0.0)


@dataclass(frozen=True, slots=True)
class Merged:
    """All ids, best first, with the probabilities of the first ones, newcomers among them."""

    order: Places
    probabilities: Floats

    def in_doubt(self, count: int, newcomers: Places) -> "Merged":
        """Put what is asked for long first among so many, unless a newcomer is much likelier."""
        held_back = np.where(np.isin(self.order, newcomers), _IN_DOUBT, 1.0) * self.probabilities
        first = np.argsort(-held_back[:count], kind="stable")
        again = np.concatenate([first, np.arange(count, len(self.order))])
        return Merged(self.order[again], self.probabilities[again])


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


def packed(newcomers: Newcomers | None) -> dict[str, npt.NDArray[Any]]:
    """Return a value as arrays by name; none for no newcomers."""
    if newcomers is None:
        return {}
    arrays: dict[str, npt.NDArray[Any]] = {"alone": np.array(newcomers.alone)}
    for name in ("places", "phrasings", "present", "mean"):
        if (array := getattr(newcomers, name)) is not None:
            arrays[name] = array
    for name in _MEASURES:
        if (measure := getattr(newcomers, name)) is not None:
            arrays[f"{name}_usual"], arrays[f"{name}_spread"] = measure.usual, measure.spread
    return arrays


def unpacked(arrays: Arrays) -> Newcomers | None:
    """Return the value of which ``packed`` gave the arrays."""
    if "places" not in arrays:
        return None

    def measure(name: str) -> Measure | None:
        usual = arrays.get(f"{name}_usual")
        return None if usual is None else Measure(usual, arrays[f"{name}_spread"])

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
        measure("asked"),
        measure("answered"),
        arrays.get("mean"),
    )
