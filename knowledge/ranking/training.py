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

# A kernel of more examples would not fit in the memory of a small machine: above this number, no
# head is trained and the nearest example decides. At it, learning holds three matrices of 144 MB.
_LARGEST_KERNEL = 6000
# Without a kernel, each case of the calibration costs a comparison with every example; this many
# cases are enough to fit a dozen numbers.
_SAMPLE = 400
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
    labels = np.array([ids.index(e.entry) if e.entry else none for e in examples])
    groups = np.array(_groups(examples))
    if len(examples) <= _LARGEST_KERNEL:
        rows, kernel = range(len(examples)), similarity.among_examples()
        best = _best_of_others(rows, kernel, labels, groups, none)
        worth = {ids.index(act): _WORTH_OF_ACTS for act in material.acts}
        head = learn(kernel, labels.tolist(), groups.tolist(), none + 1, worth)
        coefficients, scores = head.coefficients, head.held_out
    else:
        coefficients = np.empty((0, 0))
        rows = range(0, len(examples), -(-len(examples) // _SAMPLE))
        kernel = np.stack([similarity.to_examples(examples[row].text) for row in rows])
        best = scores = _best_of_others(rows, kernel, labels, groups, none)
    cases = list(_cases(labels[np.asarray(rows)], scores, best, has_negatives=none in labels))
    features = np.stack([case[0] for case in cases])
    return Compiled(
        ids=ids,
        coefficients=coefficients,
        sure=calibrate(features, np.array([case[1] for case in cases])),
        among=calibrate(features, np.array([case[2] for case in cases])),
        similarity=similarity.packed(),
    )


def _groups(examples: Sequence[Example]) -> list[str]:
    """Return the group that each example is left out with: its voice.

    With fewer than three voices, each is cut into five groups.
    """
    voices = Counter(example.voice for example in examples)
    if len(voices) >= _FEWEST_VOICES:
        return [example.voice for example in examples]
    return [f"{example.voice}/{number % _PARTS}" for number, example in enumerate(examples)]


def _best_of_others(
    rows: Sequence[int],
    kernel: Kernel,
    labels: Labels,
    groups: npt.NDArray[np.str_],
    count: int,
) -> Floats:
    """Return the greatest similarity of rows of examples to each label's, their groups left out."""
    best = np.zeros((len(rows), count + 1))
    _, numbers = np.unique(groups, return_inverse=True)
    for group in dict.fromkeys(numbers[np.asarray(rows)].tolist()):
        others = np.flatnonzero(numbers != group)
        others = others[np.argsort(labels[others], kind="stable")]
        present, starts = np.unique(labels[others], return_index=True)
        own = np.flatnonzero(numbers[np.asarray(rows)] == group)
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
