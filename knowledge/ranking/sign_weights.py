"""What the signs of newcomers weigh: logistic regressions, fitted once on the shipped entries.

``python -m benchmarks.newcomers --weights`` fits them anew (docs/matching.md says how).
"""

from dataclasses import dataclass

SIGNS = (
    *("asked", "asked_lead", "answer", "none", "lead", "meant_lead", "learnt", "phrasings"),
    *("own", "own_lead", "balanced_lead", "balanced_none"),
)


@dataclass(frozen=True, slots=True)
class SignWeights:
    """A logistic regression on some of the signs.

    ``needs``: it was fitted where these signs are known.
    """

    signs: tuple[str, ...]
    needs: tuple[str, ...]
    intercept: float
    of: tuple[float, ...]

    @property
    def columns(self) -> list[int]:
        """The places of its signs in ``SIGNS``."""
        return [SIGNS.index(sign) for sign in self.signs]


# By which encoders there are: both, the first, none.
_ENCODERS = (("asked", "meant_lead"), ("meant_lead",), ())
_ALL = ("asked", "asked_lead", "answer", "none", "lead", "meant_lead", "learnt", "phrasings")
_BALANCED = ("own", "own_lead", "balanced_lead", "balanced_none")

# Beside entries with many phrasings, after the look of the balanced head.
BESIDE = (
    SignWeights(
        (*_ALL, *_BALANCED),
        _ENCODERS[0],
        1.66,
        (0.05, 4.605, 0.286, -2.487, 0.151, 0.224, 4.486, -0.848, 4.717, 0.668, 3.236, -0.199),
    ),
    SignWeights(
        (*_ALL[3:], *_BALANCED),
        _ENCODERS[1],
        0.035,
        (-2.347, 0.126, 0.481, 4.448, -0.588, 7.1, -1.508, 3.089, 0.06),
    ),
    SignWeights(
        (*_ALL[3:5], *_ALL[6:], *_BALANCED),
        _ENCODERS[2],
        -0.898,
        (-1.847, 0.259, 4.495, -0.407, 6.181, -0.841, 2.188, 0.039),
    ),
)
# Before that look: is it worth while? And without the balanced head.
AT_A_GLANCE = (
    SignWeights(
        _ALL, _ENCODERS[0], 2.066, (0.324, 4.539, 0.353, -2.827, 0.215, 0.352, 6.727, -0.624)
    ),
    SignWeights(_ALL[3:], _ENCODERS[1], 0.738, (-2.914, 0.293, 0.63, 7.124, -0.374)),
    SignWeights((*_ALL[3:5], *_ALL[6:]), _ENCODERS[2], 0.156, (-2.836, 0.615, 7.838, -0.278)),
)
# Where all entries are new, the balanced head knows nearly all that there is. The intercepts were
# lowered by 0.3: on other people's FAQs the fit is too sure (docs/matching.md).
_ALONE = ("own", "own_lead", "balanced_lead", "phrasings")
ALONE = (
    SignWeights(_ALONE, _ENCODERS[0], -2.564, (13.32, 2.22, 5.356, -0.488)),
    SignWeights(_ALONE, _ENCODERS[1], -2.769, (11.979, 1.455, 3.996, -0.389)),
    SignWeights(_ALONE, _ENCODERS[2], -2.91, (8.964, 1.919, 2.621, -0.252)),
)
