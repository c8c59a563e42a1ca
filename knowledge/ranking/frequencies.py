"""How common the features of texts are in French questions: what is rare tells more.

The frequencies stand in a file of their own, and are not counted in the examples. Counted there, a
single added phrasing would change how like all other examples are, and all would have to be learnt
anew; so what two texts have in common depends on these two texts alone.
``python -m benchmarks.frequencies`` counts them in the shipped files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

FILE = Path(__file__).with_suffix(".txt")
# A feature found in fewer examples is not listed: it counts as found in one.
LEAST_LISTED = 2


@dataclass(frozen=True, slots=True)
class Rarity:
    """The weights of a view's features: of those listed, of others, and of what nobody wrote."""

    listed: Mapping[str, float]
    unlisted: float
    unheard: float

    def of(self, feature: str) -> float:
        """Return the weight of a feature that an example has."""
        return self.listed.get(feature, self.unlisted)

    def unknown(self, feature: str) -> float:
        """Return the weight of a feature that no example has."""
        return self.listed.get(feature, self.unheard)


@cache
def rarities() -> Mapping[str, Rarity]:
    """Return the weights of both views, "letters" and "sound".

    The file: the number of examples; then lines of view, frequency and features, with tabs between.
    """
    first, *lines = FILE.read_text("utf-8").splitlines()
    count = int(first)
    listed: dict[str, dict[str, float]] = {"letters": {}, "sound": {}}
    for view, times, *features in (line.split("\t") for line in lines):
        listed[view] |= dict.fromkeys(features, _weight(count, int(times)))
    return MappingProxyType(
        {
            view: Rarity(MappingProxyType(own), _weight(count, 1), _weight(count, 0))
            for view, own in listed.items()
        }
    )


def _weight(count: int, times: int) -> float:
    return float(np.log((1 + count) / (1 + times)) + 1)
