"""Learns which entry a text belongs to, and with which probability.

The head is a kernel ridge regression on one-hot targets (one column an entry, one for "none of
them"): closed form, deterministic, no iterations. One factorisation is enough to leave out each
voice in turn: with G = (K + λI)⁻¹ and A = G·Y, the predictions for a block B that was left out are
Y_B - (G_BB)⁻¹·A_B (Rifkin & Lippert, 2007, "Notes on regularized least squares"). With K + λI = LLᵀ
and M = L⁻¹, G = MᵀM: its blocks are all that is needed of it, never the whole. The probabilities
are calibrated by logistic regression (Platt, 1999) on those predictions, and so on wordings that
were not learnt from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.ranking.read_only import make_read_only

Floats = npt.NDArray[np.float64]
Kernel = npt.NDArray[np.floating[Any]]
_RIDGE = 0.2
# Below this size, numpy's own inverse is as quick as halves of halves.
_SMALL = 128
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


def learn(
    kernel: Kernel,
    labels: Sequence[int],
    groups: Sequence[str],
    count: int,
    worth: Mapping[int, float] | None = None,
) -> RidgeHead:
    """Learn from a kernel of examples; ``held_out`` scores each one without its group.

    ``labels`` are from 0 to ``count`` - 1. Shapes: kernel (n, n), both results (n, count). The
    kernel is overwritten: it may be most of the memory of a small machine. ``worth``: the score
    that a label's own examples learn, where it is not 1; a lower one gives way to the others.
    """
    targets = np.zeros((len(labels), count))
    targets[np.arange(len(labels)), labels] = [(worth or {}).get(label, 1.0) for label in labels]
    # The constant 1 is the intercept: every score starts from the share of its label.
    kernel += 1
    kernel.flat[:: len(labels) + 1] += _RIDGE
    root = np.linalg.cholesky(kernel)
    _invert(root)
    coefficients = (root.T @ (root @ targets.astype(root.dtype))).astype(np.float64)
    held_out = np.empty_like(targets)
    names = np.asarray(groups)
    for group in dict.fromkeys(groups):
        block = np.flatnonzero(names == group)
        columns = root[:, block]
        inverse = (columns.T @ columns).astype(np.float64)
        held_out[block] = targets[block] - np.linalg.solve(inverse, coefficients[block])
    return RidgeHead(coefficients, held_out)


def _invert(lower: Kernel) -> None:
    """Invert a lower triangle in place, by halves: its cost is that of a few products."""
    size = len(lower)
    if size <= _SMALL:
        lower[:] = np.tril(np.linalg.inv(lower))
        return
    half = size // 2
    _invert(lower[:half, :half])
    _invert(lower[half:, half:])
    lower[half:, :half] = -lower[half:, half:] @ (lower[half:, :half] @ lower[:half, :half])


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
