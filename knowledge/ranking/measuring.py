"""Learns the newcomers: their texts, and what foreign texts reach of the likeness to each entry."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.background import background
from knowledge.ranking.balanced_head import BalancedTexts, SeenTexts, centred, learn_balanced
from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.newcomers import Measure, Newcomers, Places
from knowledge.ranking.ridge import Floats
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.similarity import Similarity

_USUAL = 0.9
_LEAST_SPREAD = 1e-3
# So many examples are the foreign texts by meaning, and so many by the second encoder, which takes
# 20 ms a text. They are chosen by their digests: most stay when others come.
_MEANT_SAMPLE = 1500
_SAMPLE = 700
# So many examples of a newcomer are read by the second encoder. With more texts in all than the
# balanced head can learn from in a second, there is none: the first signs decide.
_OF_EACH, _MOST = 40, 3000
# The files that vectors are kept in: texts that change apart from others are kept apart.
_QUESTIONS, _PASSAGES, _SENTENCES = ".asked", ".answers", ".sentences"
_BACKGROUND = ".background"


@dataclass(frozen=True, slots=True)
class Learning:
    """What newcomers are learnt from.

    ``labels``: the place of each example's id, the number of ids for none; ``learnt``: the labels
    of those that were compared with all others, and ``best`` the likeness of each to the nearest
    example of each id.
    """

    material: Material
    similarity: Similarity
    labels: npt.NDArray[np.int64]
    learnt: npt.NDArray[np.int64]
    best: Floats
    encoder: Encoder | None
    second: SecondEncoder | None
    store: ModelStore


@dataclass(frozen=True, slots=True)
class LearntNewcomers:
    """The newcomers, and what the balanced head is made of (nothing: there is none)."""

    newcomers: Newcomers
    balanced: dict[str, npt.NDArray[Any]]


def learn_newcomers(learning: Learning) -> LearntNewcomers | None:
    """Return what finds the newcomers of a material; None if it has none."""
    material, labels = learning.material, learning.labels
    ids, names = material.ids, material.newcomers
    if not names:
        return None
    places = np.array([ids.index(name) for name in names], dtype=np.int64)
    sizes = np.bincount(labels, minlength=len(ids) + 1)[:-1]
    texts = _balanced_texts(learning, places)
    measures = _by_meaning(learning) | (_by_second(texts, places, len(ids)) if texts else {})
    newcomers = Newcomers(
        places,
        sizes[places].astype(np.float64),
        sizes > 0,
        alone=len(names) == len(set(ids) - material.acts),
        likeness=_measured(learning.best[:, :-1], learning.learnt),
        **measures,
    )
    if texts is None:
        return LearntNewcomers(newcomers, {})
    balanced = learn_balanced(texts, len(ids), material.lexicon, learning.encoder)
    return LearntNewcomers(newcomers, balanced)


def _by_meaning(learning: Learning) -> dict[str, Any]:
    vectors, labels = learning.similarity.vectors, learning.labels
    if vectors is None:
        return {}
    mean = vectors.mean(axis=0)
    meant = centred(vectors, mean)
    sample = _sample(learning.material.examples, _MEANT_SAMPLE)
    near = _nearest(meant[sample] @ meant.T, labels, len(learning.material.ids))
    return {"mean": mean, "meant_likeness": _measured(near, labels[sample])}


def _balanced_texts(learning: Learning, places: Places) -> BalancedTexts | None:
    """Return a sample of the examples, those of the newcomers, and their answers' sentences."""
    material, vectors = learning.material, learning.similarity.vectors
    rows = _sampled(learning, places)
    examples = tuple(material.examples[row].text for row in rows.tolist())
    told = [(text, name) for name in material.newcomers for text in material.answers[name]]
    sentences = tuple(text for text, _ in told)
    if len(examples) + len(sentences) > _MOST:
        return None
    owners = np.array([material.ids.index(name) for _, name in told], dtype=np.int64)
    unlearnt = _background(material)
    return BalancedTexts(
        SeenTexts(
            (*examples, *sentences),
            _stacked(
                None if vectors is None else vectors[rows],
                _read_first(learning, sentences, _SENTENCES),
            ),
            _stacked(
                _read_second(learning, examples, _QUESTIONS),
                _read_second(learning, sentences, _PASSAGES),
            ),
        ),
        np.concatenate([learning.labels[rows], owners]),
        len(examples),
        SeenTexts(
            unlearnt,
            _read_first(learning, unlearnt, _BACKGROUND),
            _read_second(learning, unlearnt, _BACKGROUND),
        ),
    )


def _background(material: Material) -> tuple[str, ...]:
    """Return the texts of the background, without those that ask for something here."""
    asked_for = {one.text for one in material.examples if one.entry}
    return tuple(text for text in background() if text not in asked_for) or background()


def _sampled(learning: Learning, places: Places) -> Places:
    """Return the rows of a sample of the examples, and of those of the newcomers."""
    examples, labels = learning.material.examples, learning.labels
    # The background tells what texts reach that nothing was learnt from.
    unlearnt = set(_background(learning.material))
    others = [row for row, one in enumerate(examples) if one.text not in unlearnt]
    rows = np.array(others, dtype=np.int64)[_sample([examples[row] for row in others], _SAMPLE)]
    for place in places.tolist():
        own = np.flatnonzero(labels == place)
        kept = _sample([examples[row] for row in own.tolist()], _OF_EACH)
        rows = np.union1d(rows, own[kept])
    return rows


def _stacked(asked: Vectors | None, told: Vectors | None) -> Vectors | None:
    return None if asked is None or told is None else np.concatenate([asked, told])


def _read_first(learning: Learning, texts: Sequence[str], kind: str) -> Vectors | None:
    """Return the vectors of texts by the first encoder; ``kind``: those kept in one file."""
    if learning.encoder is None:
        return None
    normalised = [learning.similarity.normalised(text) for text in texts]
    return learning.store.encoded(learning.encoder, normalised, kind)


def _read_second(learning: Learning, texts: Sequence[str], kind: str) -> Vectors | None:
    """Return the vectors of texts by the second encoder."""
    if learning.encoder is None or learning.second is None:
        return None
    second = learning.second
    reading = second.passages if kind == _PASSAGES else second.questions
    return learning.store.encoded(reading, texts, kind)


def _by_second(texts: BalancedTexts, places: Places, count: int) -> dict[str, Any]:
    """Measure what foreign texts reach of the newcomers' phrasings and answers."""
    seen = texts.seen.second
    if seen is None:
        return {}
    vectors = centred(seen, seen[: texts.examples].mean(axis=0))
    asked, labels = vectors[: texts.examples], texts.labels[: texts.examples]
    near = _nearest(asked @ asked.T, labels, count)[:, places]
    told = _nearest(asked @ vectors[texts.examples :].T, texts.labels[texts.examples :], count)
    owners = np.searchsorted(places, labels)
    is_own = places[np.minimum(owners, len(places) - 1)] == labels
    numbers = np.where(is_own, owners, -1)
    return {
        "asked": _measured(near, numbers),
        "answered": _measured(told[:, places], numbers),
    }


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
