"""The French words that matching treats specially, read from ``word_lists.yaml``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class WordLists:
    """Normalised words; the greetings, openings and closings are phrases as tuples of words."""

    empty: frozenset[str]
    shared: frozenset[str]
    census: frozenset[str]
    greetings: frozenset[tuple[str, ...]]
    after_greetings: frozenset[tuple[str, ...]]
    openings: frozenset[tuple[str, ...]]
    closings: frozenset[tuple[str, ...]]


@cache
def wording() -> WordLists:
    """Return the word lists of ``word_lists.yaml``."""
    raw = yaml.safe_load(_FILE.read_text("utf-8"))
    return WordLists(
        empty=frozenset(raw["mots_outils"].split()),
        shared=frozenset(raw["mots_communs"].split()),
        census=frozenset(raw["mots_du_recensement"]),
        greetings=_phrases(raw["salutations"]),
        after_greetings=_phrases(raw["suites"]),
        openings=_phrases(raw["entrees_en_matiere"]),
        closings=_phrases(raw["fins"]),
    )


def _phrases(lines: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(line.split()) for line in lines)
