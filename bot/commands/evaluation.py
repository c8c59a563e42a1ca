"""How right the matcher is on questions whose answer is known: ``python -m bot evaluate FILE``."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.messages import TEXT
from knowledge.matcher.matcher import Decision, Matcher, Outcome

OUT_OF_SCOPE = "-"
_WORST = 10
_PAGE = Path(__file__).with_suffix(".html")


class EvaluationFileError(ValueError):
    """A file of questions that cannot be used: the line, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question, the ids that are right as its answer (none: out of scope), and its style."""

    text: str
    expected: tuple[str, ...]
    style: str


@dataclass(frozen=True, slots=True)
class EvaluatedQuestion:
    """A question and what the matcher made of it."""

    question: LabelledQuestion
    decision: Decision

    @property
    def in_scope(self) -> bool:
        """Whether some entry answers it."""
        return bool(self.question.expected)

    @property
    def right_first(self) -> bool:
        """Whether the entry ranked first is right."""
        ranking = self.decision.ranking
        return bool(ranking) and ranking[0].id in self.question.expected

    @property
    def right_shown(self) -> bool:
        """Whether a right entry is among those shown."""
        shown = self.decision.outcome in {Outcome.ANSWER, Outcome.CHOICES}
        return shown and not set(self.question.expected).isdisjoint(self.decision.shown)

    @property
    def answered(self) -> bool:
        """Whether one entry was answered directly."""
        return self.decision.outcome is Outcome.ANSWER

    @property
    def wrong_direct(self) -> bool:
        """Whether a wrong entry was answered directly."""
        return self.answered and not self.right_shown


def read_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """Read lines ``{"q", "expect": [ids], "style"?}``; EvaluationFileError at the first bad one."""
    questions = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            questions.append(_question(line, number))
    return tuple(questions)


def _question(line: str, number: int) -> LabelledQuestion:
    try:
        raw = json.loads(line)
        text, expected, style = raw["q"], raw["expect"], raw.get("style", "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationFileError(number) from error
    if not isinstance(text, str) or not isinstance(expected, list):
        raise EvaluationFileError(number)
    return LabelledQuestion(text, tuple(map(str, expected)), str(style))


def evaluate(matcher: Matcher, questions: Iterable[LabelledQuestion]) -> dict[str, Any]:
    """Ask all questions; return shares (0 to 1), in all, by entry and by style, and confusions."""
    asked = [EvaluatedQuestion(question, matcher.match(question.text)) for question in questions]
    return {
        "all": figures(asked),
        "entries": _by(asked, lambda one: one.question.expected or (OUT_OF_SCOPE,)),
        "styles": _by(asked, lambda one: (one.question.style or OUT_OF_SCOPE,)),
        "confusions": list(_confusions(asked)),
        "matrix": _matrix(asked),
    }


def figures(asked: Sequence[EvaluatedQuestion]) -> dict[str, float | int | None]:
    """Return counts and shares; a share of nothing is None."""
    inside = [one for one in asked if one.in_scope]
    outside = [one for one in asked if not one.in_scope]
    return {
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "right_first": _share(one.right_first for one in inside),
        "right_shown": _share(one.right_shown for one in inside),
        "wrong_direct": _share(one.wrong_direct for one in inside),
        "answered": _share(one.answered for one in inside),
        "out_of_scope_answered": _share(one.answered for one in outside),
        "out_of_scope_choices": _share(one.decision.outcome is Outcome.CHOICES for one in outside),
    }


def _share(happened: Iterable[bool]) -> float | None:
    counted = list(happened)
    return round(sum(counted) / len(counted), 4) if counted else None


def _by(
    asked: Iterable[EvaluatedQuestion], keys_of: Callable[[EvaluatedQuestion], Iterable[str]]
) -> dict[str, dict[str, float | int | None]]:
    parts: dict[str, list[EvaluatedQuestion]] = defaultdict(list)
    for one in asked:
        for key in keys_of(one):
            parts[key].append(one)
    return {key: figures(part) for key, part in sorted(parts.items())}


def _confusions(asked: Sequence[EvaluatedQuestion]) -> Iterator[dict[str, Any]]:
    """Give the pairs most often confused, with the questions and the phrasings at fault."""
    wrong = [one for one in asked if _is_confused(one)]
    pairs = Counter(_pair(one) for one in wrong)
    for (expected, found), count in pairs.most_common(_WORST):
        cases = [one for one in wrong if _pair(one) == (expected, found)]
        yield {
            "expected": expected,
            "found": found,
            "count": count,
            "cases": [{"q": one.question.text, "most_like": one.decision.nearest} for one in cases],
        }


def _matrix(asked: Sequence[EvaluatedQuestion]) -> dict[str, Any]:
    """Return how often each entry (rows: the right one) was met by each (columns: shown first)."""
    met = Counter((_expected(one), _seen_first(one)) for one in asked)
    ids = sorted({name for pair in met for name in pair} - {OUT_OF_SCOPE})
    names = [*ids, OUT_OF_SCOPE]
    return {"names": names, "counts": [[met[row, column] for column in names] for row in names]}


def _expected(one: EvaluatedQuestion) -> str:
    return one.question.expected[0] if one.in_scope else OUT_OF_SCOPE


def _seen_first(one: EvaluatedQuestion) -> str:
    """Return the entry that the person sees first: a right one where choices hold it."""
    if one.decision.outcome not in {Outcome.ANSWER, Outcome.CHOICES}:
        return OUT_OF_SCOPE
    right = (name for name in one.question.expected if name in one.decision.shown)
    return next(right, one.decision.shown[0])


def _is_confused(one: EvaluatedQuestion) -> bool:
    return not one.right_first if one.in_scope else one.answered


def _pair(one: EvaluatedQuestion) -> tuple[str, str]:
    return _expected(one), one.decision.ranking[0].id if one.decision.ranking else OUT_OF_SCOPE


def in_words(report: dict[str, Any]) -> str:
    """Return a report for people."""
    return TEXT.label("evaluation", **report)


def as_page(report: dict[str, Any], title: str) -> str:
    """Return a report as an HTML page that needs no other file: figures, matrix, confusions."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE.parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(_PAGE.name).render(**report, title=title)
