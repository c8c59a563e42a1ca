"""The corpus of voices: large, varied, each phrasing with one entry only."""

from collections import Counter
from pathlib import Path

import pytest
from yaml_files import data_of

import knowledge
from knowledge.knowledge import Knowledge
from knowledge.ranking.corpus import HOUSE, Example, examples_of
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent
COMMON = frozenset(
    normalise(
        "a ai au aux avec c ce ces cette comment d dans de des du elle en es est et etes il ils je "
        "l la le les leur ma mes mon n ne nos notre nous on ont ou par pas plus pour qu que quel "
        "quelle quelles quels qui quoi s sa se ses si son sont sur t te tu un une vos votre vous y"
    ).split()
)


@pytest.fixture(scope="module")
def examples(shipped: Knowledge) -> tuple[Example, ...]:
    """All that the shipped matcher learns from."""
    raw = data_of((SHIPPED / "formulations.yaml").read_text("utf-8"))
    return examples_of(shipped.entries, shipped.acts, raw["voix"])


def words(text: str) -> set[str]:
    """Return the words that carry meaning."""
    return set(normalise(text).split()) - COMMON


def test_the_corpus_is_large_and_of_many_voices(
    examples: tuple[Example, ...], shipped: Knowledge
) -> None:
    counted = Counter(one.entry for one in examples)
    assert all(counted[entry.id] >= 60 for entry in shipped.entries if not entry.service)
    assert counted[None] >= 300
    assert len({one.voice for one in examples} - {HOUSE}) >= 10


def test_at_least_half_share_no_content_word_with_the_canonical_question(
    examples: tuple[Example, ...], shipped: Knowledge
) -> None:
    questions = {entry.id: words(entry.question) for entry in shipped.entries}
    phrasings = [one for one in examples if one.entry in questions and one.voice != HOUSE]
    apart = [one for one in phrasings if not words(one.text) & questions[one.entry or ""]]
    assert len(apart) / len(phrasings) >= 0.5


def test_no_text_stands_under_two_entries(examples: tuple[Example, ...]) -> None:
    owners: dict[str, set[str | None]] = {}
    for one in examples:
        owners.setdefault(normalise(one.text), set()).add(one.entry)
    assert [text for text, entries in owners.items() if len(entries) > 1] == []


def test_openings_are_not_made_by_a_template(examples: tuple[Example, ...]) -> None:
    openings = Counter(tuple(normalise(one.text).split()[:3]) for one in examples)
    assert openings.most_common(1)[0][1] / len(examples) < 0.03
