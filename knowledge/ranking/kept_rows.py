"""The lower triangle of a great matrix, kept between two learnings in two files.

What facilitators write changes often, and stands last: its rows are a file of their own, so that
an edit does not write the others again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.read_texts import Workings, joined, parted

Matrix = npt.NDArray[Any]
# So many rows of a matrix are handled as one block.
BLOCK = 256
_LAST = "_last"


class KeptRows:
    """The rows that the last learning left, one an example; each follows from those before it."""

    def __init__(self, workings: Workings, name: str, dtype: type) -> None:
        """Read both files; rows that do not fit together are left out."""
        self._workings, self._name, self._dtype = workings, name, dtype
        self._settled, settled = self._read(name, [])
        self.digests = self._settled
        # The packed rows of each file that is of use.
        self._parts = [settled]
        digests, rows = self._read(f"{name}{_LAST}", self._settled)
        if digests:
            self.digests = digests
            self._parts.append(rows)

    def _read(self, name: str, before: Sequence[bytes]) -> tuple[list[bytes], Matrix]:
        """Return the digests of all rows up to the last of a file, and its packed rows.

        ``before`` are those of the rows before its own; nothing if the file does not follow them.
        """
        kept = self._workings.workings(name)
        try:
            digests, rows = parted(kept["digests"]), kept["rows"]
        except (KeyError, ValueError):
            # Nothing was kept before, or something else kept it.
            return [], np.empty(0, self._dtype)
        size = packed_size(len(before), len(digests))
        fits = rows.dtype == self._dtype and rows.shape == (size,)
        if not fits or digests[: len(before)] != list(before):
            return [], np.empty(0, self._dtype)
        return digests, rows

    def unpack(self, count: int, into: Matrix) -> None:
        """Write the first rows, up to the diagonal, into a matrix; they are held no longer."""
        first = 0
        for parts, end in zip(self._parts, (len(self._settled), len(self.digests)), strict=False):
            unpacked(parts, slice(first, min(count, end)), into)
            first = end
        self._parts = []

    def keep(self, digests: Sequence[bytes], matrix: Matrix, settled: int) -> None:
        """Keep the rows of a matrix in place of the former ones, where they are others.

        The first ``settled`` rows, in whole blocks, are those that seldom change.
        """
        settled = settled // BLOCK * BLOCK
        is_as_before = list(digests[:settled]) == self._settled
        if not is_as_before:
            self._write(self._name, digests[:settled], packed(matrix[:settled]))
        if not is_as_before or list(digests) != self.digests:
            self._write(f"{self._name}{_LAST}", digests, packed(matrix, settled))

    def _write(self, name: str, digests: Sequence[bytes], rows: Matrix) -> None:
        self._workings.keep_workings(name, {"digests": joined(digests), "rows": rows})


def blocks(count: int, first: int = 0) -> Iterator[slice]:
    """Yield the rows of a matrix in blocks, from the ``first`` on."""
    for start in range(first, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))


def packed(matrix: Matrix, first: int = 0) -> Matrix:
    """Return the lower triangle from the ``first`` row on, block by block, in one row of numbers.

    ``first`` is the beginning of a block.
    """
    parts, at = np.empty(packed_size(first, len(matrix)), dtype=matrix.dtype), 0
    for rows in blocks(len(matrix), first):
        end = at + (rows.stop - rows.start) * rows.stop
        parts[at:end] = matrix[rows, : rows.stop].ravel()
        at = end
    return parts


def unpacked(parts: Matrix, wanted: slice, into: Matrix) -> None:
    """Write packed rows, from ``wanted.start`` on, into the same rows of another matrix."""
    at = 0
    for rows in blocks(wanted.stop, wanted.start):
        size = (rows.stop - rows.start) * rows.stop
        into[rows, : rows.stop] = parts[at : at + size].reshape(-1, rows.stop)
        at += size


def packed_size(first: int, count: int) -> int:
    """Return how many numbers the rows from ``first`` on take, of a lower triangle."""
    return sum((rows.stop - rows.start) * rows.stop for rows in blocks(count, first))
