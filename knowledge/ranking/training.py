"""Trains a ranker on the corpus, and calibrates its probabilities."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Encoder
from knowledge.ranking.model_store import Compiled, ModelStore
from knowledge.ranking.ranker import CHOICES, Labels, TrainedRanker, best_by_label, describe
from knowledge.ranking.ridge import Floats, calibrate, learn
from knowledge.ranking.similarity import Similarity

# A kernel of more examples would not fit in the memory of a small machine: above this number, no
# head is trained and the nearest example decides.
_LARGEST_KERNEL = 3000
# Without a kernel, each case of the calibration costs a comparison with every example; this many
# cases are enough to fit a dozen numbers.
_SAMPLE = 400
_FEWEST_VOICES = 3
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
        compiled = _learn(examples, material.ids, similarity)
        store.put(key, compiled)
    return TrainedRanker(examples, similarity, compiled)


def _learn(examples: Sequence[Example], ids: tuple[str, ...], similarity: Similarity) -> Compiled:
    none = len(ids)
    labels = np.array([ids.index(e.entry) if e.entry else none for e in examples])
    groups = np.array(_groups(examples))
    if len(examples) <= _LARGEST_KERNEL:
        kernel = similarity.among_examples()
        head = learn(kernel, labels.tolist(), groups.tolist(), none + 1)
        coefficients = head.coefficients
        cases = list(_cases(range(len(examples)), kernel, head.held_out, labels, groups, none))
    else:
        coefficients = np.empty((0, 0))
        rows = range(0, len(examples), -(-len(examples) // _SAMPLE))
        kernel = np.stack([similarity.to_examples(examples[row].text) for row in rows])
        cases = list(_cases(rows, kernel, None, labels, groups, none))
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


def _cases(
    rows: Sequence[int],
    kernel: Floats,
    held_out: Floats | None,
    labels: Labels,
    groups: npt.NDArray[np.str_],
    count: int,
) -> Iterator[Case]:
    """Yield the features of each example ranked without its group, and what was right.

    A case says whether the first entry was right, and whether one of the first three was. When the
    corpus has no out-of-scope examples, each example also serves as one, with its own entry left
    out: it looks like a question near the domain (docs/matching.md).
    """
    has_negatives = bool((labels == count).any())
    for row, similarities in zip(rows, kernel, strict=True):
        others = groups != groups[row]
        owners = np.where(labels[others] == count, -1, labels[others])
        best = best_by_label(similarities[others], owners, count)
        scores = best if held_out is None else held_out[row]
        yield _case(scores, best, int(labels[row]))
        if not has_negatives and count > 1:
            label = int(labels[row])
            yield describe(np.delete(scores, label), np.delete(best, label)), False, False


def _case(scores: Floats, best: Floats, label: int) -> Case:
    order = np.argsort(-scores[:-1], kind="stable")
    return describe(scores, best), bool(order[0] == label), bool(label in order[:CHOICES])
