"""Encoders that encode each text only once: what is measured together shares most texts."""

from collections.abc import Sequence

import numpy as np

from knowledge.ranking.encoder import Encoder, Vectors


class Remembering:
    """An encoder that encodes each text only once, because folds share most of their texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.name = encoder.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(missing, self._encoder.encode(missing), strict=True))
        rows = [self._known[text] for text in texts]
        return np.stack(rows) if rows else self._encoder.encode([])
