"""The files of an export: what a spreadsheet reads in them, and what is left of them."""

import csv
import io
import os
import shutil
import subprocess
import tempfile
import time
import tracemalloc
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from dialogue import tune
from openpyxl import load_workbook
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    Clock,
    administrator,
    database_url,
    migrated_database,
    new_interest,
    person,
    stopped_clock,
)

from bot.figures.cells import (
    EVENT_COLUMNS,
    REQUEST_COLUMNS,
    event_cells,
    heads,
    request_cells,
)
from bot.figures.export import ExportWanted, exported
from handlers.messages import Catalogue
from storage.database import Database
from storage.queues.outbox import Making
from storage.records.days import Days
from storage.records.interest_values import Role
from storage.records.interests import EventKind, Particulars
from storage.records.lifecycle import Ending, Party, Status

DAYS = Days(date(2026, 3, 1), date(2026, 4, 1))
NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
SOFFICE = shutil.which("soffice")
DANGEROUS = ("=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1")


def wanted(making: Making, largest: int = 45_000_000) -> ExportWanted:
    return ExportWanted(making, DAYS, NOW, largest)


async def fill(database: Database, count: int = 1, **values: Any) -> None:
    """Make requests of as many people; the first is taken, with a note."""
    for number in range(count):
        someone = await person(database, 100 + number)
        async with database.begin() as work:
            made = await work.interests.register(someone, new_interest(**values))
            if number == 0:
                act = administrator("=Ada")
                note = Particulars(note="=HYPERLINK(1)")
                await work.interests.move(made.interest.id, EventKind.TAKE, act, note)


def lines(file: IO[bytes]) -> list[list[str]]:
    text = file.read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


@pytest.mark.parametrize("text", DANGEROUS)
async def test_what_a_spreadsheet_would_run_is_text_in_both(database: Database, text: str) -> None:
    await fill(database, company=text, message=text, contact=text)
    with ExitStack() as files:
        (table,) = await exported(database, files, wanted(Making.CSV))
        row = dict(zip(*lines(table), strict=True))
        assert [row[name] for name in ("Entreprise", "Message", "Coordonnées")] == [f"'{text}"] * 3
        (book,) = await exported(database, files, wanted(Making.WORKBOOK))
        sheets = load_workbook(book)
        for sheet in sheets:
            for line in sheet.iter_rows():
                for cell in line:
                    assert cell.data_type != "f", cell.value
                    assert cell.hyperlink is None
                    assert str(cell.value or " ")[0] not in "=+-@\t\r"


@ON_SQLITE
async def test_the_workbook_is_ready_to_work_with(database: Database, clock: Clock) -> None:
    await fill(
        database, 3, message="\u00c9t\u00e9, 1 < 2 & \U0001f600\n2e ligne", siret="00012345600074"
    )
    with ExitStack() as files:
        (file,) = await exported(database, files, wanted(Making.WORKBOOK))
        book = load_workbook(file)
    requests, history, about = book
    assert [sheet.title for sheet in book] == ["Demandes", "Historique", "\u00c0 lire"]
    assert (requests.freeze_panes, history.freeze_panes) == ("B2", "B2")
    assert requests.auto_filter.ref == "A1:V4"
    assert history.auto_filter.ref == "A1:J5"
    told = dict(
        zip((cell.value for cell in requests[1]), (cell for cell in requests[2]), strict=True)
    )
    # Paris is an hour ahead of UTC in March.
    assert told["Reçue le"].value == clock.now.replace(hour=10, tzinfo=None)
    assert told["Reçue le"].number_format == "dd/mm/yyyy hh:mm"
    # A number that begins with zeros is no number.
    assert told["SIRET"].value == "00012345600074"
    assert told["Message"].value == "\u00c9t\u00e9, 1 < 2 & \U0001f600\n2e ligne"
    assert requests.column_dimensions["N"].width > 50
    assert [cell.value for cell in history[3]][6:9] == ["équipe", "'=Ada", "'=HYPERLINK(1)"]
    assert "apostrophe" in str([line[0].value for line in about.iter_rows()])


async def test_only_requests_of_the_period_are_in_it(database: Database, clock: Clock) -> None:
    clock.now = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)
    await fill(database, project_id="before")
    clock.now = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    await fill(database, project_id="within")
    with ExitStack() as files:
        (table,) = await exported(database, files, wanted(Making.CSV))
        _, row = lines(table)
    assert "The project within" in row


@ON_SQLITE
@pytest.mark.parametrize("making", [Making.CSV, Making.WORKBOOK])
async def test_where_contacts_are_told_in_private_no_file_has_one(
    database: Database, making: Making
) -> None:
    await fill(database)
    with ExitStack() as files:
        quiet = replace(wanted(making), contacts=False)
        (file,) = await exported(database, files, quiet)
        if making is Making.CSV:
            told = str(lines(file))
        else:
            sheets = load_workbook(file)
            told = str([[cell.value for cell in line] for sheet in sheets for line in sheet])
    assert "Chaudronnerie Martin" in told
    for private in ("jeanne@", "Jeanne", "732829320", "bench", "HYPERLINK"):
        assert private not in told


async def test_nothing_makes_no_file(database: Database) -> None:
    with ExitStack() as files:
        assert await exported(database, files, wanted(Making.WORKBOOK)) == []


@ON_SQLITE
@pytest.mark.parametrize("making", [Making.CSV, Making.WORKBOOK])
async def test_what_is_too_large_is_divided(
    database: Database, making: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.records.request_pages.AT_ONCE", 2)
    await fill(database, 5, message="x" * 3000)
    with ExitStack() as files:
        parts = await exported(database, files, wanted(making, largest=40_000))
        assert len(parts) == 3
        if making is Making.CSV:
            numbers = [row[0] for part in parts for row in lines(part)[1:]]
        else:
            numbers = [
                str(row[0].value)
                for part in parts
                for row in load_workbook(part)["Demandes"].iter_rows(min_row=2)
            ]
    assert numbers == [f"TI-2026-{number:04d}" for number in range(1, 6)]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@ON_SQLITE
@pytest.mark.parametrize("making", [Making.CSV, Making.WORKBOOK])
async def test_nothing_is_left_on_the_disk(
    database: Database, making: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is sent or fails, of what was killed too."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    tune(monkeypatch, "bot.figures.export", IN_MEMORY_BYTES=100)
    await fill(database, 3, message="x" * 3000)
    with ExitStack() as files:
        await exported(database, files, wanted(making))
        # Of what is sent, nobody else can open anything.
        assert [name for name in left(folder) if not name.startswith("ti-export-")] == []
        private = [path.stat().st_mode & 0o077 for path in folder.glob("ti-export-*")]
        assert not any(private)
    assert left(folder) == []
    monkeypatch.setattr("bot.figures.workbook.RequestWorkbook.end", _fails)
    monkeypatch.setattr("bot.figures.csv_table.CsvTable.end", _fails)
    with ExitStack() as files, pytest.raises(OSError, match="full"):
        await exported(database, files, wanted(making))
    assert left(folder) == []


@ON_SQLITE
async def test_a_full_disk_is_an_error_of_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender then tries again later; XlsxWriter has an error of its own for it."""
    await fill(database)

    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(28, "the disk is full")

    monkeypatch.setattr("xlsxwriter.packager.Packager._create_package", refuse)
    with ExitStack() as files, pytest.raises(OSError, match="cannot be written"):
        await exported(database, files, wanted(Making.WORKBOOK))


def _fails(_table: object) -> None:
    raise OSError(28, "the disk is full")


@ON_SQLITE
async def test_what_a_killed_process_left_goes_with_the_next_export(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, recent = tmp_path / "ti-export-old", tmp_path / "ti-export-recent"
    for folder in (old, recent):
        folder.mkdir()
        (folder / "rows").write_text("x")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    await fill(database)
    with ExitStack() as files:
        await exported(database, files, wanted(Making.WORKBOOK))
    assert not old.exists()
    # Another worker may be at it.
    assert recent.exists()


@pytest.mark.long
@ON_SQLITE
@pytest.mark.parametrize("making", [Making.CSV, Making.WORKBOOK])
async def test_the_memory_does_not_grow_with_the_requests(
    database: Database, making: Making
) -> None:
    peaks = []
    for count in (300, 2400):
        await fill(database, count, message="é" * 2000, project_id=f"p{count}")
        tracemalloc.start()
        with ExitStack() as files:
            await exported(database, files, wanted(making))
            peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5, peaks


@pytest.mark.long
@pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice on this machine: `soffice` in PATH")
@ON_SQLITE
async def test_libreoffice_reads_the_workbook(database: Database, tmp_path: Path) -> None:
    """Accents, dates and what looks like a formula, as another program reads them."""
    await fill(database, 2, company="Mécanique d'Été", message="=1+1", contact="+33 6 12")
    with ExitStack() as files:
        (file,) = await exported(database, files, wanted(Making.WORKBOOK))
        (tmp_path / "demandes.xlsx").write_bytes(file.read())
    command = [str(SOFFICE), "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
    command += ["--convert-to", "fods", "--outdir", str(tmp_path), str(tmp_path / "demandes.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: ASYNC221, S603
    read = (tmp_path / "demandes.fods").read_text("utf-8")
    assert 'office:date-value="2026-03-02T10:00:00"' in read
    assert "Mécanique d\u2019Été" in read.replace("&apos;", "\u2019").replace("'", "\u2019")
    assert "table:formula" not in read
    # A filter on each sheet with rows.
    assert read.count('table:display-filter-buttons="true"') == 2


def test_each_of_our_words_has_its_french() -> None:
    """Whatever a request or an event may be: nobody reads our English in a cell."""
    names = Catalogue.of("figures").names
    wanted_names = {f"value_state_{one}" for one in Status}
    wanted_names |= {f"picture_state_{one}" for one in Status}
    wanted_names |= {f"value_kind_{one}" for one in Role}
    wanted_names |= {f"value_outcome_{one}" for one in Ending}
    wanted_names |= {f"value_state_closed_{one}" for one in Ending}
    wanted_names |= {f"cell_event_{one}" for one in EventKind}
    wanted_names |= {f"cell_side_{one}" for one in Party}
    assert wanted_names <= names


def test_a_word_of_another_version_stands_as_it_is() -> None:
    request = dict.fromkeys((*REQUEST_COLUMNS, "project_id"), None) | {
        "person_id": 1,
        "status": "melted",
        "role": "bard",
    }
    cells = dict(zip(REQUEST_COLUMNS, request_cells(request), strict=True))
    assert (cells["status"], cells["role"], cells["kind"]) == ("melted", "bard", "bard")
    assert len(heads(REQUEST_COLUMNS)) == len(cells)
    event = dict.fromkeys(("at", "actor_name", "note")) | {
        "number": "TI-2026-0001",
        "kind": "changed",
        "status": "received",
        "side": "firm",
        "changes": [["company", "A", None], ["shoe", None, "B"], ["role", "learn", "bard"]],
    }
    told = dict(zip(EVENT_COLUMNS, event_cells(event), strict=True))
    assert told["changes"] == (
        "Entreprise : A \u2192 \u2013; shoe : \u2013 \u2192 B; Souhait : en savoir plus \u2192 bard"
    )
    ended = event | {"kind": "close", "changes": [["outcome", None, "success"]]}
    told = dict(zip(EVENT_COLUMNS, event_cells(ended), strict=True))
    assert (told["outcome"], told["reason"], told["changes"]) == ("a abouti", None, None)
