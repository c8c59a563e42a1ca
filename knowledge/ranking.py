"""Which entry a question is for: learnt from phrasings, and sure by as much as it was right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from knowledge.corpus import Example, Material
from knowledge.encoding import Encoder
from knowledge.learning import Floats, calibrate, learn
from knowledge.likeness import Likeness
from knowledge.model_store import Compiled, ModelStore

Labels = npt.NDArray[np.int64]
_CHOICES = 3


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry and how well it fits, from 0 to 1."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """All entries, best first, and what the best ones promise.

    ``sure``: the probability that the first is right; ``among``: that one of the first three is;
    ``nearest``: the example most like the question, told in the trace.
    """

    entries: tuple[Ranked, ...]
    sure: float
    among: float
    nearest: str


class Ranker(Protocol):
    """Orders all entries for a question; immutable once made."""

    def rank(self, question: str) -> Ranking:
        """Rank all entries, ties in the order of the files."""


class LearntRanker:
    """A trained head over likenesses, calibrated on voices that it had not learnt from."""

    def __init__(self, examples: Sequence[Example], likeness: Likeness, model: Compiled) -> None:
        self._texts = [example.text for example in examples]
        self._ids = model.ids
        self._labels = np.array([self._ids.index(e.entry) if e.entry else -1 for e in examples])
        self._likeness = likeness
        self._model = model

    def rank(self, question: str) -> Ranking:
        """Rank by the head's scores; probability by how such scores fared on unknown voices."""
        likenesses = self._likeness.to_examples(question)
        scores = likenesses @ self._model.coefficients + self._model.coefficients.sum(axis=0)
        best = _best_by_label(likenesses, self._labels, len(self._ids))
        features = describe(scores, best)
        order = np.argsort(-scores[:-1], kind="stable")
        ranked = tuple(Ranked(self._ids[i], _unit(scores[i])) for i in order)
        return Ranking(
            ranked,
            float(self._model.sure.probability(features)[0]),
            float(self._model.among.probability(features)[0]),
            self._texts[int(np.argmax(likenesses))],
        )


def describe(scores: Floats, best: Floats) -> Floats:
    """Return what the probabilities are read from: (8,) for one question.

    ``scores``: one an entry, and "none of them" last; ``best``: the likeness of each entry's
    nearest example, and of the nearest out-of-scope one last.
    """
    entries = scores[:-1]
    first, second, *_ = [*np.argsort(-entries, kind="stable"), 0, 0]
    rivals = np.delete(best[:-1], first)
    return np.array(
        [
            entries[first],
            entries[first] - entries[second],
            np.sort(entries)[-_CHOICES:].sum(),
            scores[-1],
            best[first],
            best[first] - (rivals.max() if len(rivals) else 0.0),
            best[-1],
            best[first] - best[-1],
        ]
    )


def compile_ranker(material: Material, encoder: Encoder | None, store: ModelStore) -> LearntRanker:
    """Learn from the material, or take what was learnt from the same before."""
    examples = material.examples
    key = store.key(material, encoder)
    known = store.get(key)
    texts = [example.text for example in examples]
    vectors = known.vectors if known else None
    likeness = Likeness(texts, material.lexicon, encoder, vectors=vectors)
    if known is None:
        known = _learn(examples, material.ids, likeness)
        store.put(key, known)
    return LearntRanker(examples, likeness, known)


def _learn(examples: Sequence[Example], ids: tuple[str, ...], likeness: Likeness) -> Compiled:
    kernel = likeness.among_examples([example.text for example in examples])
    none = len(ids)
    labels = np.array([ids.index(e.entry) if e.entry else none for e in examples])
    groups = [example.voice for example in examples]
    head = learn(kernel, labels.tolist(), groups, none + 1)
    features = np.stack(list(_described_held_out(kernel, labels, groups, head.held_out)))
    order = np.argsort(-head.held_out[:, :-1], axis=1, kind="stable")
    right = order[:, 0] == labels
    among = (order[:, :_CHOICES] == labels[:, None]).any(axis=1)
    return Compiled(
        ids=ids,
        coefficients=head.coefficients,
        sure=calibrate(features, right),
        among=calibrate(features, among),
        vectors=likeness.vectors,
    )


def _described_held_out(
    kernel: Floats,
    labels: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    groups: Sequence[str],
    scores: Floats,
) -> Iterable[Floats]:
    """Describe each example as if its whole voice had not been learnt from."""
    names = np.asarray(groups)
    count = scores.shape[1] - 1
    for row, (likenesses, group) in enumerate(zip(kernel, groups, strict=True)):
        others = names != group
        owners = np.where(labels[others] == count, -1, labels[others])
        yield describe(scores[row], _best_by_label(likenesses[others], owners, count))


def _best_by_label(likenesses: Floats, labels: Labels, count: int) -> Floats:
    """Return the greatest likeness of each entry's examples, out-of-scope ones last."""
    best = np.zeros(count + 1)
    np.maximum.at(best, labels, likenesses)
    return best


def _unit(score: float) -> float:
    return float(min(max(score, 0.0), 1.0))
