"""The facilitators' own questions: right or wrong, and what goes wrong after a change."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

import knowledge
from knowledge.curation.regression import Expectation, Verdict, expectations, regressions, verdicts
from knowledge.files.yaml_reader import parse, read
from knowledge.knowledge import Knowledge
from knowledge.loading import QUESTIONS
from knowledge.matcher.matcher import FIND_PROJECTS, Decision, Matcher, Outcome
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent


class Said:
    """Stands where a matcher does, with decisions laid down."""

    def __init__(self, decisions: Mapping[str, tuple[Outcome, tuple[str, ...]]]) -> None:
        self._decisions = decisions

    def match(self, question: str) -> Decision:
        outcome, shown = self._decisions[question]
        return Decision(outcome, shown, ())


@pytest.mark.parametrize(
    ("entries", "outcome", "shown", "right"),
    [
        (("a",), Outcome.ANSWER, ("a",), True),
        (("a", "b"), Outcome.ANSWER, ("b",), True),
        (("a",), Outcome.ANSWER, ("b",), False),
        (("a",), Outcome.CHOICES, ("b", "c", "a"), True),
        (("a",), Outcome.CHOICES, ("b", "c"), False),
        (("a",), Outcome.NONE, (), False),
        (("bonjour",), Outcome.ACT, ("bonjour",), True),
        (("a",), Outcome.ACT, ("bonjour",), False),
        (("a",), Outcome.REFERRAL, ("a",), True),
        (("a", "b"), Outcome.SEVERAL, ("c", "b"), True),
        ((FIND_PROJECTS,), Outcome.PROJECTS, (), True),
        (("a",), Outcome.PROJECTS, (), False),
        ((), Outcome.ANSWER, ("a",), False),
        ((), Outcome.CHOICES, ("a", "b"), True),
        ((), Outcome.NONE, (), True),
        ((), Outcome.ACT, ("bonjour",), True),
        ((), Outcome.REFERRAL, ("a",), True),
        ((), Outcome.PROJECTS, (), False),
        ((), Outcome.SEVERAL, ("a", "b"), False),
    ],
)
def test_right_is_a_right_entry_shown_or_nothing_answered_out_of_scope(
    entries: tuple[str, ...], outcome: Outcome, shown: tuple[str, ...], *, right: bool
) -> None:
    matcher = cast("Matcher", Said({"q": (outcome, shown)}))
    (verdict,) = verdicts(matcher, [Expectation("q", entries, 3)])
    assert (verdict.right, verdict.outcome, verdict.shown) == (right, outcome, shown)


def verdict(question: str, *, right: bool, entries: tuple[str, ...] = ("a",)) -> Verdict:
    """Return a verdict."""
    return Verdict(Expectation(question, entries, 1), right, Outcome.ANSWER, ("a",))


def test_a_regression_was_right_and_goes_wrong() -> None:
    before = [verdict("1", right=True), verdict("2", right=True), verdict("3", right=False)]
    after = [verdict("1", right=True), verdict("2", right=False), verdict("3", right=False)]
    assert regressions(before, after) == (after[1],)
    assert regressions(before, [verdict("4", right=False)]) == ()
    # The demand changed: there is nothing to compare.
    assert regressions(before, [verdict("1", right=False, entries=("b",))]) == ()


def test_expectations_have_their_lines_and_pass_over_what_is_no_question() -> None:
    text = (
        "# note\nquestions:\n  - question: a\n    attendu: [x]\n  - rien\n  - question: b\n"
        "  - {question: c, attendu: []}\n"
    )
    document, _ = parse(text.encode(), QUESTIONS)
    assert expectations(document) == (Expectation("a", ("x",), 3), Expectation("c", (), 7))
    assert expectations(None) == ()


def test_the_shipped_questions_are_new_to_the_matcher_and_right_by_letters_nearly_all(
    shipped: Knowledge,
) -> None:
    document, problems = read(SHIPPED / QUESTIONS, QUESTIONS)
    assert problems == ()
    expected = expectations(document)
    assert {entry for one in expected for entry in one.entries} >= {
        entry.id for entry in shipped.entries if not entry.service
    }
    phrasings = {normalise(text) for entry in shipped.entries for text in entry.phrasings}
    assert not phrasings & {normalise(one.question) for one in expected}
    # With the encoder all are: the command line's test runs it.
    right = [one.right for one in verdicts(shipped.matcher, expected)]
    assert sum(right) >= 0.9 * len(right)
