"""A list of communes with its dates: read from any file of the list, kept in the folder's own.

``territoires.csv`` in the knowledge folder begins with lines such as ``# liste du : 2024-07-04``.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from knowledge.atomic_write import replacing
from knowledge.files.problems import KnowledgeError, Place, Problem, Severity, problem
from knowledge.territories.csv_table import COLUMNS, LARGEST_BYTES, read_table
from knowledge.territories.towns import LOCAL, Row, Towns
from knowledge.territories.word_lists import town_words

TOWNS_FILE = "territoires.csv"
EXAMPLE_FILE = "fictifs/territoires.csv"
# A year: the perimeters change seldom, but communes merge every first of January.
OLD_DAYS = 365
_DATE_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_]?(\d\d)[-_]?(\d\d)(?!\d)")
_LISTED, _IMPORTED, _SOURCE, _EXAMPLE = "liste du", "import du", "fichier", "exemple"
# Facilitators' programs read it too: no secret is in it.
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class TownList:
    """The communes, the day of the list, the day of its import, and whether it is invented."""

    towns: Towns = field(default_factory=lambda: Towns(()), repr=False)
    listed_on: date | None = None
    imported_on: date | None = None
    source: str = ""
    is_example: bool = False

    def __bool__(self) -> bool:
        return len(self.towns) > 0

    def is_old_on(self, day: date) -> bool:
        """Tell whether the list is older than a year; its import counts if it has no date."""
        known = self.listed_on or self.imported_on
        return known is not None and (day - known).days > OLD_DAYS


@cache
def round_table() -> Towns:
    """Return the communes that the round table names: all that is sure without a list.

    Their codes are none of INSEE's.
    """
    names = town_words().round_table
    return Towns(Row(f"{LOCAL}{900 + i}", name, (), "", "") for i, name in enumerate(names))


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list that was read, the problems of its file, and its rows as they stand there."""

    list: TownList
    problems: tuple[Problem, ...]
    rows: tuple[Row, ...] = field(default=(), repr=False)


def towns_file(directory: Path, *, fictitious: bool) -> Path:
    """Return the list's file of a folder; the invented one serves where none was imported."""
    imported = directory / TOWNS_FILE
    return directory / EXAMPLE_FILE if fictitious and not imported.exists() else imported


def read_list(path: Path, shown: str = TOWNS_FILE) -> ReadList:
    """Read a folder's list; without a file, or with errors in it, the list is empty."""
    if not path.exists():
        return ReadList(TownList(), ())
    try:
        content = _content(path)
    except OSError:
        return ReadList(TownList(), (problem("missing_file", Place(shown)),))
    rows, problems = read_table(content, shown)
    if _errors(problems):
        return ReadList(TownList(), problems)
    said = _said(content)
    found = TownList(
        towns=Towns(rows),
        listed_on=_day(said.get(_LISTED, "")),
        imported_on=_day(said.get(_IMPORTED, "")),
        source=said.get(_SOURCE, ""),
        is_example=_EXAMPLE in said,
    )
    return ReadList(found, problems, rows)


def import_list(source: Path, directory: Path, *, today: date, listed_on: date | None) -> ReadList:
    """Put a list in the folder; ``listed_on`` goes before a date in the name of the file.

    Raises KnowledgeError with what is wrong, and OSError; the former list then stays.
    """
    rows, problems = read_table(_content(source), source.name)
    if errors := _errors(problems):
        raise KnowledgeError(errors)
    day = listed_on or date_in_name(source.name)
    found = TownList(Towns(rows), day, today, source.name)
    # A link of the folder stays one: what it leads to is replaced.
    with replacing((directory / TOWNS_FILE).resolve(), mode=_MODE) as file:
        file.write(_written(found, rows))
    return ReadList(found, problems, rows)


def aged(read: ReadList, today: date) -> tuple[Problem, ...]:
    """Return a warning about a list that is older than a year."""
    if not read.list.is_old_on(today):
        return ()
    day = read.list.listed_on or read.list.imported_on
    return (problem("towns_old", Place(TOWNS_FILE), day=day),)


def date_in_name(name: str) -> date | None:
    """Return the date in a name such as ``liste-ti-com2023-20240704.csv``."""
    for year, month, day in _DATE_IN_NAME.findall(name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def _content(path: Path) -> bytes:
    # One byte more than is allowed tells a file that is too large, however large it is.
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _errors(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(each for each in problems if each.severity is Severity.ERROR)


def _said(content: bytes) -> Mapping[str, str]:
    """Return what the lines before the table say."""
    said = {}
    for line in content.decode("utf-8-sig", "replace").splitlines():
        if not line.startswith("#"):
            break
        name, _, value = line.lstrip("# ").partition(":")
        said[name.strip()] = value.strip()
    return said


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _written(found: TownList, rows: tuple[Row, ...]) -> bytes:
    output = io.StringIO()
    facts = {_LISTED: found.listed_on, _IMPORTED: found.imported_on, _SOURCE: found.source}
    for name, value in facts.items():
        if value:
            # A name of a file may hold line breaks, which would begin the table too early.
            output.write(f"# {name} : {' '.join(str(value).split())}\n")
    table = csv.writer(output, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        codes = " ".join(f"{code:05}" for code in row.codes)
        table.writerow((row.insee, row.name, codes, row.territory_id, row.territory))
    return output.getvalue().encode("utf-8", "surrogateescape")
