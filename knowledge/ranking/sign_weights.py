"""What the signs of newcomers weigh: logistic regressions, fitted once on the shipped entries.

``python -m benchmarks.newcomers --weights`` fits them anew (docs/matching.md says how).
"""

from dataclasses import dataclass

SIGNS = (
    *("asked", "asked_lead", "answer", "none", "lead", "meant_lead", "learnt", "phrasings"),
    *("balanced", "balanced_lead", "balanced_none"),
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
_BALANCED = ("balanced_lead", "balanced_none")

# Beside entries with many phrasings, after the look of the balanced head.
BESIDE = (
    SignWeights(
        (*_ALL, *_BALANCED),
        _ENCODERS[0],
        2.202,
        (0.211, 4.136, 0.305, -2.867, 0.169, 0.268, 4.275, -0.788, 6.372, 0.186),
    ),
    SignWeights(
        (*_ALL[3:], *_BALANCED),
        _ENCODERS[1],
        0.896,
        (-2.474, 0.162, 0.546, 3.96, -0.535, 6.57, -0.459),
    ),
    SignWeights(
        (*_ALL[3:5], *_ALL[6:], *_BALANCED),
        _ENCODERS[2],
        0.019,
        (-1.751, 0.337, 4.01, -0.361, 5.583, -1.238),
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
# Where all entries are new, the balanced head has learnt from all that there is.
_ALONE = ("balanced", "balanced_lead", "phrasings")
ALONE = (
    SignWeights(_ALONE, _ENCODERS[0], -2.17, (15.031, 5.259, -0.711)),
    SignWeights(_ALONE, _ENCODERS[1], -2.33, (13.618, 3.73, -0.587)),
    SignWeights(_ALONE, _ENCODERS[2], -2.56, (10.574, 2.923, -0.428)),
)
