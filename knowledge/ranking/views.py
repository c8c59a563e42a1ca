"""Texts as sparse vectors of weighted features: n-grams within words, words, pairs, ideas.

The weights of a text depend on the text alone: a text that was read before is not read again. They
are multiples of 2⁻¹¹ in vectors of norm 1, so that all products of them and their sums fit single
precision without rounding: the likeness of two texts is the same, to the bit, however it is
computed, one by one or in blocks.
"""

import hashlib
import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.frequencies import Rarity
from knowledge.ranking.read_only import make_read_only
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise
from knowledge.text.phonetics import sound

Floats = npt.NDArray[np.float64]
Weighed = npt.NDArray[np.float32]
Ids = npt.NDArray[np.integer]
Keys = npt.NDArray[np.uint64]
Features = Callable[[str], Counter[str]]
# Of n-grams. Pairs of letters are in half of all texts: comparing them took two thirds of the time,
# and without them (and without those of five) unknown voices are answered a little better.
_SIZES = (3, 4)
# Only the start of a very long message is read, to bound the time it takes.
_LONGEST = 1500
# A feature found in at most this many examples is rare.
_FEW = 64
# So many common features are multiplied at a time: 20 MB, where there are five thousand examples.
_TOGETHER = 1000
# Up to so many rows are multiplied one by one: that is quicker than making dense matrices.
_ONE_BY_ONE = 100
_STEP = np.float32(2**11)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the views read a text.

    Kept apart from ``Similarity``: its views hold these methods, and methods of ``Similarity``
    would make a reference cycle, which reference counts alone never free.
    """

    lexicon: Lexicon

    def normalised(self, text: str) -> str:
        """Return a text normalised for all views: no case or accents, short forms expanded."""
        return self.lexicon.expand(normalise(text[:_LONGEST]))

    def key(self) -> bytes:
        """Return 16 bytes that tell apart all lexicons by which a text is read otherwise."""
        lexicon = [list(self.lexicon.short_forms.items()), list(self.lexicon.ideas.items())]
        return hashlib.blake2b(json.dumps(lexicon).encode(), digest_size=16).digest()

    def digest(self, normalised: str) -> bytes:
        """Return 16 bytes that tell apart all texts which the views read otherwise.

        ``normalised``: a text as ``normalised`` returns it.
        """
        read = "\n".join([normalised, *self.lexicon.ideas_in(normalised)])
        return hashlib.blake2b(read.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def letter_features(self, text: str) -> Counter[str]:
        """Return the features of a text's letters and ideas."""
        normalised = self.normalised(text)
        features = _features(normalised)
        features.update(f"#{idea}" for idea in self.lexicon.ideas_in(normalised))
        return features

    def sound_features(self, text: str) -> Counter[str]:
        """Return the features of a text's sound."""
        return _features(sound(self.normalised(text)))


@dataclass(frozen=True, slots=True)
class Rows:
    """The vectors of texts: ``ids`` and ``values`` of text n from ``starts[n]`` to the next.

    An id is the place of a feature in ``names``, and of its key in ``keys`` (`keys_of`).
    """

    names: tuple[str, ...]
    keys: Keys
    starts: Ids
    ids: Ids
    values: Weighed

    def of_text(self, number: int) -> tuple[Ids, Weighed]:
        """Return the ids of the features of one text, and their weights."""
        own = slice(self.starts[number], self.starts[number + 1])
        return self.ids[own], self.values[own]

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays of numbers; no feature holds a line break."""
        names = "\n".join(self.names).encode("utf-8", "surrogatepass")
        return {
            "names": np.frombuffer(names, dtype=np.uint8),
            "keys": self.keys,
            "starts": self.starts,
            "ids": self.ids,
            "values": self.values,
        }

    @classmethod
    def of(cls, packed: Mapping[str, npt.NDArray[Any]]) -> "Rows":
        """Return what was packed; ValueError if the arrays do not fit together."""
        text = bytes(packed["names"]).decode("utf-8", "surrogatepass")
        names = tuple(text.split("\n")) if text else ()
        rows = cls(names, packed["keys"], packed["starts"], packed["ids"], packed["values"])
        sizes = np.diff(rows.starts)
        fits = (
            rows.keys.ndim == rows.starts.ndim == rows.ids.ndim == rows.values.ndim == 1
            and rows.keys.dtype == np.uint64
            and len(rows.keys) == len(names)
            and len(rows.starts) > 0
            and rows.starts[0] == 0
            and (sizes >= 0).all()
            and len(rows.ids) == len(rows.values) == rows.starts[-1]
            and (not len(rows.ids) or (rows.ids.min() >= 0 and rows.ids.max() < len(names)))
        )
        if not fits:
            raise ValueError("rows that do not fit together")
        return rows


NO_ROWS = Rows(
    *((), np.zeros(0, np.uint64), np.zeros(1, np.int64)),
    *(np.zeros(0, np.int32), np.zeros(0, np.float32)),
)


def read_rows(
    texts: Sequence[str], places: Sequence[int], former: Rows, features: Features, rarity: Rarity
) -> Rows:
    """Return the vectors of texts; those with a place (not -1) in ``former`` are taken from it."""
    numbers = {name: number for number, name in enumerate(former.names)}
    ids, values = [former.ids], [former.values]
    # Where each text's vector begins and ends, in the former rows followed by the new ones.
    spans, end = [], len(former.ids)
    for text, place in zip(texts, places, strict=True):
        if place >= 0:
            spans.append((former.starts[place], former.starts[place + 1]))
            continue
        counted = features(text)
        own = [numbers.setdefault(name, len(numbers)) for name in counted]
        ids.append(np.array(own, dtype=np.int32))
        values.append(stepped(_weighed(counted, map(rarity.of, counted))))
        spans.append((end, end + len(own)))
        end += len(own)
    first = np.array([start for start, _ in spans], dtype=np.int64)
    sizes = np.array([stop - start for start, stop in spans], dtype=np.int64)
    wanted = ranges(first, sizes)
    names = tuple(numbers)
    return _used(
        Rows(
            names,
            np.concatenate([former.keys, keys_of(names[len(former.names) :])]),
            np.concatenate([[0], np.cumsum(sizes)]),
            np.concatenate(ids)[wanted],
            np.concatenate(values)[wanted],
        )
    )


def _used(rows: Rows) -> Rows:
    """Return rows without the names of features that no text has any more."""
    is_used = np.bincount(rows.ids, minlength=len(rows.names)) > 0
    if is_used.all():
        return rows
    return replace(
        rows,
        names=tuple(name for name, used in zip(rows.names, is_used.tolist(), strict=True) if used),
        keys=rows.keys[is_used],
        ids=(np.cumsum(is_used) - 1)[rows.ids].astype(np.int32),
    )


def _weighed(counted: Counter[str], rarities: Iterable[float]) -> Floats:
    """Return the weights of a text's features, in their order: a vector of norm 1."""
    times = np.fromiter(counted.values(), dtype=np.float64, count=len(counted))
    raw = np.fromiter(rarities, dtype=np.float64, count=len(counted)) * (1 + np.log(times))
    vector: Floats = raw / (math.sqrt(float(raw @ raw)) or 1.0)
    return vector


def stepped(values: npt.NDArray[np.floating[Any]]) -> Weighed:
    """Return numbers rounded to multiples of 2⁻¹¹, whose products and sums of norm 1 are exact."""
    rounded: Weighed = np.round(values * _STEP).astype(np.float32) / _STEP
    return rounded


class View:
    """The examples as sparse vectors: an inverted index over their features.

    The postings of a feature are ``rows`` and ``values`` from ``starts[id]`` to ``starts[id + 1]``.
    """

    def __init__(self, vectors: Rows, features: Features, rarity: Rarity) -> None:
        self._features, self._rarity = features, rarity
        self._count = len(vectors.starts) - 1
        self._names = _Names(vectors.names, vectors.keys)
        order = np.argsort(vectors.ids, kind="stable")
        numbers = np.arange(self._count, dtype=np.min_scalar_type(self._count))
        owners = np.repeat(numbers, np.diff(vectors.starts))
        self._rows, self._values = owners[order], vectors.values[order]
        sizes = np.bincount(vectors.ids, minlength=len(vectors.names))
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        make_read_only(self._starts, self._rows, self._values)

    def vectors(self) -> Rows:
        """Return the vectors of the examples, made anew from the index.

        Only learning and storing need them: beside the index they would take as much memory again.
        """
        order = np.argsort(self._rows, kind="stable")
        names, keys = self._names.all()
        ids = np.repeat(np.arange(len(names), dtype=np.int32), np.diff(self._starts))
        sizes = np.bincount(self._rows, minlength=self._count)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return Rows(names, keys, starts, ids[order], self._values[order])

    def similarity(self, text: str) -> Floats:
        """Return the cosine of a text to each example, from 0 to 1."""
        return np.minimum(self._products(*self._vector(self._features(text))), 1)

    def between(self, rows: Ids) -> Weighed:
        """Return the cosines of these examples to all: (rows, examples), in single precision."""
        if len(rows) <= _ONE_BY_ONE:
            vectors = self.vectors()
            cosines = [self._products(*vectors.of_text(row)) for row in rows.tolist()]
            alone = np.array(cosines, dtype=np.float32).reshape(len(rows), self._count)
            return np.minimum(alone, 1)
        # Common features are multiplied as dense matrices, rare ones pair by pair: several times
        # as fast as one example after the other.
        sizes = np.diff(self._starts)
        products = np.zeros((len(rows), self._count), dtype=np.float32)
        common = np.flatnonzero(sizes > _FEW)
        for start in range(0, len(common), _TOGETHER):
            dense = self._dense(common[start : start + _TOGETHER])
            products += dense[:, rows].T @ dense
        self._add_rare(products, rows, sizes)
        return np.minimum(products, 1)

    def _dense(self, ids: Ids) -> Weighed:
        """Return the weights of some features in all examples: (features, examples)."""
        sizes = self._starts[ids + 1] - self._starts[ids]
        postings = ranges(self._starts[ids], sizes)
        vectors = np.zeros((len(ids), self._count), dtype=np.float32)
        vectors[np.repeat(np.arange(len(ids)), sizes), self._rows[postings]] = self._values[
            postings
        ]
        return vectors

    def _add_rare(self, cosines: Weighed, rows: Ids, sizes: Ids) -> None:
        places = np.full(self._count, -1)
        places[rows] = np.arange(len(rows))
        is_wanted = (places[self._rows] >= 0) & np.repeat(sizes <= _FEW, sizes)
        left = np.flatnonzero(is_wanted)
        features = np.searchsorted(self._starts, left, side="right") - 1
        partners = sizes[features]
        right = ranges(self._starts[features], partners)
        left = np.repeat(left, partners)
        pairs = places[self._rows[left]] * self._count + self._rows[right]
        np.add.at(cosines.reshape(-1), pairs, self._values[left] * self._values[right])

    def _products(self, ids: Ids, values: Weighed) -> Floats:
        """Return the scalar product of a vector with each example."""
        spans = list(zip(self._starts[ids].tolist(), self._starts[ids + 1].tolist(), strict=True))
        if not spans:
            return np.zeros(self._count)
        rows = np.concatenate([self._rows[start:end] for start, end in spans])
        products = np.concatenate([self._values[start:end] for start, end in spans])
        products *= np.repeat(values, [end - start for start, end in spans])
        sums = np.bincount(rows, weights=products, minlength=self._count)
        return sums.astype(np.float64, copy=False)

    def _vector(self, counted: Counter[str]) -> tuple[Ids, Weighed]:
        """Return a text's known features and their weights; unknown ones only add to the length."""
        numbers = self._names.numbers(counted)
        is_known, rarity = numbers >= 0, self._rarity
        rarities = (
            rarity.of(name) if known else rarity.unknown(name)
            for name, known in zip(counted, is_known.tolist(), strict=True)
        )
        return numbers[is_known], _weighed(counted, rarities)[is_known].astype(np.float32)


def ranges(first: Ids, sizes: Ids) -> Ids:
    """Return the concatenated integer ranges that start at ``first`` and have these sizes."""
    ends = np.cumsum(sizes)
    numbers: Ids = np.arange(sizes.sum()) + np.repeat(first - (ends - sizes), sizes)
    return numbers


class _Names:
    """The names of features, and the number of each; a dictionary would take ten times as much."""

    def __init__(self, names: Sequence[str], keys: Keys) -> None:
        self._joined, self._count = "\n".join(names), len(names)
        self._order = np.argsort(keys).astype(np.int32)
        self._keys = keys[self._order]
        make_read_only(self._order, self._keys)

    def all(self) -> tuple[tuple[str, ...], Keys]:
        """Return the names and their keys, each at its number."""
        keys = np.empty_like(self._keys)
        keys[self._order] = self._keys
        return tuple(self._joined.split("\n")) if self._count else (), keys

    def numbers(self, names: Iterable[str]) -> Ids:
        """Return the number of each name, -1 for an unknown one."""
        keys = keys_of(names)
        if not self._count:
            return np.full(len(keys), -1)
        places = np.minimum(np.searchsorted(self._keys, keys), self._count - 1)
        return np.where(self._keys[places] == keys, self._order[places], -1)


def keys_of(names: Iterable[str]) -> Keys:
    """Return 8 bytes that tell names apart: of up to four letters, one of the two sums alone does.

    Should two long ones ever have the same sums, a text has the feature of another: a hundredth of
    what it is compared by.
    """
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    sums = [zlib.crc32(name) << 32 | zlib.adler32(name) for name in encoded]
    return np.array(sums, dtype=np.uint64)


def _features(text: str) -> Counter[str]:
    words = text.split()
    return Counter(
        [
            *(gram for word in words for gram in _grams(f" {word} ")),
            *(f"={word}" for word in words),
            *(f"+{a} {b}" for a, b in pairwise(words)),
        ]
    )


def _grams(padded: str) -> Iterator[str]:
    for size in _SIZES:
        for start in range(len(padded) - size + 1):
            yield padded[start : start + size]
