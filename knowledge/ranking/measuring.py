"""Learns the newcomers: their texts, and what foreign texts reach of the likeness to each entry."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.newcomers import Measure, Newcomers, Places, Texts, centred
from knowledge.ranking.ridge import Floats
from knowledge.ranking.second_encoder import SecondEncoder

_USUAL = 0.9
_LEAST_SPREAD = 1e-3
# So many examples are the foreign texts by meaning, and so many by the second encoder, which takes
# 20 ms a text. They are chosen by their digests: most stay when others come.
_MEANT_SAMPLE = 1500
_ASKED_SAMPLE = 600
_QUESTIONS, _PASSAGES, _SENTENCES = ".asked", ".answers", ".sentences"


@dataclass(frozen=True, slots=True)
class Learning:
    """What newcomers are learnt from.

    ``labels``: the place of each example's id, the number of ids for none; ``vectors``: of the
    examples, by the first encoder; ``learnt``: the labels of those that were compared with all
    others, and ``best`` the likeness of each to the nearest example of each id.
    """

    material: Material
    labels: npt.NDArray[np.int64]
    vectors: Vectors | None
    learnt: npt.NDArray[np.int64]
    best: Floats
    encoder: Encoder | None
    second: SecondEncoder | None
    store: ModelStore


def learn_newcomers(learning: Learning) -> Newcomers | None:
    """Return what finds the newcomers of a material; None if it has none."""
    material, labels, vectors = learning.material, learning.labels, learning.vectors
    ids, names = material.ids, material.newcomers
    if not names:
        return None
    places = np.array([ids.index(name) for name in names], dtype=np.int64)
    sizes = np.bincount(labels, minlength=len(ids) + 1)[:-1]
    likeness = _measured(learning.best[:, :-1], learning.learnt)
    alone = len(names) == len(set(ids) - material.acts)
    shared = (places, sizes[places].astype(np.float64), sizes > 0, alone, likeness)
    if learning.encoder is None or vectors is None:
        return Newcomers(*shared)
    mean = vectors.mean(axis=0)
    meant = centred(vectors, mean)
    sample = _sample(material.examples, _MEANT_SAMPLE)
    near = _nearest(meant[sample] @ meant.T, labels, len(ids))
    sentences, owners = _sentences(material)
    told = centred(learning.store.encoded(learning.encoder, sentences, _SENTENCES), mean)
    foreign = (meant[sample], labels[sample], places)
    return Newcomers(
        *shared,
        mean=mean,
        meant_likeness=_measured(near, labels[sample]),
        meant_answers=_texts(told, owners, *foreign),
        **_by_second(learning, places, sentences, owners),
    )


def _by_second(
    learning: Learning, places: Places, sentences: Sequence[str], owners: Places
) -> dict[str, Any]:
    second, store, examples = learning.second, learning.store, learning.material.examples
    if second is None:
        return {}
    sample = _sample(examples, _ASKED_SAMPLE)
    order = np.argsort(learning.labels, kind="stable")
    own = order[np.isin(learning.labels[order], places)]
    rows = np.concatenate([sample, own])
    texts = [examples[row].text for row in rows.tolist()]
    vectors = store.encoded(second.questions, texts, _QUESTIONS)
    centre = vectors[: len(sample)].mean(axis=0)
    vectors = centred(vectors, centre)
    told = centred(store.encoded(second.passages, sentences, _PASSAGES), centre)
    foreign = (vectors[: len(sample)], learning.labels[sample], places)
    asked_of = np.searchsorted(places, learning.labels[own])
    return {
        "centre": centre,
        "asked": _texts(vectors[len(sample) :], asked_of, *foreign),
        "answers": _texts(told, owners, *foreign),
    }


def _sentences(material: Material) -> tuple[list[str], Places]:
    """Return the sentences of the newcomers' answers, and the number of the newcomer of each."""
    pairs = [
        (sentence, number)
        for number, name in enumerate(material.newcomers)
        for sentence in material.answers[name]
    ]
    return [sentence for sentence, _ in pairs], np.array([number for _, number in pairs])


def _texts(
    vectors: Vectors, owners: Places, foreign: Vectors, labels: Places, places: Places
) -> Texts:
    near = _nearest(foreign @ vectors.T, owners, len(places))
    numbers = np.searchsorted(places, labels)
    is_own = (numbers < len(places)) & (places[np.minimum(numbers, len(places) - 1)] == labels)
    return Texts(vectors, owners, _measured(near, np.where(is_own, numbers, -1)))


def _nearest(likeness: npt.NDArray[np.floating[Any]], owners: Places, count: int) -> Floats:
    """Return the greatest likeness of each row to the texts of each owner: (rows, count)."""
    near = np.zeros((len(likeness), count))
    for owner in range(count):
        own = np.flatnonzero(owners == owner)
        if len(own):
            near[:, owner] = likeness[:, own].max(axis=1)
    return near


def _measured(near: Floats, owners: Places) -> Measure:
    """Measure what the rows that are not of each owner reach of it."""
    foreign = [near[owners != owner, owner] for owner in range(near.shape[1])]
    usual = [float(np.quantile(each, _USUAL)) if len(each) else 0.0 for each in foreign]
    spread = [float(each.std()) if len(each) else 1.0 for each in foreign]
    return Measure(np.array(usual), np.maximum(spread, _LEAST_SPREAD))


def _sample(examples: Sequence[Example], count: int) -> Places:
    digests = [
        hashlib.blake2b(each.text.encode("utf-8", "surrogatepass")).digest() for each in examples
    ]
    chosen = sorted(range(len(examples)), key=lambda row: digests[row])[:count]
    return np.array(sorted(chosen), dtype=np.int64)
