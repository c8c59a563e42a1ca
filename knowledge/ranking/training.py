"""Trains a ranker on the corpus, and calibrates its probabilities."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Encoder
from knowledge.ranking.model_store import Compiled, ModelStore
from knowledge.ranking.ranker import CHOICES, Labels, TrainedRanker, describe
from knowledge.ranking.ridge import Floats, Kernel, calibrate, learn
from knowledge.ranking.similarity import Similarity

# The head learns from at most this many examples, chosen evenly: their kernel takes 144 MB. The
# others still count as exact phrasings, and where the nearest example tells.
_MOST_LEARNT = 6000
_FEWEST_VOICES = 3
# Some acts are asked for nearly as a question is: "I have an idea" and "where do ideas go". Between
# the two, the question's answer has the button of the act, while the act has no answer; so acts
# give way. Measured in docs/matching.md: at 1, a point fewer of the questions is right.
_WORTH_OF_ACTS = 0.8
_PARTS = 5

Case = tuple[Floats, bool, bool]


def compile_ranker(material: Material, encoder: Encoder | None, store: ModelStore) -> TrainedRanker:
    """Train on the material, or take from the store what was learnt from the same material."""
    examples = material.examples
    key = store.key(material, encoder)
    compiled = store.get(key)
    texts = [example.text for example in examples]
    kept = compiled.similarity if compiled else None
    similarity = Similarity(texts, material.lexicon, encoder, kept=kept, encoded=store.encoded)
    if compiled is None:
        compiled = _learn(material, similarity)
        store.put(key, compiled)
    return TrainedRanker(examples, similarity, compiled)


def _learn(material: Material, similarity: Similarity) -> Compiled:
    examples, ids = material.examples, material.ids
    none = len(ids)
    labels = labels_of(material)
    groups = np.array(_groups(examples))
    learnt = learnt_among(len(examples))
    kernel = np.empty((len(learnt), len(learnt)), dtype=np.float32)
    best = np.empty((len(learnt), none + 1))
    for places, block in similarity.among_examples(learnt):
        kernel[places] = block[:, learnt]
        best[places] = _best_of_others(learnt[places], block, labels, groups, none)
    head = learn(kernel, targets_of(material, labels[learnt]), groups[learnt])
    coefficients = np.zeros((len(examples), none + 1))
    coefficients[learnt] = head.coefficients
    cases = list(_cases(labels[learnt], head.held_out, best, has_negatives=none in labels))
    features = np.stack([case[0] for case in cases])
    return Compiled(
        ids=ids,
        coefficients=coefficients,
        sure=calibrate(features, np.array([case[1] for case in cases])),
        among=calibrate(features, np.array([case[2] for case in cases])),
        similarity=similarity.packed(),
    )


def learnt_among(count: int) -> npt.NDArray[np.intp]:
    """Return the rows that the head learns from, of so many examples."""
    return np.linspace(0, count - 1, min(count, _MOST_LEARNT)).astype(np.intp)


def labels_of(material: Material) -> Labels:
    """Return the label of each example: the place of its id, the number of ids for none."""
    places = {name: place for place, name in enumerate(material.ids)}
    return np.array([places[e.entry] if e.entry else len(places) for e in material.examples])


def targets_of(material: Material, labels: Labels) -> Floats:
    """Return what the head learns: (examples, ids and none), one for the label of each."""
    worth = [_WORTH_OF_ACTS if name in material.acts else 1.0 for name in material.ids]
    targets = np.zeros((len(labels), len(worth) + 1))
    targets[np.arange(len(labels)), labels] = np.array([*worth, 1.0])[labels]
    return targets


def _groups(examples: Sequence[Example]) -> list[str]:
    """Return the group that each example is left out with: its voice.

    With fewer than three voices, each is cut into five groups.
    """
    voices = Counter(example.voice for example in examples)
    if len(voices) >= _FEWEST_VOICES:
        return [example.voice for example in examples]
    return [f"{example.voice}/{number % _PARTS}" for number, example in enumerate(examples)]


def _best_of_others(
    rows: npt.NDArray[np.intp],
    kernel: Kernel,
    labels: Labels,
    groups: npt.NDArray[np.str_],
    count: int,
) -> Floats:
    """Return the greatest similarity of rows of examples to each label's, their groups left out."""
    best = np.zeros((len(rows), count + 1))
    _, numbers = np.unique(groups, return_inverse=True)
    for group in dict.fromkeys(numbers[rows].tolist()):
        others = np.flatnonzero(numbers != group)
        others = others[np.argsort(labels[others], kind="stable")]
        present, starts = np.unique(labels[others], return_index=True)
        own = np.flatnonzero(numbers[rows] == group)
        if len(others):
            nearest = np.maximum.reduceat(kernel[np.ix_(own, others)], starts, axis=1)
            best[np.ix_(own, present)] = np.maximum(nearest, 0)
    return best


def _cases(labels: Labels, scores: Floats, best: Floats, *, has_negatives: bool) -> Iterator[Case]:
    """Yield the features of each example ranked without its group, and what was right.

    A case says whether the first label was right, and whether one of the first three was. When the
    corpus has no out-of-scope examples, each example also serves as one, with its own label left
    out: it looks like a question near the domain (docs/matching.md).
    """
    for label, own_scores, own_best in zip(labels.tolist(), scores, best, strict=True):
        yield _case(own_scores, own_best, label)
        if not has_negatives and len(own_scores) > 2:  # noqa: PLR2004 - two labels, and none
            left = (np.delete(own_scores, label), np.delete(own_best, label))
            yield describe(*left), False, False


def _case(scores: Floats, best: Floats, label: int) -> Case:
    order = np.argsort(-scores[:-1], kind="stable")
    return describe(scores, best), bool(order[0] == label), bool(label in order[:CHOICES])
