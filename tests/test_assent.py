"""A yes or a no is the whole of a text: never a word inside a longer sentence, or a question."""

import itertools

import pytest
import yaml
from conftest import SHIPPED

from handlers.core import assent

YES = (
    "oui, cela me convient",
    "Oui oui",
    "bah oui",
    "oui merci beaucoup",
    "oui, envoyez",
    "yes please",
    "oui c'est bon",
    "Ok oui, allez-y",
    "oui tout à fait, merci bien",
)
NO = (
    "nan laissez",
    "attendez attendez non. pas maintenant",
    "finalement non, c'est bon",
    "ah non stop",
    "non merci",
    "no, wait",
)
NEITHER = (
    "donc c'est oui ou c'est non",
    "oui ou non ?",
    "c'est oui ?",
    "oui mais combien",
    "je ne sais pas si je dirais oui",
    "mon associé a dit oui hier",
    "non mais c'est quoi ce programme",
    "oui et pour Istres",
    "merci",
    "parfait",
)


@pytest.mark.parametrize("text", YES)
def test_a_yes_has_politeness_around_it(text: str) -> None:
    assert assent.is_yes(text)
    assert not assent.is_no(text)


@pytest.mark.parametrize("text", NO)
def test_a_no_has_words_that_soften_it(text: str) -> None:
    assert assent.is_no(text)
    assert not assent.is_yes(text)


@pytest.mark.parametrize("text", NEITHER)
def test_a_word_within_a_sentence_is_neither(text: str) -> None:
    assert not assent.is_yes(text)
    assert not assent.is_no(text)


def test_no_question_of_the_knowledge_is_a_yes_whatever_it_begins_with() -> None:
    entries = yaml.safe_load((SHIPPED / "faq.yaml").read_text("utf-8"))["entrees"]
    questions = [phrasing for entry in entries for phrasing in entry["variantes"]]
    assert len(questions) > 100
    for question, before, after in itertools.product(
        questions, ("", "oui ", "non, "), ("", " oui ou non", " ?")
    ):
        text = f"{before}{question}{after}"
        assert not assent.is_yes(text), text
        assert not assent.is_no(text), text


@pytest.mark.parametrize(
    "text", ["donc c'est oui ou c'est non", "oui ou non", "alors, oui ou pas ?", "yes or no?"]
)
def test_who_wants_a_plain_yes_or_no_says_so(text: str) -> None:
    assert assent.asks_yes_or_no(text)
    assert not assent.may_be_assent(text)
