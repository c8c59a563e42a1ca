"""Problems of the files, worded so that a facilitator can mend them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_CATALOGUE = Path(__file__).with_suffix(".yaml")
_WARNINGS = frozenset(
    {
        "repeated_phrasing",
        "near_phrasing",
        "taken_phrasing",
        "aged_example",
        "passed_date",
        "passed_deadline",
        "soon_date",
        "soon_deadline",
        "future_check",
        "future_publication",
        "far_date",
        "near_place",
        "same_code",
        "stray_file",
        "broken_accent",
        "folded",
        "dashes_note",
        "joined_line",
        "note_behind",
        "missing_bar",
        "exchanged",
        "not_english",
        "repeated_value",
        "several_names",
        "postal_code",
        "copied_text",
        "asked_twice",
        "to_fill",
        "left_to_write",
        "too_many_remarks",
        "table_in_text",
        "shown_tag",
        "quotes_around",
        "no_lead",
        "blank_lead",
        "lead_among_needs",
        "draft",
        "many_words",
        "no_english",
        "acronym",
        "unknown_expected",
        "gone_expected",
        "idle_question",
        "wrong_question",
        "towns_old",
    }
)


# What these tell of a text is told again, in other words, by the check of Telegram's markup.
_OF_MARKUP = frozenset({"entity", "line_tag", "markdown"})
# Values of a message that change while its problem stays the same: where the other phrasing stands,
# what the bot gives instead.
_PASSING = ("other_file", "other_line", "found")


class Severity(StrEnum):
    """An error keeps the files from being used; a warning does not."""

    ERROR = "erreur"
    WARNING = "avertissement"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the files: the line counts from 1, ``where`` describes it in French.

    ``entry`` is the id of the entry, project or act around it; empty without an id.
    """

    file: str
    line: int = 1
    where: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the file, the line (from 1), the place, what is wrong, what to do.

    ``sameness`` is equal for the same problem in another state of the files, wherever it moved.
    """

    file: str
    line: int
    where: str
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    code: str = ""
    entry: str = ""
    sameness: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        """Return the problem as one line of French."""
        place = f", {self.where}" if self.where else ""
        line: str = _texts()["line"]
        return line.format(
            file=self.file,
            line=self.line,
            place=place,
            severity=self.severity.value,
            message=self.message,
            remedy=self.remedy,
        )


class KnowledgeError(Exception):
    """Raised for files that cannot be used; lists everything that is wrong with them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def problem(code: str, at: Place, **values: object) -> Problem:
    """Return the problem of a code, worded by ``problems.yaml``."""
    texts = _texts()[code]
    message, remedy = (texts[part].format(**values) for part in ("message", "remede"))
    severity = Severity.WARNING if code in _WARNINGS else Severity.ERROR
    same = (at.file, at.entry, _lasting(texts["message"], values))
    return Problem(at.file, at.line, at.where, message, remedy, severity, code, at.entry, same)


def _lasting(message: str, values: Mapping[str, object]) -> str:
    passing: dict[str, object] = dict.fromkeys(_PASSING, "")
    return message.format(**{**values, **passing})


def standing(problems: Iterable[Problem], before: Iterable[Problem]) -> list[Problem]:
    """Return the problems that there were before too, as often as there were."""
    left = Counter(each.sameness for each in before)
    stood = []
    for each in problems:
        if left[each.sameness]:
            left[each.sameness] -= 1
            stood.append(each)
    return stood


def beyond(known: Iterable[Problem], more: Iterable[Problem]) -> list[Problem]:
    """Return problems and those of ``more`` that do not come of the same mistake.

    A mistake spoils the line, or the value, that it stands in: what else is found there may be no
    more than a consequence, and is told once the first is mended.
    """
    problems = list(known)
    errors = [each for each in problems if each.severity is Severity.ERROR]
    lines = {(each.file, each.line) for each in errors}
    values = {(each.file, each.where) for each in errors if each.code in _OF_MARKUP}
    rest = (
        each
        for each in more
        if (each.file, each.line) not in lines and (each.file, each.where) not in values
    )
    return [*problems, *rest]


def place(kind: str, /, **values: object) -> str:
    """Return the French description of a place in a file."""
    text: str = _texts()["places"][kind]
    return text.format(**values)


def words(name: str) -> Any:  # noqa: ANN401 - a text, or texts by name
    """Return another part of the catalogue by its name."""
    return _texts()[name]


@cache
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = yaml.safe_load(_CATALOGUE.read_text("utf-8"))
    return texts
