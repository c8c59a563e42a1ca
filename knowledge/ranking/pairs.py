"""How like each pair of examples is, kept between two learnings: only new pairs are compared.

Whole numbers of 16 bits: half of what single precision takes, of a matrix that is most of what
learning needs. One step is 1.5·10⁻⁵, a ten-thousandth of the ridge that is added to the diagonal.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from knowledge.ranking.kept_rows import KeptRows, blocks
from knowledge.ranking.read_texts import Workings
from knowledge.ranking.similarity import Similarity
from knowledge.ranking.views import Ids, Weighed

Pairs = npt.NDArray[np.uint16]
_WHOLE = 65_535
# So many rows are compared at a time.
_ROWS = 500
_NAME = "pairs"


def compare(
    similarity: Similarity, rows: Ids, digests: Sequence[bytes], workings: Workings, settled: int
) -> Pairs:
    """Return the similarity of all pairs of some examples: (rows, rows), ``_WHOLE`` for the same.

    ``digests`` are those of these examples: pairs that the workings have are not compared again.
    The first ``settled`` examples seldom change.
    """
    kept = KeptRows(workings, _NAME, np.uint16)
    # Where each of these examples stood at the last learning; -1 for a new one.
    places = {digest: place for place, digest in enumerate(kept.digests)}
    before = np.array([places.pop(digest, -1) for digest in digests], dtype=np.int64)
    pairs = _moved(kept, before)
    new = np.flatnonzero(before < 0)
    for start in range(0, len(new), _ROWS):
        some = new[start : start + _ROWS]
        block = np.round(similarity.between(rows[some])[:, rows] * np.float32(_WHOLE))
        pairs[some] = block.astype(np.uint16)
        pairs[:, some] = pairs[some].T
    kept.keep(digests, pairs, settled)
    return pairs


def in_full(pairs: Pairs) -> Weighed:
    """Return similarities from 0 to 1, in single precision."""
    full: Weighed = np.multiply(pairs, np.float32(1 / _WHOLE), dtype=np.float32)
    return full


def nearest_of_others(
    pairs: Pairs, labels: Ids, groups: npt.NDArray[np.str_], count: int
) -> npt.NDArray[np.float64]:
    """Return the greatest similarity of each example to those of each label, of other groups.

    (examples, ``count`` labels); 0 where there is none.
    """
    best = np.zeros((len(pairs), count))
    _, numbers = np.unique(groups, return_inverse=True)
    order = np.lexsort((numbers, labels))
    # The examples of one label and one group stand together; the places where one begins.
    together = np.column_stack([labels, numbers])[order]
    starts = _beginnings(together)
    owners, own_groups = together[starts].T
    of_labels = _beginnings(owners[:, np.newaxis])
    for rows in blocks(len(pairs)):
        nearest = np.maximum.reduceat(np.take(pairs[rows], order, axis=1), starts, axis=1)
        nearest[numbers[rows, np.newaxis] == own_groups] = 0
        best[rows, owners[of_labels]] = in_full(np.maximum.reduceat(nearest, of_labels, axis=1))
    return best


def _beginnings(rows: Ids) -> Ids:
    """Return the numbers of the rows that differ from the one before, and of the first."""
    return np.flatnonzero(np.r_[True, (rows[1:] != rows[:-1]).any(axis=1)])


def _moved(kept: KeptRows, before: Ids) -> Pairs:
    """Return the pairs of examples that stood at these places ``before``; -1: not known."""
    count = len(kept.digests)
    former = np.empty((count, count), dtype=np.uint16)
    kept.unpack(count, former)
    for rows in blocks(count):
        former[: rows.start, rows] = former[rows, : rows.start].T
    pairs = np.empty((len(before), len(before)), dtype=np.uint16)
    if not count:
        return pairs
    # An edit leaves long runs of examples side by side: they are copied in one piece.
    begins = np.r_[True, (np.diff(before) != 1) | (before[:-1] < 0)]
    starts = [*np.flatnonzero(begins).tolist(), len(before)]
    for rows in blocks(len(before)):
        block = former[before[rows]]
        for start, end in pairwise(starts):
            first = before[start]
            if first >= 0:
                pairs[rows, start:end] = block[:, first : first + end - start]
    return pairs
