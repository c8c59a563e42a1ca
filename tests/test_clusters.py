"""Questions that say the same are brought together, always in the same way."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import knowledge
from knowledge.curation.clusters import MOST_COMPARED, alike, said_alike
from knowledge.text.normalise import normalise

FAQ = Path(knowledge.__file__).parent / "faq.yaml"


def grouped(*texts: str) -> list[set[str]]:
    return [{texts[place] for place in group} for group in alike(texts)]


def test_case_accents_and_courtesies_do_not_matter() -> None:
    texts = ("Où garer un camion ?", "bonjour, ou garer un camion", "OU GARER UN CAMION !!")
    assert grouped(*texts) == [set(texts)]


def test_the_order_of_words_and_small_typos_do_not_matter() -> None:
    assert grouped("garer un camion où", "où garer un camion", "où garer un camionn") == [
        {"garer un camion où", "où garer un camion", "où garer un camionn"}
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("projet", "le projet hydrogène de Fos"),
        ("combien ça coûte", "combien de temps ça dure"),
        ("qui peut venir", "qui peut financer"),
        ("où garer un camion", "où garer un vélo"),
    ],
)
def test_different_questions_stay_apart(one: str, other: str) -> None:
    assert len(alike([one, other])) == 2


def test_what_is_asked_most_comes_first_and_so_does_its_commonest_wording() -> None:
    texts = ["rare", "camion où garer", "où garer un camion", "deux", "où garer un camion", "deux"]
    assert alike(texts) == ((2, 4, 1), (3, 5), (0,))


def test_texts_without_words_are_kept_apart() -> None:
    assert len(alike(["?", "!!", "?"])) == 2
    assert alike([]) == ()


@given(st.lists(st.text(alphabet="abc é?", max_size=12), max_size=30))
def test_every_text_is_in_one_group_and_the_groups_never_change(texts: list[str]) -> None:
    groups = alike(texts)
    assert sorted(place for group in groups for place in group) == list(range(len(texts)))
    assert groups == alike(list(texts))
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)


def test_phrasings_of_different_entries_are_never_joined() -> None:
    """What the threshold was measured on: the shipped phrasings."""
    entries = yaml.safe_load(FAQ.read_text("utf-8"))["entrees"]
    said = [(entry["id"], normalise(text)) for entry in entries for text in entry["variantes"]]
    joined = [
        (one, other)
        for place, one in enumerate(said)
        for other in said[place + 1 :]
        if one[0] != other[0] and said_alike(one[1], other[1])
    ]
    assert joined == []


def test_beyond_what_is_compared_the_same_words_are_still_one_group() -> None:
    letters = "bcdfghjklmnpqrstvwxz"
    texts = [f"{a * 3}{b * 3} {b * 4}{c * 3}" for a in letters for b in letters for c in "bk"]
    groups = alike([*texts, texts[-1]])
    assert len(texts) > MOST_COMPARED
    assert len(groups[0]) >= 2
