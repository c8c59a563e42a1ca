"""The words by which a question about a town is told from another one that names a place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True, slots=True)
class TownWords:
    """The content of ``word_lists.yaml``; all of it is normalised."""

    short_forms: Mapping[str, str]
    # The communes that the round table names.
    round_table: tuple[str, ...]
    # The commune that a quarter or an industrial zone is in.
    quarters: Mapping[str, str]
    not_towns: frozenset[str]
    ordinary: frozenset[str]
    before_a_town: frozenset[str]
    people: frozenset[str]
    being: frozenset[str]
    between: frozenset[str]
    strong: frozenset[str]
    firm: frozenset[str]
    weak: frozenset[str]
    other_subjects: frozenset[str]
    fill: frozenset[str]
    units: frozenset[str]


@cache
def town_words() -> TownWords:
    """Return the words, read once."""
    raw: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    strong, weak = _set(raw["indices_surs"]), _set(raw["indices"])
    before, people = _set(raw["devant_un_lieu"]), _set(raw["qui_parle"])
    being, between = _set(raw["etre_situe"]), _set(raw["entre_les_deux"])
    return TownWords(
        short_forms=raw["abreviations"],
        round_table=tuple(raw["table_ronde"]),
        quarters={w: name for name, written in raw["quartiers"].items() for w in written},
        not_towns=frozenset(raw["pas_des_communes"]),
        ordinary=_set(raw["mots_ordinaires"]),
        before_a_town=before,
        people=people,
        being=being,
        between=between,
        strong=strong,
        firm=_set(raw["indices_fermes"]),
        weak=weak,
        other_subjects=_set(raw["autres_sujets"]),
        fill=_set(raw["mots_sans_sujet"]) | strong | weak | before | people | being | between,
        units=_set(raw["unites"]),
    )


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())
