"""Questions that say the same are brought together, always in the same way."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from dialogue import inside
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process

import knowledge
from knowledge.curation.clusters import Likeness, alike, said_alike
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


class Steps:
    """A time that passes by one second each time somebody looks at it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def many(count: int) -> dict[int, str]:
    """Wordings of which none is like another."""
    letters = "bcdfghjklmnpqrstvwxz"
    pairs = ((a, b) for a in letters for b in letters)
    return {
        number: f"{a * 5}{b * 5} {b * 5}{a * 5}"
        for number, (a, b) in zip(range(count), pairs, strict=False)
    }


def test_what_time_does_not_reach_is_alone_until_it_is_compared() -> None:
    texts = many(40) | {number: f"où garer {'le ' * number}camion" for number in range(40, 60)}
    likeness = Likeness(Steps())
    looks = 0
    while likeness.uncompared(list(texts)) or not looks:
        before = likeness.uncompared(list(texts))
        likeness.compare(texts, seconds=2)
        assert likeness.uncompared(list(texts)) < before
        looks += 1
        assert sorted(sum(likeness.groups(list(texts)), ())) == sorted(range(len(texts)))
    assert looks > 2
    assert likeness.groups(list(texts)) == alike(list(texts.values()))


@given(st.lists(st.lists(st.sampled_from(["a b", "a c", "b a", "d", "e f g", "a b"])), max_size=6))
def test_one_look_after_the_other_finds_the_same_as_all_at_once(looks: list[list[str]]) -> None:
    likeness, texts = Likeness(), dict[int, str]()
    for look in looks:
        texts = dict(list(texts.items())[len(texts) // 2 :])
        start = max(texts, default=0) + 1
        texts |= {start + place: text for place, text in enumerate(look)}
        likeness.compare(texts)
    assert likeness.groups(list(texts)) == alike(list(texts.values()))


def test_only_new_questions_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    likeness, texts = Likeness(), many(100)
    likeness.compare(texts)
    compared: list[int] = []
    genuine = process.cdist

    def counting(some: list[str], others: list[str], **options: Any) -> Any:
        compared.append(len(some))
        return genuine(some, others, **options)

    monkeypatch.setattr(process, "cdist", counting)
    likeness.compare(texts)
    assert compared == []
    likeness.compare({number: text for number, text in texts.items() if number > 10})
    assert compared == []
    likeness.compare(texts | {1000: "une question toute neuve"})
    # The eleven that were forgotten, and the new one, are each seen by one or two scorers.
    assert 12 <= sum(compared) <= 24


def test_nothing_that_somebody_wrote_is_kept() -> None:
    likeness = Likeness()
    likeness.compare({1: "un atelier nommé Xylophage", 2: "rien"})
    held = repr(inside(likeness, "compared")).lower()
    assert "xylophage" not in held
    likeness.compare({})
    assert not inside(likeness, "compared").digests
    assert inside(likeness, "compared").pairs.size == 0


def test_a_long_question_is_compared_by_its_start() -> None:
    start = "où garer un camion frigorifique " * 10
    assert len(alike([start + "près du port", start + "loin de la mer" * 200])) == 1


def test_two_thousand_questions_take_little_memory() -> None:
    likeness = Likeness()
    likeness.compare({number: f"question {number}" for number in range(2000)}, seconds=0.1)
    assert inside(likeness, "compared").pairs.nbytes <= 2000**2
