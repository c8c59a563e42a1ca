"""Learns which entry a text belongs to, and with which probability.

The head is a kernel ridge regression on one-hot targets (one column an entry, one for "none of
them"): closed form, deterministic, no iterations. One inverse is enough to leave out each voice in
turn: with G = (K + λI)⁻¹ and A = G·Y, the predictions for a block B that was left out are
Y_B - (G_BB)⁻¹·A_B (Rifkin & Lippert, 2007, "Notes on regularized least squares"). The probabilities
are calibrated by logistic regression (Platt, 1999) on those predictions, and so on wordings that
were not learnt from.

Of the inverse only W is made, with G = WᵀW: the inverse of the Cholesky factor of K + λI, row after
row, each from the rows before it alone. So where the last examples change, the rows of all before
them are those of the last learning, bit for bit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.kept_rows import BLOCK, blocks
from knowledge.ranking.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Kernel = npt.NDArray[np.floating[Any]]
_RIDGE = 0.2
# So many columns are multiplied at a time: half of each product would be with zeros.
_COLUMNS = 1024
_STEPS = 50
# The penalty that draws the calibration's weights to zero, so that a handful of examples does not
# decide.
_PRIOR = 1.0


@dataclass(frozen=True, slots=True)
class RidgeHead:
    """A trained head: the scores of a text are its similarities to the examples + 1 @ coefficients.

    ``held_out`` holds the scores of each example by a head that did not learn from its group. Both
    arrays are (examples, labels). ``curbs``, one an example, is the diagonal of G: what leaving out
    the example alone takes.
    """

    coefficients: Floats
    held_out: Floats
    curbs: Floats


def learn(
    kernel: Kernel, targets: Floats, groups: npt.NDArray[np.str_], *, done: int = 0
) -> RidgeHead:
    """Learn the targets (n, labels) of n examples from their similarities (n, n).

    ``groups`` names the group of each. The kernel is overwritten by W: it may be most of the memory
    that a small machine has left. Its first ``done`` rows, some whole blocks, are those of W
    already; of all others the lower triangle is read.
    """
    # The constant 1 is the intercept: every score starts from the share of its label.
    kernel[done:] += 1
    factor(kernel, done)
    own = targets.astype(kernel.dtype)
    coefficients = _twice_times(kernel, own).astype(np.float64)
    held_out = np.empty_like(targets)
    for group in dict.fromkeys(groups.tolist()):
        block = np.flatnonzero(groups == group)
        # W is zero above its diagonal.
        columns = kernel[block[0] :, block]
        inner = (columns.T @ columns).astype(np.float64)
        held_out[block] = targets[block] - np.linalg.solve(inner, coefficients[block])
    curbs = np.concatenate(
        [
            np.square(kernel[columns.start :, columns], dtype=np.float64).sum(axis=0)
            for columns in blocks(len(kernel))
        ]
    )
    return RidgeHead(coefficients, held_out, curbs)


def left_out(targets: Floats, coefficients: Floats, curbs: Floats) -> Floats:
    """Return the scores of each example by a head that learnt from all others."""
    return targets - coefficients / curbs[:, None]


def factor(matrix: Kernel, done: int = 0) -> None:
    """Put W in the place of a positive definite matrix, of which the lower triangle is read.

    The ridge is added to the diagonal. The first ``done`` rows are those of W already.
    """
    for start in range(done, len(matrix), BLOCK):
        rows = slice(start, min(start + BLOCK, len(matrix)))
        lower = _times_transposed(matrix[rows, :start], matrix)
        pivot = matrix[rows, rows] - lower @ lower.T
        pivot.flat[:: len(pivot) + 1] += _RIDGE
        own = np.linalg.inv(np.linalg.cholesky(pivot.astype(np.float64))).astype(matrix.dtype)
        lower = own @ lower
        for first in range(0, start, _COLUMNS):
            some = slice(first, min(first + _COLUMNS, start))
            matrix[rows, some] = -(lower[:, first:] @ matrix[first:start, some])
        matrix[rows, rows] = np.tril(own)
        matrix[rows, rows.stop :] = 0


def _twice_times(factor: Kernel, targets: Kernel) -> Kernel:
    """Return the product of W transposed, W and the targets, W being a lower triangle."""
    spans = [slice(first, first + _COLUMNS) for first in range(0, len(factor), _COLUMNS)]
    once = np.concatenate([factor[rows, : rows.stop] @ targets[: rows.stop] for rows in spans])
    return np.concatenate([factor[own.start :, own].T @ once[own.start :] for own in spans])


def _times_transposed(rows: Kernel, factor: Kernel) -> Kernel:
    """Return the product of some rows and the transpose of the first rows of a lower triangle."""
    product = np.empty_like(rows)
    for first in range(0, rows.shape[1], _COLUMNS):
        end = min(first + _COLUMNS, rows.shape[1])
        product[:, first:end] = rows[:, :end] @ factor[first:end, :end].T
    return product


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression on standardised features.

    Shapes: ``weights`` (k + 1,), the intercept first; ``means`` and ``scales`` (k,).
    """

    weights: Floats
    means: Floats
    scales: Floats

    def __post_init__(self) -> None:
        make_read_only(self.weights, self.means, self.scales)

    def probability(self, features: Floats) -> Floats:
        """Return the probability for each row of features (n, k)."""
        standard = (np.atleast_2d(features) - self.means) / self.scales
        return _sigmoid(standard @ self.weights[1:] + self.weights[0])


def calibrate(features: Floats, happened: npt.NDArray[np.bool_]) -> Calibration:
    """Fit probabilities to what happened, by Newton's method on the penalised likelihood."""
    means = features.mean(axis=0)
    scales = np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    rows = np.hstack([np.ones((len(features), 1)), (features - means) / scales])
    penalty = _PRIOR * np.eye(rows.shape[1])
    penalty[0, 0] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        guessed = _sigmoid(rows @ weights)
        slope = rows.T @ (happened - guessed) - penalty @ weights
        curvature = (rows * (guessed * (1 - guessed))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curvature, slope)
        weights += step
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 - nothing moves any more
            break
    return Calibration(weights, means, scales)


def _sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))
