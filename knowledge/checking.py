"""Everything wrong with a folder, at once: what keeps it from use, and what will soon."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.items import Item, items_of
from knowledge.loading import FICTITIOUS, read_files
from knowledge.model import Stage
from knowledge.problems import Problem, problem


def check(directory: Path, *, today: date, fictitious: bool = True) -> tuple[Problem, ...]:
    """Return the problems of a folder, in the order of its files and lines.

    ``fictitious`` has the invented projects checked as well, where the folder has some.
    """
    fictitious = fictitious and (directory / FICTITIOUS).exists()
    files = read_files(directory, fictitious=fictitious)
    problems = list(files.problems)
    for document in files.documents.values():
        for item in items_of(document):
            problems += _dates(item, today)
            # The invented projects show every state on purpose.
            if item.list_key == "projets" and document.file != FICTITIOUS:
                problems += _project(item, today)
    return tuple(sorted(problems, key=lambda found: (found.file, found.line, found.message)))


def _dates(item: Item, today: date) -> Iterator[Problem]:
    valid, verified = item.day("valable_jusqu_au"), item.day("verifie_le")
    if valid is not None and valid < today:
        yield problem("passed_date", item.place("valable_jusqu_au"), value=valid)
    if verified is not None and verified > today:
        yield problem("future_check", item.place("verifie_le"), value=verified)


def _project(item: Item, today: date) -> Iterator[Problem]:
    """Warn of a passed deadline, and of a project under way that nobody leads."""
    stage, deadline = item.text("etape"), item.day("date_limite")
    if stage == Stage.CLOSED or item.text("retire_le"):
        return
    if deadline is not None and deadline < today:
        yield problem("passed_deadline", item.place("date_limite"), value=deadline)
    nobody = "chef_de_file" in item.raw and item.raw["chef_de_file"] is None
    if nobody and stage in {Stage.SETUP, Stage.RUNNING}:
        yield problem("no_lead", item.place("chef_de_file"), stage=stage)
