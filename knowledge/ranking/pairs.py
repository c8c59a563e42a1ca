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
    former_digests, former = _kept(workings)
    pairs = np.empty((len(rows), len(rows)), dtype=np.uint16)
    places = {digest: place for place, digest in enumerate(former_digests)}
    found = np.array([places.get(digest, -1) for digest in digests], dtype=np.int64)
    known, new = np.flatnonzero(found >= 0), np.flatnonzero(found < 0)
    for start in range(0, len(known), _ROWS):
        some = known[start : start + _ROWS]
        pairs[some[:, None], known] = former[found[some]][:, found[known]]
    del former
    for start in range(0, len(new), _ROWS):
        some = new[start : start + _ROWS]
        block = np.round(similarity.between(rows[some])[:, rows] * np.float32(_WHOLE))
        pairs[some] = block.astype(np.uint16)
        pairs[:, some] = pairs[some].T
    if list(digests) != former_digests:
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


def _kept(workings: Workings) -> tuple[list[bytes], Pairs]:
    kept = workings.workings(_NAME)
    digests = digests_of(kept, "pairs", np.uint16)
    former = np.empty((len(digests), len(digests)), dtype=np.uint16)
    if digests:
        unpacked(kept["pairs"], len(digests), former)
        for rows in blocks(len(digests)):
            former[: rows.start, rows] = former[rows, : rows.start].T
    return digests, former
