"""From a question to a decision: exact wins, one of four outcomes, whatever is typed."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Matcher, Outcome
from knowledge.projects import Census
from knowledge.ranking.corpus import Example
from knowledge.ranking.ranker import Ranked, Ranking
from knowledge.text.normalise import LONGEST, normalise


def test_every_phrasing_is_answered_by_its_own_entry(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        for text in (entry.question, *entry.phrasings):
            decision = shipped.matcher.match(text)
            assert (decision.outcome, decision.shown) == (Outcome.ANSWER, (entry.id,)), text


def test_every_small_talk_is_recognised(shipped: Knowledge) -> None:
    for talk in shipped.acts:
        for phrase in talk.phrasings:
            decision = shipped.matcher.match(phrase)
            assert (decision.outcome, decision.shown) == (Outcome.ACT, (talk.id,)), phrase


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("Bonjour, comment financer un projet ? Merci d'avance", "comment financer un projet"),
        ("salut comment financer un projet svp", "comment financer un projet"),
        ("Comment  financer\nun PROJET ???", "comment financer un projet"),
    ],
)
def test_courtesies_do_not_hide_the_question(shipped: Knowledge, question: str, plain: str) -> None:
    assert shipped.matcher.match(question).shown == shipped.matcher.match(plain).shown
    assert shipped.matcher.match(question).outcome is Outcome.ANSWER


def test_a_misspelt_greeting_is_a_greeting(shipped: Knowledge) -> None:
    assert shipped.matcher.match("bonjourr").outcome is Outcome.ACT


@pytest.mark.parametrize("word", ["projet", "entreprise", "industrie"])
def test_a_single_word_that_is_no_phrasing_is_never_answered_directly(
    shipped: Knowledge, word: str
) -> None:
    assert shipped.matcher.match(word).outcome in {Outcome.CHOICES, Outcome.NONE}


def test_nothing_is_made_of_nothing(shipped: Knowledge) -> None:
    for text in ("", "   ", "?!", "👍"):
        assert shipped.matcher.match(text).outcome is Outcome.NONE


def test_projects_are_named_by_their_words_not_by_common_ones(shipped: Knowledge) -> None:
    named = shipped.matcher.match("un projet sur l'hydrogène ?")
    assert named.outcome is Outcome.ANSWER
    assert named.projects[0] == "fictif-hydrogene-martigues"
    assert shipped.matcher.match("qui a parlé pendant la table ronde").projects == ()


@given(text=st.text(max_size=300))
def test_any_text_has_one_of_the_outcomes(shipped: Knowledge, text: str) -> None:
    decision = shipped.matcher.match(text)
    known = {entry.id for entry in shipped.entries} | {talk.id for talk in shipped.acts}
    assert set(decision.shown) <= known
    count = len(decision.shown)
    assert {
        Outcome.ANSWER: count == 1,
        Outcome.ACT: count == 1,
        Outcome.CHOICES: 1 <= count <= 3,
        Outcome.NONE: True,
    }[decision.outcome]
    scores = [one.score for one in decision.ranking]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(data=st.data())
def test_how_it_is_typed_changes_nothing(shipped: Knowledge, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(shipped.entries))
    phrasing = data.draw(st.sampled_from(entry.phrasings))
    typed = data.draw(
        st.sampled_from(
            [
                phrasing.upper(),
                f"  {phrasing}  ",
                phrasing.replace("'", "’"),
                unicodedata.normalize("NFD", phrasing),
                "".join(
                    c
                    for c in unicodedata.normalize("NFD", phrasing)
                    if not unicodedata.combining(c)
                ),
            ]
        )
    )
    assert shipped.matcher.match(typed) == shipped.matcher.match(phrasing)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip()
    assert "  " not in once


def test_what_is_read_of_a_text_is_bounded(shipped: Knowledge) -> None:
    long = "comment financer un projet " * 1000
    assert len(normalise(long)) <= LONGEST
    assert shipped.matcher.match(long).outcome in set(Outcome)


VARIANTS = (
    str.upper,
    str.title,
    lambda text: f"  {text}\n",
    lambda text: text.replace("'", "’"),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: "".join(
        c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
    ),
)


@given(
    words=st.lists(
        st.sampled_from(
            [
                "l'atelier",
                "cherche",
                "où",
                "s'inscrire",
                "déjà",
                "à",
                "Fos",
                "financé",
                "élu",
                "machine",
            ]
        ),
        min_size=1,
        max_size=9,
    ),
    variant=st.sampled_from(VARIANTS),
)
def test_case_accents_apostrophes_and_spaces_make_no_difference(
    shipped: Knowledge, words: list[str], variant: Callable[[str], str]
) -> None:
    text = " ".join(words)
    assert shipped.matcher.match(variant(text)) == shipped.matcher.match(text)


class Unsure:
    """A ranker that knows nothing."""

    def rank(self, question: str) -> Ranking:
        return Ranking((Ranked("a", 0.0), Ranked("b", 0.0)), 0.0, 0.0, question)


@given(phrasing=st.text(min_size=1, max_size=80).filter(normalise))
def test_adding_a_phrasing_makes_it_exact(phrasing: str) -> None:
    census = Census(())
    before = Matcher((), (), Unsure(), census)
    after = Matcher((Example(phrasing, "b", "faq"),), (), Unsure(), census)
    assert before.match(phrasing).outcome is Outcome.NONE
    assert (after.match(phrasing).outcome, after.match(phrasing).shown) == (Outcome.ANSWER, ("b",))


def test_a_question_on_two_themes_shows_both(shipped: Knowledge) -> None:
    for first, second, question in (
        ("financement", "mutualisation", "vous financez, et peut-on partager des machines ?"),
        ("territoire", "filieres", "quelles communes sont couvertes et quelles filières visées ?"),
    ):
        decision = shipped.matcher.match(question)
        assert {first, second} <= {one.id for one in decision.ranking[:3]}
        assert decision.outcome is Outcome.CHOICES
        assert {first, second} <= set(decision.shown)


def test_every_decision_says_why(shipped: Knowledge) -> None:
    for question in ("bonjour", "comment financer un projet", "four froid partage", "?", "prix"):
        assert shipped.matcher.match(question).reason
