"""The French words that matching treats specially, read from ``word_lists.yaml``."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class WordLists:
    """Normalised words; phrases are tuples of words.

    ``telling_nothing``: what people say around a trade, a machine or a place; ``interrogatives``:
    how questions begin; ``asking``: the words of a question that names nothing; ``ellipses``: how
    the rest of something said before begins; ``pronouns``: those that stand for it; ``announcing``:
    the words of what only announces a question.
    """

    empty: frozenset[str]
    shared: frozenset[str]
    census: frozenset[str]
    greetings: frozenset[tuple[str, ...]]
    after_greetings: frozenset[tuple[str, ...]]
    openings: frozenset[tuple[str, ...]]
    closings: frozenset[tuple[str, ...]]
    telling_nothing: frozenset[str]
    interrogatives: frozenset[tuple[str, ...]]
    asking: frozenset[str]
    ellipses: frozenset[tuple[str, ...]]
    pronouns: frozenset[str]
    announcing: frozenset[str]


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
        telling_nothing=frozenset(raw["mots_d_approche"].split()),
        interrogatives=_phrases(raw["interrogatifs"]),
        asking=frozenset(raw["mots_des_questions"].split()),
        ellipses=_phrases(raw["ellipses"]),
        pronouns=frozenset(raw["pronoms"].split()),
        announcing=frozenset(raw["mots_d_annonce"].split()),
    )


def _phrases(lines: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(line.split()) for line in lines)
