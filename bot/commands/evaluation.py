"""``python -m bot evaluate FILE``: measures the matcher on questions with known answers."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.commands.labelled_questions import LabelledQuestion
from bot.messages import TEXT
from knowledge.matcher.matcher import FIND_PROJECTS, Decision, Matcher, Outcome

OUT_OF_SCOPE = "-"
_WORST = 10
_ANSWERED = frozenset({Outcome.ANSWER, Outcome.PROJECTS, Outcome.SEVERAL})
_PAGE = Path(__file__).with_suffix(".html")


@dataclass(frozen=True, slots=True)
class EvaluatedQuestion:
    """A question and the matcher's decision on it."""

    question: LabelledQuestion
    decision: Decision

    @property
    def in_scope(self) -> bool:
        """Whether some entry answers the question."""
        return bool(self.question.expected)

    @property
    def right_first(self) -> bool:
        """Whether the entry ranked first is right, or the act that it was taken for."""
        ranking = self.decision.ranking
        is_first = bool(ranking) and ranking[0].id in self.question.expected
        # An act that was expected has no rank among the entries.
        return is_first or (self.acted and self.right_shown)

    @property
    def right_shown(self) -> bool:
        """Whether a right entry is among those shown."""
        return not set(self.question.expected).isdisjoint(_shown(self.decision))

    @property
    def answered(self) -> bool:
        """Whether an answer was shown without a choice, and not as another service's."""
        return self.decision.outcome in _ANSWERED

    @property
    def referred(self) -> bool:
        """Whether another service was named."""
        return self.decision.outcome is Outcome.REFERRAL

    @property
    def acted(self) -> bool:
        """Whether it was taken for something that people want done."""
        return self.decision.outcome is Outcome.ACT

    @property
    def wrong_direct(self) -> bool:
        """Whether something wrong was shown without a choice: a referral or an act as well."""
        return (self.answered or self.referred or self.acted) and not self.right_shown


def evaluate(matcher: Matcher, questions: Iterable[LabelledQuestion]) -> dict[str, Any]:
    """Match all questions; return shares (0 to 1) in all, by entry and by style, and confusions."""
    asked = [EvaluatedQuestion(question, matcher.match(question.text)) for question in questions]
    return {
        "all": figures(asked),
        "entries": _by(asked, lambda case: case.question.expected or (OUT_OF_SCOPE,)),
        "styles": _by(asked, lambda case: (case.question.style or OUT_OF_SCOPE,)),
        "confusions": list(_confusions(asked)),
        "matrix": _matrix(asked),
        "answers": list(_answers(asked)),
    }


def figures(asked: Sequence[EvaluatedQuestion]) -> dict[str, float | int | None]:
    """Return counts and shares; a share of nothing is None."""
    inside = [case for case in asked if case.in_scope]
    outside = [case for case in asked if not case.in_scope]
    return {
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "right_first": _share(case.right_first for case in inside),
        "right_shown": _share(case.right_shown for case in inside),
        "wrong_direct": _share(case.wrong_direct for case in inside),
        "answered": _share(case.answered for case in inside),
        "out_of_scope_answered": _share(case.answered for case in outside),
        "out_of_scope_referred": _share(case.referred for case in outside),
        "out_of_scope_acts": _share(case.acted for case in outside),
        "out_of_scope_choices": _share(
            case.decision.outcome is Outcome.CHOICES for case in outside
        ),
    }


def _share(happened: Iterable[bool]) -> float | None:
    counted = list(happened)
    return round(sum(counted) / len(counted), 4) if counted else None


def _by(
    asked: Iterable[EvaluatedQuestion], keys_of: Callable[[EvaluatedQuestion], Iterable[str]]
) -> dict[str, dict[str, float | int | None]]:
    parts: dict[str, list[EvaluatedQuestion]] = defaultdict(list)
    for case in asked:
        for key in keys_of(case):
            parts[key].append(case)
    return {key: figures(part) for key, part in sorted(parts.items())}


def _confusions(asked: Sequence[EvaluatedQuestion]) -> Iterator[dict[str, Any]]:
    """Yield the pairs most often confused, with the questions and the phrasings at fault."""
    wrong = [case for case in asked if _is_confused(case)]
    pairs = Counter(_pair(case) for case in wrong)
    for (expected, first), count in pairs.most_common(_WORST):
        cases = [case for case in wrong if _pair(case) == (expected, first)]
        yield {
            "expected": expected,
            "found": first,
            "count": count,
            "cases": [_told(case) for case in cases],
        }


def _answers(asked: Sequence[EvaluatedQuestion]) -> Iterator[dict[str, Any]]:
    """Yield each right answer with the questions that missed it, by what they got; worst first."""
    parts: dict[str, list[EvaluatedQuestion]] = defaultdict(list)
    for case in asked:
        parts[_expected(case)].append(case)
    for name, cases in sorted(parts.items(), key=_worst_first):
        wrong = [case for case in cases if not _is_right(case)]
        seen = Counter(map(_seen_first, wrong))
        yield {
            "name": name,
            "count": len(cases),
            "right": len(cases) - len(wrong),
            "missed": [
                {
                    "found": found,
                    "count": count,
                    "cases": [_told(case) for case in wrong if _seen_first(case) == found],
                }
                for found, count in seen.most_common()
            ],
        }


def _worst_first(part: tuple[str, Sequence[EvaluatedQuestion]]) -> tuple[float, int, str]:
    name, cases = part
    wrong = sum(not _is_right(case) for case in cases)
    return -wrong / len(cases), -wrong, name


def _is_right(case: EvaluatedQuestion) -> bool:
    """Tell whether the right answer is shown, or nothing is answered that is out of scope."""
    return case.right_shown if case.in_scope else not (case.answered or case.acted)


def _told(case: EvaluatedQuestion) -> dict[str, Any]:
    return {"q": case.question.text, "most_like": case.decision.nearest}


def _matrix(asked: Sequence[EvaluatedQuestion]) -> dict[str, Any]:
    """Return the confusion matrix: a row for each right entry, a column for each shown first."""
    pairs = Counter((_expected(case), _seen_first(case)) for case in asked)
    ids = sorted({name for pair in pairs for name in pair} - {OUT_OF_SCOPE})
    names = [*ids, OUT_OF_SCOPE]
    return {"names": names, "counts": [[pairs[row, column] for column in names] for row in names]}


def _expected(case: EvaluatedQuestion) -> str:
    return case.question.expected[0] if case.in_scope else OUT_OF_SCOPE


def _seen_first(case: EvaluatedQuestion) -> str:
    """Return the entry that counts as shown first: a right one, if it is among those shown."""
    shown = _shown(case.decision)
    right = (name for name in case.question.expected if name in shown)
    return next(right, shown[0] if shown else OUT_OF_SCOPE)


def _shown(decision: Decision) -> tuple[str, ...]:
    """Return the ids that are shown; projects are what the entry on projects leads to."""
    return (FIND_PROJECTS,) if decision.outcome is Outcome.PROJECTS else decision.shown


def _is_confused(case: EvaluatedQuestion) -> bool:
    return not case.right_first if case.in_scope else case.answered


def _pair(case: EvaluatedQuestion) -> tuple[str, str]:
    return _expected(case), case.decision.ranking[0].id if case.decision.ranking else OUT_OF_SCOPE


def in_words(report: dict[str, Any]) -> str:
    """Return a report in French."""
    return TEXT.label("evaluation", **report)


def as_page(report: dict[str, Any], title: str) -> str:
    """Return a report as one HTML page: figures, then each right answer, the worst first."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE.parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(_PAGE.name).render(**report, title=title)
