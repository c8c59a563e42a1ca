"""How similar two texts are, by their letters, sound, ideas and meaning.

Each view of a text is a sparse vector of weighted features (``views.py``), or the dense vector of
an encoder. A similarity is the weighted sum of the views' cosines: a kernel, from which the ranker
learns. It depends on the two texts, the lexicon and the encoder alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.frequencies import rarities
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.views import (
    NO_ROWS,
    Floats,
    Ids,
    Reading,
    Rows,
    View,
    Weighed,
    read_rows,
    stepped,
)
from knowledge.text.lexicon import Lexicon

Arrays = Mapping[str, npt.NDArray[Any]]
_VIEWS = ("letters", "sound")
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each view; chosen by leaving voices out (see docs/matching.md)."""

    letters: float = 0.3
    sound: float = 0.3
    meaning: float = 0.4


_WITHOUT_MEANING = Weights(letters=0.5, sound=0.5, meaning=0.0)


class Workings(Protocol):
    """What the last learning left for the next one, by name; a store may have lost it."""

    def workings(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return what was kept under a name; nothing if there is nothing that can be read."""

    def keep_workings(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of what was kept there."""


class Similarity:
    """The similarity of any text to each of the examples."""

    # Where there is an encoder.
    weights = Weights()

    def __init__(
        self,
        texts: Sequence[str],
        lexicon: Lexicon,
        encoder: Encoder | None,
        *,
        kept: Arrays | None = None,
        encoded: Callable[[Encoder, Sequence[str]], Vectors] | None = None,
        workings: Workings | None = None,
    ) -> None:
        """Read the texts; ``kept`` is what ``packed`` gave for the same ones.

        ``encoded`` encodes, or knows the vectors already; of ``workings`` come the texts that were
        read before.
        """
        self._encoder, self._lexicon = encoder, lexicon
        self._reading = Reading(lexicon)
        anew = [] if kept is not None else [self._reading.normalised(text) for text in texts]
        # One a text, which tells apart all texts with other similarities; none where all is kept.
        self.digests = tuple(map(self._reading.digest, anew))
        rows = _unpacked(kept) if kept is not None else self._read(texts, workings)
        reads = (self._reading.letter_features, self._reading.sound_features)
        self._letters, self._sound = (
            View(rows[view], features, rarities()[view])
            for view, features in zip(_VIEWS, reads, strict=True)
        )
        self.vectors: Vectors | None = None if kept is None else kept.get("vectors")
        if encoder is not None and self.vectors is None:
            normalised = anew or [self._reading.normalised(text) for text in texts]
            made = encoded(encoder, normalised) if encoded else encoder.encode(normalised)
            self.vectors = stepped(made)
        if self.vectors is not None:
            make_read_only(self.vectors)

    def _read(self, texts: Sequence[str], workings: Workings | None) -> dict[str, Rows]:
        digests = list(self.digests)
        former, rows = _known(workings.workings("views") if workings else {})
        known = {digest: place for place, digest in enumerate(former)}
        places = [known.get(digest, -1) for digest in digests]
        reads = (self._reading.letter_features, self._reading.sound_features)
        read = {
            view: read_rows(texts, places, rows[view], features, rarities()[view])
            for view, features in zip(_VIEWS, reads, strict=True)
        }
        if workings and former != digests:
            workings.keep_workings("views", {"digests": joined(digests), **_packed(read)})
        return read

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays that rebuild this object without counting or encoding."""
        packed = _packed({"letters": self._letters.vectors(), "sound": self._sound.vectors()})
        return packed | ({} if self.vectors is None else {"vectors": self.vectors})

    def normalised(self, text: str) -> str:
        """Return a text as the encoder reads it."""
        return self._reading.normalised(text)

    def meanings(self, texts: Sequence[str]) -> Vectors | None:
        """Return the vectors of texts, one a row; None without an encoder."""
        if self._encoder is None or self.vectors is None:
            return None
        return self._encoder.encode([self._reading.normalised(text) for text in texts])

    def to_examples(self, texts: Sequence[str], meanings: Vectors | None = None) -> Floats:
        """Return how like each text is to each example, from 0 (nothing in common) to 1 (the same).

        One row a text. ``meanings`` are the vectors of the texts, where they are known already.
        """
        by_letters = np.array([self._letters.similarity(text) for text in texts])
        by_sound = np.array([self._sound.similarity(text) for text in texts])
        weights = self.weights
        vectors = self.meanings(texts) if meanings is None else meanings
        if vectors is None or self.vectors is None:
            likeness: Floats = (by_letters + by_sound) / 2
            return likeness
        # One by one: a product of two matrices first copies the greater one, which takes longer.
        cosines = np.array([self.vectors @ vector for vector in vectors])
        return (
            weights.letters * by_letters
            + weights.sound * by_sound
            + weights.meaning * radial(cosines)
        )

    def between(self, rows: Ids) -> Weighed:
        """Return the similarities of these examples to all: (rows, examples)."""
        weights = self.weights if self.vectors is not None else _WITHOUT_MEANING
        block = self._letters.between(rows)
        block *= np.float32(weights.letters)
        block += np.float32(weights.sound) * self._sound.between(rows)
        if self.vectors is not None:
            block += np.float32(weights.meaning) * radial(self.vectors[rows] @ self.vectors.T)
        return block

    def among(self, texts: Sequence[str]) -> Weighed:
        """Return the similarities of other texts to one another: (texts, texts)."""
        others = Similarity(texts, self._lexicon, self._encoder)
        return others.between(np.arange(len(texts)))


def joined(digests: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """Return digests as an array, one a row."""
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, _DIGEST_BYTES)


def parted(array: npt.NDArray[Any]) -> list[bytes]:
    """Return the digests of an array; ValueError for any other array."""
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != _DIGEST_BYTES:  # noqa: PLR2004 - rows of bytes
        raise ValueError("no digests")
    return [row.tobytes() for row in array]


def _known(former: Arrays) -> tuple[list[bytes], dict[str, Rows]]:
    """Return the digests of what was read before, and its rows; nothing if they do not fit."""
    try:
        rows, digests = _unpacked(former), parted(former["digests"])
        if all(len(each.starts) == len(digests) + 1 for each in rows.values()):
            return digests, rows
    except (KeyError, ValueError):
        # Nothing was read before, or something else kept it.
        pass
    return [], dict.fromkeys(_VIEWS, NO_ROWS)


def _packed(rows: Mapping[str, Rows]) -> dict[str, npt.NDArray[Any]]:
    parts = ((view, name, part) for view in _VIEWS for name, part in rows[view].packed().items())
    return {f"{view}_{name}": part for view, name, part in parts}


def _unpacked(arrays: Arrays) -> dict[str, Rows]:
    return {
        view: Rows.of(
            {
                name.removeprefix(f"{view}_"): part
                for name, part in arrays.items()
                if name.startswith(f"{view}_")
            }
        )
        for view in _VIEWS
    }


def radial(cosines: Weighed) -> Weighed:
    """Return exp(-|a - b|²) of unit vectors from their cosines: distant ones hardly count."""
    # Rounded, a unit vector may be a little longer than 1.
    near: Weighed = np.exp(np.float32(2) * np.minimum(cosines, np.float32(1)) - np.float32(2))
    return near
