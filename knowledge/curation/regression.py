"""Questions whose answer the facilitators know: which the matcher gets right, which go wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.files.items import items_of
from knowledge.files.yaml_reader import Document
from knowledge.matcher.matcher import Matcher, Outcome


@dataclass(frozen=True, slots=True)
class Expectation:
    """A question, the ids that are right as its answer (none: out of scope), its line (from 1)."""

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
    """Return what ``questions.yaml`` expects; what has the wrong shape is passed over."""
    return tuple(_expectations(document)) if document else ()


def _expectations(document: Document) -> Iterator[Expectation]:
    for item in items_of(document):
        question, listed = item.text("question"), item.raw.get("attendu")
        if item.list_key == "questions" and question and isinstance(listed, list):
            entries = tuple(entry for _, entry in item.texts("attendu"))
            yield Expectation(question, entries, item.place("question").line)


def verdicts(matcher: Matcher, expected: Iterable[Expectation]) -> tuple[Verdict, ...]:
    """Ask each question; some milliseconds each."""
    return tuple(_verdict(matcher, one) for one in expected)


def _verdict(matcher: Matcher, expected: Expectation) -> Verdict:
    decision = matcher.match(expected.question)
    right = _is_right(expected, decision.outcome, decision.shown)
    return Verdict(expected, right, decision.outcome, decision.shown)


def _is_right(expected: Expectation, outcome: Outcome, shown: tuple[str, ...]) -> bool:
    """Tell whether a right entry is answered or among the choices; nothing answered, out of scope.

    A choice with "none of these" is no answer: it says that the bot is not sure.
    """
    if not expected.entries:
        return outcome is not Outcome.ANSWER
    offered = outcome in {Outcome.ANSWER, Outcome.CHOICES}
    return offered and not set(expected.entries).isdisjoint(shown)


def regressions(before: Iterable[Verdict], after: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return those that were right and go wrong, as they are after; same question, same demand."""
    right = {_asked(one) for one in before if one.right}
    return tuple(one for one in after if not one.right and _asked(one) in right)


def _asked(verdict: Verdict) -> tuple[str, frozenset[str]]:
    return verdict.expectation.question, frozenset(verdict.expectation.entries)
