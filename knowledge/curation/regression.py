"""Control questions: those that the matcher gets right, and those that a change breaks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.files.items import items_of
from knowledge.files.yaml_reader import Document
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import FIND_PROJECTS, Matcher, Outcome


@dataclass(frozen=True, slots=True)
class Expectation:
    """A question, the ids of its right entries or acts (none: out of scope), its line (from 1)."""

    question: str
    entries: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A question, whether the matcher got it right, and what it showed."""

    expectation: Expectation
    right: bool
    outcome: Outcome
    shown: tuple[str, ...]


def expectations(document: Document | None) -> tuple[Expectation, ...]:
    """Return the expectations of ``questions.yaml``; values of the wrong shape are skipped."""
    return tuple(_expectations(document)) if document else ()


def _expectations(document: Document) -> Iterator[Expectation]:
    for item in items_of(document):
        question, listed = item.text("question"), item.raw.get("attendu")
        if item.list_key == "questions" and question and isinstance(listed, list):
            entries = tuple(entry for _, entry in item.texts("attendu"))
            yield Expectation(question, entries, item.place("question").line)


def without_hidden(asked: Iterable[Verdict], knowledge: Knowledge) -> tuple[Verdict, ...]:
    """Leave out the questions that expect an answer which is hidden."""
    hidden = {entry.id for entry in knowledge.hidden_entries}
    return tuple(each for each in asked if hidden.isdisjoint(each.expectation.entries))


def in_common(asked: Iterable[Verdict], expected: Iterable[Expectation]) -> tuple[Verdict, ...]:
    """Leave out the verdicts on what is not expected there."""
    keys = set(map(_key, expected))
    return tuple(verdict for verdict in asked if _key(verdict.expectation) in keys)


def verdicts(matcher: Matcher, expected: Iterable[Expectation]) -> tuple[Verdict, ...]:
    """Match each question; takes some milliseconds a question."""
    return tuple(_verdict(matcher, expectation) for expectation in expected)


def _verdict(matcher: Matcher, expected: Expectation) -> Verdict:
    decision = matcher.match(expected.question)
    right = _is_right(expected, decision.outcome, decision.shown)
    return Verdict(expected, right, decision.outcome, decision.shown)


def _is_right(expected: Expectation, outcome: Outcome, shown: tuple[str, ...]) -> bool:
    """Tell whether a right entry or act is shown, alone or among others.

    An out-of-scope question must not be answered; choices are right for it, because they include
    "none of these", and so is the other service that a referral leads to.
    """
    if not expected.entries:
        return outcome not in {Outcome.ANSWER, Outcome.PROJECTS, Outcome.SEVERAL}
    found = {*shown, FIND_PROJECTS} if outcome is Outcome.PROJECTS else set(shown)
    return outcome is not Outcome.NONE and not found.isdisjoint(expected.entries)


def regressions(before: Iterable[Verdict], after: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts that are wrong after, and were right before for the same expectation."""
    right = {_key(verdict.expectation) for verdict in before if verdict.right}
    wrong = (verdict for verdict in after if not verdict.right)
    return tuple(verdict for verdict in wrong if _key(verdict.expectation) in right)


def _key(expected: Expectation) -> tuple[str, frozenset[str]]:
    return expected.question, frozenset(expected.entries)
