"""How similar two texts are, by their letters, sound, ideas and meaning.

Each view of a text is a sparse vector of weighted features (character n-grams within words, words,
pairs of words, ideas of the lexicon), or the dense vector of an encoder. A similarity is the
weighted sum of the views' cosines: a kernel, from which the ranker learns.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.read_only import make_read_only
from knowledge.text.lexicon import Lexicon
from knowledge.text.normalise import normalise
from knowledge.text.phonetics import sound

Floats = npt.NDArray[np.float64]
Weighed = npt.NDArray[np.float32]
Ids = npt.NDArray[np.integer]
Chosen = npt.NDArray[np.bool_]
_SIZES = (2, 3, 4, 5)
# Only the start of a very long message is read, to bound the time it takes.
_LONGEST = 1500
# A feature found in at most this many examples is rare.
_FEW = 64
# So many common features are multiplied, and so many rows of the kernel made, at a time: 20 and
# 10 MB, where there are five thousand examples.
_TOGETHER = 1000
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each view; chosen by leaving voices out (see docs/matching.md)."""

    letters: float = 0.3
    sound: float = 0.3
    meaning: float = 0.4


_WITHOUT_MEANING = Weights(letters=0.5, sound=0.5, meaning=0.0)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the views read a text.

    Kept apart from ``Similarity``: its views hold these methods, and methods of ``Similarity``
    would make a reference cycle, which reference counts alone never free.
    """

    lexicon: Lexicon

    def normalised(self, text: str) -> str:
        """Return a text normalised for all views: no case or accents, short forms expanded."""
        return self.lexicon.expand(normalise(text[:_LONGEST]))

    def letter_features(self, text: str) -> Counter[str]:
        """Return the features of a text's letters and ideas."""
        normalised = self.normalised(text)
        features = _features(normalised)
        features.update(f"#{idea}" for idea in self.lexicon.ideas_in(normalised))
        return features

    def sound_features(self, text: str) -> Counter[str]:
        """Return the features of a text's sound."""
        return _features(sound(self.normalised(text)))


class View:
    """The examples as sparse vectors: an inverted index over their features.

    The postings of a feature are ``rows`` and ``values`` from ``starts[id]`` to ``starts[id + 1]``.
    """

    def __init__(
        self,
        texts: Sequence[str],
        features: Callable[[str], Counter[str]],
        kept: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> None:
        self._features = features
        self._count = len(texts)
        if kept is not None:
            names = bytes(kept["names"]).decode("utf-8", "surrogatepass").split("\n")
            self._ids = _numbered(names)
            self._idf, self._starts = kept["idf"], kept["starts"]
            self._rows, self._values = kept["rows"], kept["values"]
        else:
            counted = [features(text) for text in texts]
            example_counts = Counter(name for features_ in counted for name in features_)
            self._ids = _numbered(example_counts)
            times = np.fromiter(
                example_counts.values(), dtype=np.float64, count=len(example_counts)
            )
            self._idf = (np.log((1 + self._count) / (1 + times)) + 1).astype(np.float32)
            self._starts, self._rows, self._values = self._invert(counted)
        make_read_only(self._idf, self._starts, self._rows, self._values)

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays that rebuild this view without counting; no feature holds a line break."""
        names = "\n".join(self._ids).encode("utf-8", "surrogatepass")
        return {
            "names": np.frombuffer(names, dtype=np.uint8),
            "idf": self._idf,
            "starts": self._starts,
            "rows": self._rows,
            "values": self._values,
        }

    def similarity(self, text: str) -> Floats:
        """Return the cosine of a text to each example, from 0 to 1."""
        return self._products(*self._vector(self._features(text)))

    def between(self, rows: Ids) -> Weighed:
        """Return the cosines of these examples to all: (rows, examples), in single precision."""
        # Common features are multiplied as dense matrices, rare ones pair by pair: several times
        # as fast as one example after the other.
        sizes = np.diff(self._starts)
        cosines = np.zeros((len(rows), self._count), dtype=np.float32)
        common = np.flatnonzero(sizes > _FEW)
        for start in range(0, len(common), _TOGETHER):
            vectors = self._dense(common[start : start + _TOGETHER])
            cosines += vectors[:, rows].T @ vectors
        self._add_rare(cosines, rows, sizes)
        return cosines

    def _dense(self, ids: Ids) -> Weighed:
        """Return the weights of some features in all examples: (features, examples)."""
        sizes = self._starts[ids + 1] - self._starts[ids]
        postings = _ranges(self._starts[ids], sizes)
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
        right = _ranges(self._starts[features], partners)
        left = np.repeat(left, partners)
        pairs = places[self._rows[left]] * self._count + self._rows[right]
        np.add.at(cosines.reshape(-1), pairs, self._values[left] * self._values[right])

    def _products(self, ids: Ids, values: Weighed) -> Floats:
        """Return the scalar product of a vector with each example."""
        first = self._starts[ids]
        sizes = self._starts[ids + 1] - first
        postings = _ranges(first, sizes)
        products = self._values[postings] * np.repeat(values, sizes)
        sums = np.bincount(self._rows[postings], weights=products, minlength=self._count)
        return sums.astype(np.float64, copy=False)

    def _vector(self, counted: Counter[str]) -> tuple[Ids, Weighed]:
        """Return a text's known features and their weights; unknown ones only add to the length."""
        times_by_id = {
            self._ids[name]: times for name, times in counted.items() if name in self._ids
        }
        ids = np.fromiter(times_by_id, dtype=np.int64, count=len(times_by_id))
        times = np.fromiter(times_by_id.values(), dtype=np.float64, count=len(times_by_id))
        raw = self._idf[ids] * (1 + np.log(times))
        unseen = math.log(1 + self._count) + 1
        unknown_squares = sum(
            (unseen * (1 + math.log(often))) ** 2
            for name, often in counted.items()
            if name not in self._ids
        )
        length = math.sqrt(float(raw @ raw) + unknown_squares) or 1.0
        return ids, (raw / length).astype(np.float32)

    def _invert(self, counted: Sequence[Counter[str]]) -> tuple[Ids, Ids, Weighed]:
        vectors = [self._vector(features) for features in counted]
        ids = np.concatenate([ids for ids, _ in vectors])
        values = np.concatenate([values for _, values in vectors])
        rows = np.repeat(np.arange(len(vectors), dtype=np.int32), [len(ids) for ids, _ in vectors])
        order = np.argsort(ids, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(ids, minlength=len(self._ids)))])
        return starts, rows[order], values[order]


class Similarity:
    """The similarity of any text to each of the examples."""

    def __init__(
        self,
        texts: Sequence[str],
        lexicon: Lexicon,
        encoder: Encoder | None,
        weights: Weights | None = None,
        kept: Mapping[str, npt.NDArray[Any]] | None = None,
        encoded: Callable[[Encoder, Sequence[str]], Vectors] | None = None,
    ) -> None:
        self._weights = weights or Weights()
        self._encoder = encoder
        self._reading = _Reading(lexicon)
        self._letters = View(texts, self._reading.letter_features, _part(kept, "letters"))
        self._sound = View(texts, self._reading.sound_features, _part(kept, "sound"))
        self.vectors: Vectors | None = None if kept is None else kept.get("vectors")
        if encoder is not None and self.vectors is None:
            normalised = [self._reading.normalised(text) for text in texts]
            self.vectors = encoded(encoder, normalised) if encoded else encoder.encode(normalised)
        if self.vectors is not None:
            make_read_only(self.vectors)

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays that rebuild this object without counting or encoding."""
        packed = {f"letters_{name}": part for name, part in self._letters.packed().items()}
        packed |= {f"sound_{name}": part for name, part in self._sound.packed().items()}
        return packed | ({} if self.vectors is None else {"vectors": self.vectors})

    def meaning(self, text: str) -> Vectors | None:
        """Return the vector of a text; None without an encoder."""
        if self._encoder is None or self.vectors is None:
            return None
        vector: Vectors = self._encoder.encode([self._reading.normalised(text)])[0]
        return vector

    def to_examples(self, text: str, meaning: Vectors | None = None) -> Floats:
        """Return one number per example, from 0 (nothing in common) to 1 (the same).

        ``meaning`` is the vector of the text, where it is known already.
        """
        by_letters = self._letters.similarity(text)
        by_sound = self._sound.similarity(text)
        weights = self._weights
        vector = self.meaning(text) if meaning is None else meaning
        if vector is None or self.vectors is None:
            return (by_letters + by_sound) / 2
        return (
            weights.letters * by_letters
            + weights.sound * by_sound
            + weights.meaning * _radial(self.vectors @ vector)
        )

    def among_examples(self, rows: Ids) -> Iterator[tuple[slice, Weighed]]:
        """Yield the similarities of these examples to all, with their places in ``rows``.

        In blocks, each (rows, examples) in single precision: of thousands of examples, the whole
        matrix would take most of the memory of a small machine.
        """
        for start in range(0, len(rows), _ROWS):
            places = slice(start, min(start + _ROWS, len(rows)))
            yield places, self._between(rows[places])

    def _between(self, rows: Ids) -> Weighed:
        weights = self._weights if self.vectors is not None else _WITHOUT_MEANING
        block = self._letters.between(rows)
        block *= np.float32(weights.letters)
        block += np.float32(weights.sound) * self._sound.between(rows)
        if self.vectors is not None:
            block += np.float32(weights.meaning) * _radial(self.vectors[rows] @ self.vectors.T)
        return block


def _numbered(names: Iterable[str]) -> Mapping[str, int]:
    return MappingProxyType({name: number for number, name in enumerate(names)})


def _ranges(first: Ids, sizes: Ids) -> Ids:
    """Return the concatenated integer ranges that start at ``first`` and have these sizes."""
    ends = np.cumsum(sizes)
    numbers: Ids = np.arange(sizes.sum()) + np.repeat(first - (ends - sizes), sizes)
    return numbers


def _part(
    kept: Mapping[str, npt.NDArray[Any]] | None, view: str
) -> dict[str, npt.NDArray[Any]] | None:
    if kept is None:
        return None
    mark = f"{view}_"
    return {name.removeprefix(mark): part for name, part in kept.items() if name.startswith(mark)}


def _radial(cosines: Weighed) -> Weighed:
    """Return exp(-|a - b|²) of unit vectors from their cosines: distant ones hardly count."""
    near: Weighed = np.exp(np.float32(2) * cosines - np.float32(2))
    return near


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
