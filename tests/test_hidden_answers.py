"""Questions whose answer is hidden: known in their own words, and taken from no other answer."""

from pathlib import Path

import pytest

import knowledge
from knowledge.knowledge import Knowledge
from knowledge.loading import material_in, read_files
from knowledge.matcher.hidden_answers import HiddenAnswers
from knowledge.matcher.matcher import Outcome
from knowledge.ranking.corpus import Example, examples_of
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent


@pytest.fixture(scope="module")
def examples() -> tuple[Example, ...]:
    return material_in(read_files(SHIPPED, fictitious=False).documents).examples


def test_each_phrasing_of_a_hidden_answer_is_known_however_it_is_typed(
    shipped: Knowledge, examples: tuple[Example, ...]
) -> None:
    answers = {entry.id for entry in shipped.entries}
    hidden = HiddenAnswers(shipped.entries, examples)
    for each in examples:
        if each.entry in answers:
            for typed in (each.text, f"  {each.text.upper()} !!"):
                found = hidden.asked(normalise(typed), "")
                assert found is not None, typed
                assert found.id == each.entry, typed


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.long)])
def test_what_is_hidden_takes_no_phrasing_of_another(
    shipped: Knowledge, examples: tuple[Example, ...], step: int
) -> None:
    """Each sixth answer is hidden in turn, before all phrasings; at length, each of them is."""
    typed = [(normalise(each.text), each) for each in examples]
    for entry in shipped.entries[::step]:
        hidden = HiddenAnswers([entry], examples)
        for text, each in typed:
            found = hidden.asked(text, each.text)
            assert found is None or each.entry == entry.id, each.text


def test_a_slip_is_forgiven_and_another_word_is_not(shipped: Knowledge) -> None:
    entries = shipped.hidden_entries
    hidden = HiddenAnswers(entries, examples_of(entries, (), ()))
    assert hidden.asked("un numero d ecoute pour les patron", "") is not None
    assert hidden.asked("un numero d ecole pour les gamins", "") is None
    assert HiddenAnswers().asked("un numero d ecoute pour les patrons", "") is None


@pytest.mark.parametrize(
    "question",
    [
        "Un numéro d'écoute pour les patrons",
        "Chef d'entreprise à bout : qui appeler",
        "Whom can a worn-out business owner talk to?",
    ],
)
def test_the_hidden_answer_that_ships_leads_to_what_it_refers_to(
    shipped: Knowledge, question: str
) -> None:
    decision = shipped.matcher.match(question)
    assert (decision.outcome, decision.shown) == (Outcome.NONE, ("entreprise-en-difficulte",))


def test_who_is_upset_is_answered_to_that(shipped: Knowledge) -> None:
    (entry,) = shipped.hidden_entries
    assert shipped.matcher.match(entry.question).shown == ("detresse",)
