"""How similar two texts are, by their letters, sound, ideas and meaning.

Each view of a text is a sparse vector of weighted features (``views.py``), or the dense vector of
an encoder. A similarity is the weighted sum of the views' cosines: a kernel, from which the ranker
learns. It depends on the two texts, the lexicon and the encoder alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.encoder import Encoder, Vectors
from knowledge.ranking.frequencies import rarities
from knowledge.ranking.read_only import make_read_only
from knowledge.ranking.read_texts import VIEWS, Arrays, Workings, packed, read, unpacked
from knowledge.ranking.views import Floats, Ids, Reading, Rows, View, Weighed, stepped
from knowledge.text.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each view; chosen by leaving voices out (see docs/matching.md)."""

    letters: float = 0.3
    sound: float = 0.3
    meaning: float = 0.4


_WITHOUT_MEANING = Weights(letters=0.5, sound=0.5, meaning=0.0)


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
        # One a text, which tells apart all texts with other similarities; none where all is kept.
        self.digests: tuple[bytes, ...] = ()
        anew: Sequence[str] = ()
        rows: Mapping[str, Rows]
        if kept is not None:
            rows = unpacked(kept)
        else:
            found = read(texts, self._reading, workings)
            anew, self.digests, rows = found.normalised, found.digests, found.rows
        reads = (self._reading.letter_features, self._reading.sound_features)
        self._letters, self._sound = (
            View(rows[view], features, rarities()[view])
            for view, features in zip(VIEWS, reads, strict=True)
        )
        self.vectors: Vectors | None = None if kept is None else kept.get("vectors")
        if encoder is not None and self.vectors is None:
            normalised = anew or [self._reading.normalised(text) for text in texts]
            made = encoded(encoder, normalised) if encoded else encoder.encode(normalised)
            self.vectors = stepped(made)
        if self.vectors is not None:
            make_read_only(self.vectors)

    def packed(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays that rebuild this object without counting or encoding."""
        rows = {"letters": self._letters.vectors(), "sound": self._sound.vectors()}
        return packed(rows) | ({} if self.vectors is None else {"vectors": self.vectors})

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


def radial(cosines: Weighed) -> Weighed:
    """Return exp(-|a - b|²) of unit vectors from their cosines: distant ones hardly count."""
    # Rounded, a unit vector may be a little longer than 1.
    near: Weighed = np.exp(np.float32(2) * np.minimum(cosines, np.float32(1)) - np.float32(2))
    return near
