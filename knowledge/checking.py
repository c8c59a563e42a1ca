"""Everything wrong with a folder, at once: what keeps it from use, and what will soon."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.loading import FICTITIOUS, read_files
from knowledge.model import Stage
from knowledge.problems import Problem, Severity, problem
from knowledge.rules import check_rules
from knowledge.shape import place_of
from knowledge.yaml_files import Document, Location


def check(directory: Path, *, today: date) -> tuple[Problem, ...]:
    """Return the problems of a folder, in the order of its files and lines."""
    fictitious = (directory / FICTITIOUS).exists()
    files = read_files(directory, fictitious=fictitious)
    problems = list(files.problems)
    wrong = {found.file for found in problems}
    right = {name: document for name, document in files.documents.items() if name not in wrong}
    problems += check_rules(right)
    for document in right.values():
        problems += _dates(document, today)
    return tuple(sorted(problems, key=lambda found: (found.file, found.line, found.message)))


def _dates(document: Document, today: date) -> Iterator[Problem]:
    """Warn of what is past, and of projects under way that nobody leads."""
    for key in ("entrees", "projets"):
        items = document.data.get(key, [])
        for index, item in enumerate(items):
            at: Location = (key, index)
            valid = item.get("valable_jusqu_au")
            if valid is not None and valid < today:
                yield _warning("passed_date", document, (*at, "valable_jusqu_au"), value=valid)
            checked = item.get("verifie_le")
            if checked is not None and checked > today:
                yield _warning("future_check", document, (*at, "verifie_le"), value=checked)
            if key == "projets" and document.file != FICTITIOUS:
                yield from _project(document, at, item, today)


def _project(
    document: Document, at: Location, item: dict[str, object], today: date
) -> Iterator[Problem]:
    if item["etape"] == Stage.CLOSED or item.get("retire_le"):
        return
    deadline = item.get("date_limite")
    if isinstance(deadline, date) and deadline < today:
        yield _warning("passed_deadline", document, (*at, "date_limite"), value=deadline)
    if item["chef_de_file"] is None and item["etape"] != Stage.IDEA:
        yield _warning("no_lead", document, (*at, "chef_de_file"), stage=item["etape"])


def _warning(code: str, document: Document, at: Location, **values: object) -> Problem:
    return problem(code, place_of(document, at), severity=Severity.WARNING, **values)
