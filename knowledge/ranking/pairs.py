"""How like each pair of examples is, kept between two learnings: only new pairs are compared.

Whole numbers of 16 bits: half of what single precision takes, of a matrix that is most of what
learning needs. One step is 1.5·10⁻⁵, a ten-thousandth of the ridge that is added to the diagonal.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.similarity import Similarity, Workings, joined, parted
from knowledge.ranking.views import Ids, Weighed

Pairs = npt.NDArray[np.uint16]
_WHOLE = 65_535
# So many rows are compared at a time, and so many of the matrix are kept as one block.
BLOCK = 256
_ROWS = 500
_NAME = "pairs"


def compare(
    similarity: Similarity, rows: Ids, digests: Sequence[bytes], workings: Workings
) -> Pairs:
    """Return the similarity of all pairs of some examples: (rows, rows), ``_WHOLE`` for the same.

    ``digests`` are those of these examples: pairs that the workings have are not compared again.
    """
    kept = workings.workings(_NAME)
    former = digests_of(kept, "pairs", np.uint16)
    pairs = np.empty((len(rows), len(rows)), dtype=np.uint16)
    # Where each of the former examples stands now; -1 for one that is gone.
    places = {digest: place for place, digest in enumerate(digests)}
    now = np.array([places.pop(digest, -1) for digest in former], dtype=np.int64)
    if former:
        _move(kept["pairs"], now, pairs)
    del kept
    new = np.setdiff1d(np.arange(len(rows)), now)
    for start in range(0, len(new), _ROWS):
        some = new[start : start + _ROWS]
        block = np.round(similarity.between(rows[some])[:, rows] * np.float32(_WHOLE))
        pairs[some] = block.astype(np.uint16)
        pairs[:, some] = pairs[some].T
    if list(digests) != former:
        workings.keep_workings(_NAME, {"digests": joined(digests), "pairs": packed(pairs)})
    return pairs


def in_full(pairs: Pairs) -> Weighed:
    """Return similarities from 0 to 1, in single precision."""
    full: Weighed = np.multiply(pairs, np.float32(1 / _WHOLE), dtype=np.float32)
    return full


def blocks(count: int) -> Iterator[slice]:
    """Yield the rows of a matrix in blocks."""
    for start in range(0, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))


def packed(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the lower triangle of a matrix, block by block, in one row of numbers."""
    parts, at = np.empty(packed_size(len(matrix)), dtype=matrix.dtype), 0
    for rows in blocks(len(matrix)):
        end = at + (rows.stop - rows.start) * rows.stop
        parts[at:end] = matrix[rows, : rows.stop].ravel()
        at = end
    return parts


def unpacked(parts: npt.NDArray[Any], count: int, into: npt.NDArray[Any]) -> None:
    """Write the lower triangle of a packed matrix into the first rows of another one."""
    at = 0
    for rows in blocks(count):
        size = (rows.stop - rows.start) * rows.stop
        into[rows, : rows.stop] = parts[at : at + size].reshape(-1, rows.stop)
        at += size


def packed_size(count: int) -> int:
    """Return how many numbers the lower triangle of a matrix takes."""
    return sum((rows.stop - rows.start) * rows.stop for rows in blocks(count))


def digests_of(kept: Mapping[str, npt.NDArray[Any]], name: str, dtype: type) -> list[bytes]:
    """Return whose packed matrix was kept; nothing if it is of another kind or size."""
    try:
        digests, parts = parted(kept["digests"]), kept[name]
    except (KeyError, ValueError):
        # Nothing was kept before, or something else kept it.
        return []
    fits = parts.dtype == dtype and parts.shape == (packed_size(len(digests)),)
    return digests if fits else []


def _move(parts: Pairs, now: Ids, pairs: Pairs) -> None:
    """Put the pairs of a packed matrix where their examples stand ``now``, on both sides."""
    at = 0
    for rows in blocks(len(now)):
        size = (rows.stop - rows.start) * rows.stop
        block = parts[at : at + size].reshape(-1, rows.stop)
        own, others = now[rows], now[: rows.stop]
        left = block[np.ix_(own >= 0, others >= 0)]
        own, others = own[own >= 0], others[others >= 0]
        pairs[np.ix_(own, others)] = left
        pairs[np.ix_(others, own)] = left.T
        at += size
