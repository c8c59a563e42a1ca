"""Learns which entry a text belongs to, and with which probability.

The head is a kernel ridge regression on one-hot targets (one column an entry, one for "none of
them"): closed form, deterministic, no iterations. One inverse is enough to leave out each voice in
turn: with G = (K + λI)⁻¹ and A = G·Y, the predictions for a block B that was left out are
Y_B - (G_BB)⁻¹·A_B (Rifkin & Lippert, 2007, "Notes on regularized least squares"). The probabilities
are calibrated by logistic regression (Platt, 1999) on those predictions, and so on wordings that
were not learnt from.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Kernel = npt.NDArray[np.floating[Any]]
_RIDGE = 0.2
_BLOCK = 256
_STEPS = 50
# The penalty that draws the calibration's weights to zero, so that a handful of examples does not
# decide.
_PRIOR = 1.0


@dataclass(frozen=True, slots=True)
class RidgeHead:
    """A trained head: the scores of a text are its similarities to the examples + 1 @ coefficients.

    ``held_out`` holds the scores of each example by a head that did not learn from its group. Both
    arrays are (examples, labels).
    """

    coefficients: Floats
    held_out: Floats


def learn(kernel: Kernel, targets: Floats, groups: npt.NDArray[np.str_]) -> RidgeHead:
    """Learn the targets (n, labels) of n examples from their similarities (n, n).

    ``groups`` names the group of each. The kernel is overwritten: it may be most of the memory that
    a small machine has left.
    """
    # The constant 1 is the intercept: every score starts from the share of its label.
    kernel += 1
    kernel.flat[:: len(kernel) + 1] += _RIDGE
    _invert(kernel)
    coefficients = (kernel @ targets.astype(kernel.dtype)).astype(np.float64)
    held_out = np.empty_like(targets)
    for group in dict.fromkeys(groups.tolist()):
        block = np.flatnonzero(groups == group)
        own = kernel[np.ix_(block, block)].astype(np.float64)
        held_out[block] = targets[block] - np.linalg.solve(own, coefficients[block])
    return RidgeHead(coefficients, held_out)


def _invert(matrix: Kernel) -> None:
    """Invert a positive definite matrix in place, by Gauss-Jordan elimination of blocks.

    numpy's own inverse would hold four matrices of this size.
    """
    for start in range(0, len(matrix), _BLOCK):
        block = slice(start, start + _BLOCK)
        pivot = np.linalg.inv(matrix[block, block].astype(np.float64)).astype(matrix.dtype)
        rows, columns = pivot @ matrix[block], matrix[:, block].copy()
        for first in range(0, len(matrix), _BLOCK):
            some = slice(first, first + _BLOCK)
            matrix[some] -= columns[some] @ rows
        matrix[:, block] = -columns @ pivot
        matrix[block] = rows
        matrix[block, block] = pivot


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
