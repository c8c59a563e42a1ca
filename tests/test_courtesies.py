"""Greetings and thanks around a question, and small talk among them."""

from itertools import cycle, product

import pytest
from effort import effort
from hypothesis import given
from hypothesis import strategies as st

from knowledge.knowledge import Knowledge
from knowledge.matcher.act_finder import ActFinder
from knowledge.matcher.matcher import FIND_PROJECTS, Outcome
from knowledge.model import Act
from knowledge.text.courtesies import without_courtesies, without_introduction
from knowledge.text.normalise import LONGEST, normalise
from knowledge.text.word_lists import wording

GREETINGS = ["", "Bonjour, ", "bjr ", "Bonsoir madame, ", "Salut à tous ! ", "bonjour, svp : "]
THANKS = ["", " merci", " ? Merci d'avance.", ", s'il vous plaît", " svp merci", "\nCordialement"]


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("Bonjour, et les PME ?", "les pme"),
        ("et les PME ?", "et les pme"),
        ("Madame la maire parle-t-elle ?", "madame la maire parle t elle"),
        ("Bonjour Madame, Monsieur, qui finance ?", "qui finance"),
        ("svp qui finance, d'avance merci, cordialement", "qui finance"),
        ("qui dit merci aux PME", "qui dit merci aux pme"),
        ("re-bonjour qui finance merci beaucoup", "qui finance"),
        ("Bonjour ! Merci.", ""),
        ("", ""),
    ],
)
def test_what_is_left_of_a_message(message: str, question: str) -> None:
    assert without_courtesies(normalise(message)) == question


@given(st.lists(st.sampled_from(["bonjour", "et", "merci", "svp", "pme", "a", "tous"])))
def test_what_is_left_is_a_part_of_the_message_and_begins_and_ends_with_no_courtesy(
    words: list[str],
) -> None:
    left = without_courtesies(" ".join(words))
    assert left in " ".join(words)
    assert without_courtesies(left) in left
    assert not left.startswith("bonjour")
    assert not left.endswith(("merci", "svp"))


def test_the_words_are_written_as_they_are_met() -> None:
    known = wording()
    phrases = known.greetings | known.after_greetings | known.openings | known.closings
    for words in phrases | {tuple(known.empty), tuple(known.shared), tuple(known.census)}:
        assert tuple(map(normalise, words)) == words


def test_a_phrasing_among_courtesies_stays_exact(shipped: Knowledge) -> None:
    around = cycle(product(GREETINGS, THANKS))
    for one in shipped.entries:
        for text in (one.question, one.title, *one.phrasings):
            greeting, thanks = next(around)
            decision = shipped.matcher.match(f"{greeting}{text}{thanks}")
            assert decision.shown == (one.id,), text
            assert decision.ranking[0].score == 1


@pytest.mark.parametrize(
    ("message", "talk"),
    [
        ("Bonjour, êtes-vous un robot ?", "robot"),
        ("bonjour madame, vous etes un robot svp ?", "robot"),
        ("Bonjour, qui êtes-vous ?", "qui-etes-vous"),
        ("Bonjour merci", "bonjour"),
        ("Bonsoir madame et monsieur", "bonjour"),
        ("svp merci", "merci"),
        ("MERCI !!!", "merci"),
        ("merci au revoir", "au-revoir"),
        ("au revoirr", "au-revoir"),
    ],
)
def test_an_act_among_courtesies_is_acts(shipped: Knowledge, message: str, talk: str) -> None:
    decision = shipped.matcher.match(message)
    assert (decision.outcome, decision.shown) == (Outcome.ACT, (talk,))


def test_only_what_is_short_can_be_nearly_acts() -> None:
    finder = ActFinder([Act("robot", ("êtes-vous un robot",), "Oui.")])
    assert finder.near("etes vous un robott", 0.86) == "robot"
    assert finder.near("etes vous un robot ou quoi", 0.5) is None
    assert finder.near("etes vous un financeur", 0.86) is None
    assert finder.near("", 0.0) is None
    assert ActFinder([]).near("bonjour", 0.86) is None
    assert ActFinder([]).within("bonjour merci") is None


def test_a_question_about_projects_in_a_place_names_those_there(shipped: Knowledge) -> None:
    decision = shipped.matcher.match("un projet à Istres ?")
    assert decision.outcome is Outcome.PROJECTS
    assert decision.ranking[0].id == FIND_PROJECTS
    assert "fictif-usinage-aero-istres" in decision.projects
    assert "fictif-solvants-berre" not in decision.projects


@pytest.mark.parametrize("word", ["hydrogène", "PME", "TI"])
def test_a_word_alone_is_a_choice_between_two_or_three(shipped: Knowledge, word: str) -> None:
    decision = shipped.matcher.match(word)
    assert decision.outcome is Outcome.CHOICES
    assert 2 <= len(decision.shown) <= 3


@pytest.mark.parametrize("piece", ["a ", "merci ", "projet ", "hydrogene ", "x", "\ufdfa", "é'"])
def test_twenty_thousand_characters_cost_what_the_longest_text_costs(
    shipped: Knowledge, piece: str
) -> None:
    longest, longer = (piece * (size // len(piece)) for size in (LONGEST, 20_000))
    bound = 1.1 * effort(lambda: shipped.matcher.match(longest))
    assert effort(lambda: shipped.matcher.match(longer)) <= bound


@pytest.mark.parametrize(
    ("message", "question"),
    [
        (
            "Alors voilà, deux petites questions : qui finance un projet ?",
            "qui finance un projet ?",
        ),
        ("okay, english then. who pays for it", "who pays for it"),
        ("4 questions rapides : c'est où ? c'est quand ?", "c'est où ? c'est quand ?"),
        ("Comment financer : avec quel argent ?", "Comment financer : avec quel argent ?"),
        ("Alors, merci", "Alors, merci"),
        ("", ""),
    ],
)
def test_what_only_announces_a_question_does_not_count(message: str, question: str) -> None:
    assert without_introduction(message) == question
