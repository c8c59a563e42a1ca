"""The words of trades, machines and materials that speak of the same thing, in two languages."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

_FILE = Path(__file__).with_suffix(".yaml")
_SHORTEST_PLURAL = 4


def trades_in(normalised: str) -> frozenset[str]:
    """Return the trades that the words of a normalised text speak of."""
    words = [singular(word) for word in normalised.split()]
    known, sizes = _known(), _sizes()
    return frozenset(
        trade
        for start, word in enumerate(words)
        for size in sizes.get(word, ())
        for trade in known.get(" ".join(words[start : start + size]), ())
    )


def singular(word: str) -> str:
    """Return a French word without the mark of its plural, if it has one."""
    return word[:-1] if len(word) >= _SHORTEST_PLURAL and word[-1] in "sx" else word


@cache
def _known() -> Mapping[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for trade, phrases in yaml.safe_load(_FILE.read_text("utf-8")).items():
        for phrase in phrases.split():
            key = " ".join(map(singular, phrase.split("_")))
            known[key] = (*known.get(key, ()), trade)
    return MappingProxyType(known)


@cache
def _sizes() -> Mapping[str, frozenset[int]]:
    """Return how many words the phrases have, by their first: few words begin any."""
    sizes: dict[str, frozenset[int]] = {}
    for first, *rest in (key.split(" ") for key in _known()):
        sizes[first] = sizes.get(first, frozenset()) | {1 + len(rest)}
    return MappingProxyType(sizes)
