"""The balanced head: two small regressions, in which newcomers do not drown.

One learns from a sample of all examples, and so tells a newcomer from what is asked for long. The
other learns from the newcomers alone, and tells them from one another: of its scores, what any text
reaches is taken off (``background.py``). Both learn from up to forty examples of each newcomer and
from the sentences of its answer, which count less. They also see meaning by the second encoder,
where there is one: a sample can be read by it in seconds, all examples cannot (docs/matching.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.similarity import Similarity, Weights, radial
from knowledge.text.lexicon import Lexicon

Arrays = Mapping[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer]
# What is added to the diagonal for an example, and for a sentence of an answer: it is no question.
_RIDGE, _RIDGE_OF_SENTENCES = 0.2, 3.0
_OF_SECOND = np.float32(0.5)
_TINY = np.float32(1e-12)
_PART = "likeness_"


@dataclass(frozen=True, slots=True)
class HeadScores:
    """What the balanced head finds out about a question.

    ``scores``: of all ids, "none of them" last, (ids + 1,); ``own``: of the newcomers, learnt from
    their texts alone, by how much each is greater than what any text reaches, (newcomers,);
    ``asked``: by the second encoder, the cosine with the nearest text of each id, out-of-scope ones
    last, (ids + 1,), and ``answered`` with the nearest sentence of each newcomer's answer,
    (newcomers,) (None: no second encoder).
    """

    scores: Floats
    own: Floats
    asked: Floats | None = None
    answered: Floats | None = None


@dataclass(frozen=True, slots=True)
class SeenTexts:
    """Texts with their vectors by both encoders, one row a text (None: there is no encoder)."""

    texts: tuple[str, ...]
    vectors: Vectors | None
    second: Vectors | None


@dataclass(frozen=True, slots=True)
class BalancedTexts:
    """The texts that the head learns from: some examples, then the sentences of answers.

    ``labels``: the place of each one's id, the number of ids for none; ``examples``: how many come
    before the sentences. ``background``: texts from which nothing is learnt (``background.py``).
    """

    seen: SeenTexts
    labels: Places
    examples: int
    background: SeenTexts


class _BesideSecond(Similarity):
    """What letters, sound and meaning weigh beside the second encoder, which has the rest."""

    weights = Weights(letters=0.1, sound=0.1, meaning=0.3)


class BalancedHead:
    """Scores all ids for a question, and the newcomers by themselves; immutable once made."""

    def __init__(self, kept: Arrays, lexicon: Lexicon, encoder: Encoder | None) -> None:
        """Take what ``learn_balanced`` learnt."""
        likeness = {
            name.removeprefix(_PART): array
            for name, array in kept.items()
            if name.startswith(_PART)
        }
        self._second, self._centre = kept.get("second"), kept.get("centre")
        self._similarity = _kind(self._second)((), lexicon, encoder, kept=likeness)
        self._coefficients, self._labels = kept["coefficients"], kept["labels"]
        self._intercepts = self._coefficients.sum(axis=0)
        self._own, self._reached = kept["own"], kept["reached"]
        self._examples = int(kept["examples"])
        self._owners, self._rows = _own_texts(self._labels, self._examples)
        seconds = (one for one in (self._second, self._centre) if one is not None)
        make_read_only(self._coefficients, self._intercepts, self._own, self._reached)
        make_read_only(self._labels, self._owners, self._rows, *seconds)

    @property
    def sees_second(self) -> bool:
        """Whether it needs the second encoder's vector of a question."""
        return self._second is not None

    def look(self, question: str, meaning: Vectors | None, second: Vectors | None) -> HeadScores:
        """Look at a question: ``second`` is its vector by the second encoder, as it is."""
        meanings = None if meaning is None else meaning[np.newaxis]
        likeness = self._similarity.to_examples([question], meanings)[0]
        if self._second is None or self._centre is None or second is None:
            return self._scores(likeness)
        cosines = self._second @ centred(second, self._centre)
        likeness = likeness + _OF_SECOND * radial(cosines)
        count = self._coefficients.shape[1]
        asked = nearest_by_label(cosines[: self._examples], self._labels[: self._examples], count)
        told = nearest_by_label(cosines[self._examples :], self._labels[self._examples :], count)
        return replace(self._scores(likeness), asked=asked, answered=told[self._owners])

    def _scores(self, likeness: Floats) -> HeadScores:
        return HeadScores(
            scores=likeness @ self._coefficients + self._intercepts,
            own=likeness[self._rows] @ self._own - self._reached,
        )


def learn_balanced(
    texts: BalancedTexts, count: int, lexicon: Lexicon, encoder: Encoder | None
) -> dict[str, npt.NDArray[Any]]:
    """Learn the head, as arrays for ``BalancedHead``; ``count``: how many ids there are."""
    seen, background = texts.seen, texts.background
    centre = None if seen.second is None else seen.second[: texts.examples].mean(axis=0)
    second = None if seen.second is None or centre is None else centred(seen.second, centre)
    known = seen.vectors
    encoded = None if known is None else lambda _encoder, _texts: known
    similarity = _kind(second)(seen.texts, lexicon, encoder, encoded=encoded)
    kernel = similarity.between(np.arange(len(seen.texts))).astype(np.float64)
    reached = similarity.to_examples(background.texts, background.vectors)
    if second is not None and centre is not None and background.second is not None:
        kernel += _OF_SECOND * radial(second @ second.T)
        reached = reached + _OF_SECOND * radial(centred(background.second, centre) @ second.T)
    ridges = np.where(np.arange(len(kernel)) < texts.examples, _RIDGE, _RIDGE_OF_SENTENCES)
    kernel[np.diag_indices_from(kernel)] += ridges
    targets = np.zeros((len(kernel), count + 1))
    targets[np.arange(len(kernel)), texts.labels] = 1
    owners, rows = _own_texts(texts.labels, texts.examples)
    own = np.linalg.solve(kernel[np.ix_(rows, rows)], targets[np.ix_(rows, owners)])
    learnt = {
        "labels": texts.labels,
        "examples": np.array(texts.examples),
        "coefficients": np.linalg.solve(kernel + 1, targets),
        "own": own,
        "reached": (reached[:, rows] @ own).mean(axis=0),
    }
    learnt |= {f"{_PART}{name}": array for name, array in similarity.packed().items()}
    if second is not None and centre is not None:
        learnt |= {"second": second, "centre": centre}
    return learnt


def _kind(second: Vectors | None) -> type[Similarity]:
    return Similarity if second is None else _BesideSecond


def _own_texts(labels: Places, examples: int) -> tuple[Places, Places]:
    """Return the places of the newcomers among the ids, and those of their texts.

    Only newcomers have sentences of answers; these come after so many examples.
    """
    owners = np.unique(labels[examples:])
    return owners, np.flatnonzero(np.isin(labels, owners))


def nearest_by_label(cosines: npt.NDArray[Any], labels: Places, count: int) -> Floats:
    """Return the greatest cosine of the texts of each label; -1 for a label without any."""
    nearest = np.full(count, -1.0)
    np.maximum.at(nearest, labels, cosines)
    return nearest


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Return vectors (n, d) or (d,) without what all have in common, of norm 1."""
    moved = vectors - mean
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    unit: Vectors = np.divide(moved, np.maximum(norms, _TINY), dtype=np.float32)
    return unit
