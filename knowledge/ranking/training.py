"""Trains a ranker on the corpus, and calibrates its probabilities."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from knowledge.ranking.balanced_head import BalancedHead
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.encoder import Encoder
from knowledge.ranking.kept_rows import BLOCK, KeptRows, blocks
from knowledge.ranking.measuring import Learning, learn_newcomers
from knowledge.ranking.model_store import Compiled, KeptWorkings, ModelStore
from knowledge.ranking.pairs import Pairs, compare, in_full, nearest_of_others
from knowledge.ranking.ranker import CHOICES, CloserLook, Labels, TrainedRanker, describe
from knowledge.ranking.ridge import Floats, Kernel, RidgeHead, calibrate, learn, left_out
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.similarity import Similarity

# The head learns from at most this many examples, chosen evenly: their kernel takes 256 MB. The
# others still count as exact phrasings, and where the nearest example tells.
_MOST_LEARNT = 8000
_FEWEST_VOICES = 3
# Some acts are asked for nearly as a question is: "I have an idea" and "where do ideas go". Between
# the two, the question's answer has the button of the act, while the act has no answer; so acts
# give way. Measured in docs/matching.md: at 1, a point fewer of the questions is right.
_WORTH_OF_ACTS = 0.8
_PARTS = 5

_FACTOR = "factor"

Rows = npt.NDArray[np.intp]
Truths = npt.NDArray[np.bool_]
Cases = tuple[Floats, Truths, Truths]


def compile_ranker(
    material: Material,
    encoder: Encoder | None,
    store: ModelStore,
    second: SecondEncoder | None = None,
) -> TrainedRanker:
    """Train on the material, or take from the store what was learnt from the same material.

    Where the store has what the last learning left, only what changed since is learnt: with the
    same result, to the bit, as learning all from nothing.
    """
    similarity, compiled = _compiled(material, encoder, store, second)
    newcomers = compiled.newcomers
    if newcomers is None:
        return TrainedRanker(material.examples, similarity, compiled)
    balanced = compiled.balanced
    head = BalancedHead(balanced, material.lexicon, encoder) if balanced else None
    return TrainedRanker(
        material.examples, similarity, compiled, CloserLook(newcomers, head, second)
    )


def scores_left_out(
    material: Material,
    encoder: Encoder | None,
    store: ModelStore,
    second: SecondEncoder | None = None,
) -> Floats:
    """Return the scores of each example by a head that learnt from all others: (examples, ids).

    Here acts count as much as entries. Zero for what the head does not learn from.
    """
    _, compiled = _compiled(material, encoder, store, second)
    worth = np.array([*_worth(material), 1.0])
    targets = targets_of(material, labels_of(material)) / worth
    learnt = compiled.curbs > 0
    scores = np.zeros((len(material.examples), len(material.ids)))
    plain = left_out(
        targets[learnt], (compiled.coefficients / worth)[learnt], compiled.curbs[learnt]
    )
    scores[learnt] = plain[:, : len(material.ids)]
    return scores


def _compiled(
    material: Material, encoder: Encoder | None, store: ModelStore, second: SecondEncoder | None
) -> tuple[Similarity, Compiled]:
    key = store.key(material, encoder, second)
    compiled = store.get(key)
    workings = store.of(encoder)
    similarity = Similarity(
        [example.text for example in material.examples],
        material.lexicon,
        encoder,
        kept=compiled.similarity if compiled else None,
        encoded=store.encoded,
        workings=workings,
    )
    if compiled is None:
        compiled = _learn(material, similarity, workings, (encoder, second), store)
        store.put(key, compiled)
    return similarity, compiled


def _learn(
    material: Material,
    similarity: Similarity,
    workings: KeptWorkings,
    encoders: tuple[Encoder | None, SecondEncoder | None],
    store: ModelStore,
) -> Compiled:
    examples, ids = material.examples, material.ids
    none = len(ids)
    labels = labels_of(material)
    groups = np.array(_groups(examples))
    learnt = _in_order(learnt_among(len(examples)), material)
    digests = [similarity.digests[row] for row in learnt.tolist()]
    # What facilitators write comes last.
    settled = sum(examples[row].voice != HOUSE for row in learnt.tolist())
    pairs = compare(similarity, learnt, digests, workings, settled)
    best = nearest_of_others(pairs, labels[learnt], groups[learnt], none + 1)
    targets = targets_of(material, labels[learnt])
    head = _head(pairs, targets, groups[learnt], digests, workings, settled)
    coefficients, curbs = np.zeros((len(examples), none + 1)), np.zeros(len(examples))
    coefficients[learnt], curbs[learnt] = head.coefficients, head.curbs
    features, is_first, is_among = _cases(
        labels[learnt], head.held_out, best, has_negatives=none in labels
    )
    found = learn_newcomers(
        Learning(material, similarity, labels, labels[learnt], best, *encoders, store=store)
    )
    return Compiled(
        ids=ids,
        coefficients=coefficients,
        curbs=curbs,
        sure=calibrate(features, is_first),
        among=calibrate(features, is_among),
        similarity=similarity.packed(),
        newcomers=found.newcomers if found else None,
        balanced=found.balanced if found else {},
    )


def _in_order(rows: Rows, material: Material) -> Rows:
    """Put what facilitators write last, and entries after acts: the last change most often.

    From the first row that changes on, all is learnt anew.
    """
    written = [material.examples[row] for row in rows.tolist()]
    is_ours = np.array([one.voice == HOUSE for one in written], dtype=np.int8)
    is_entry = np.array([one.entry not in material.acts for one in written], dtype=np.int8)
    return rows[np.argsort(is_ours * (1 + is_entry), kind="stable")]


def _head(
    pairs: Pairs,
    targets: Floats,
    groups: npt.NDArray[np.str_],
    digests: Sequence[bytes],
    workings: KeptWorkings,
    settled: int,
) -> RidgeHead:
    """Learn the head; the rows of W before the first change are those of the last learning."""
    count = len(pairs)
    kernel: Kernel = np.zeros((count, count), dtype=np.float32)
    kept = KeptRows(workings, _FACTOR, np.float32)
    done = _same(kept.digests, digests)
    kept.unpack(done, kernel)
    for rows in blocks(count, done):
        kernel[rows, : rows.stop] = in_full(pairs[rows, : rows.stop])
    head = learn(kernel, targets, groups, done=done)
    kept.keep(digests, kernel, settled)
    return head


def _same(former: Sequence[bytes], digests: Sequence[bytes]) -> int:
    """Return how many rows, in whole blocks, come before the first that differs."""
    same = zip(former, digests, strict=False)
    first = next((place for place, (one, other) in enumerate(same) if one != other), None)
    count = min(len(former), len(digests)) if first is None else first
    return count if count == len(former) == len(digests) else count // BLOCK * BLOCK


def learnt_among(count: int) -> npt.NDArray[np.intp]:
    """Return the rows that the head learns from, of so many examples."""
    return np.linspace(0, count - 1, min(count, _MOST_LEARNT)).astype(np.intp)


def labels_of(material: Material) -> Labels:
    """Return the label of each example: the place of its id, the number of ids for none."""
    places = {name: place for place, name in enumerate(material.ids)}
    return np.array([places[e.entry] if e.entry else len(places) for e in material.examples])


def targets_of(material: Material, labels: Labels) -> Floats:
    """Return what the head learns: (examples, ids and none), one for the label of each."""
    worth = _worth(material)
    targets = np.zeros((len(labels), len(worth) + 1))
    targets[np.arange(len(labels)), labels] = np.array([*worth, 1.0])[labels]
    return targets


def _worth(material: Material) -> list[float]:
    return [_WORTH_OF_ACTS if name in material.acts else 1.0 for name in material.ids]


def _groups(examples: Sequence[Example]) -> list[str]:
    """Return the group that each example is left out with: its voice.

    With fewer than three voices, each is cut into five groups.
    """
    voices = Counter(example.voice for example in examples)
    if len(voices) >= _FEWEST_VOICES:
        return [example.voice for example in examples]
    return [f"{example.voice}/{number % _PARTS}" for number, example in enumerate(examples)]


def _cases(labels: Labels, scores: Floats, best: Floats, *, has_negatives: bool) -> Cases:
    """Return the features of each example ranked without its group, and what was right.

    Of each case: whether the first label was right, and whether one of the first three was. When
    the corpus has no out-of-scope examples, each example also serves as one, with its own label
    left out: it looks like a question near the domain (docs/matching.md).
    """
    features = describe(scores, best)
    order = np.argsort(-scores[:, :-1], axis=1, kind="stable")
    is_first = order[:, 0] == labels
    is_among = (order[:, :CHOICES] == labels[:, np.newaxis]).any(axis=1)
    if has_negatives or scores.shape[1] <= 2:  # noqa: PLR2004 - one label, and none
        return features, is_first, is_among
    is_other = np.arange(scores.shape[1]) != labels[:, np.newaxis]
    others = (len(labels), -1)
    left = describe(scores[is_other].reshape(others), best[is_other].reshape(others))
    wrong = np.zeros(len(labels), dtype=np.bool_)
    return (
        np.concatenate([features, left]),
        np.concatenate([is_first, wrong]),
        np.concatenate([is_among, wrong]),
    )
