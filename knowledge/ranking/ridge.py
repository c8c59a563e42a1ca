"""Learns which entry a text belongs to, and with which probability.

The head is a kernel ridge regression on one-hot targets (one column an entry, one for "none of
them"): closed form, deterministic, no iterations. One inverse is enough to leave out each voice in
turn: with G = (K + λI)⁻¹ and A = G·Y, the predictions for a block B that was left out are
Y_B - (G_BB)⁻¹·A_B (Rifkin & Lippert, 2007, "Notes on regularized least squares"). The
probabilities are calibrated by logistic regression (Platt, 1999) on those predictions, and so on
wordings that were not learnt from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.ranking.read_only import make_read_only

Floats = npt.NDArray[np.float64]
_RIDGE = 0.2
_STEPS = 50
# The penalty that draws the calibration's weights to zero, so that a handful of examples does not
# decide.
_PRIOR = 1.0


@dataclass(frozen=True, slots=True)
class RidgeHead:
    """A trained head: the scores of a text are its similarities to the examples @ coefficients.

    Both arrays have one row an example and one column a label.
    """

    coefficients: Floats
    held_out: Floats


def learn(kernel: Floats, labels: Sequence[int], groups: Sequence[str], count: int) -> RidgeHead:
    """Learn from a kernel of examples; ``held_out`` scores each one without its group.

    ``labels`` are from 0 to ``count`` - 1. Shapes: kernel (n, n), both results (n, count).
    """
    targets = np.zeros((len(labels), count))
    targets[np.arange(len(labels)), labels] = 1
    # The constant 1 is the intercept: every score starts from the share of its label.
    inverse = np.linalg.inv(kernel + 1 + _RIDGE * np.eye(len(labels)))
    coefficients = inverse @ targets
    held_out = np.empty_like(targets)
    names = np.asarray(groups)
    for group in dict.fromkeys(groups):
        block = np.flatnonzero(names == group)
        residual = np.linalg.solve(inverse[np.ix_(block, block)], coefficients[block])
        held_out[block] = targets[block] - residual
    return RidgeHead(coefficients, held_out)


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
