"""The requests as a workbook (XLSX): a sheet of them, one of their histories, one to read first.

XlsxWriter keeps one row in memory and the others on the disk (`constant_memory`).
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bot.figures.cells import EVENT_COLUMNS, REQUEST_COLUMNS, Cell, heads
from handlers.administration import in_french
from handlers.messages import Catalogue
from storage.records.days import Days

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it has no types
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]  # as above

TEXT = Catalogue.of("figures")
_MOMENT = "dd/mm/yyyy hh:mm"
# Characters; columns that are not named here are as wide as a date.
_WIDTHS = {
    "number": 14,
    "kind": 28,
    "project_title": 40,
    "project_lead": 28,
    "company": 28,
    "contact_name": 24,
    "contact": 30,
    "contact_note": 30,
    "message": 60,
    "owner_name": 20,
    "reason": 20,
    "helped": 36,
    "status": 22,
    "event": 24,
    "actor": 20,
    "note": 60,
    "changes": 60,
}
_DATE_WIDTH, _ABOUT_WIDTH = 17, 110


class RequestWorkbook:
    """A workbook in progress. All of it is for threads: it writes to the disk."""

    def __init__(self, file: IO[bytes], folder: Path, days: Days, now: datetime) -> None:
        """Begin a workbook in ``file``; ``folder`` takes what is written meanwhile."""
        # Imported here: only an export needs it.
        from xlsxwriter import Workbook as Book  # noqa: PLC0415

        self._book: Workbook = Book(
            file,
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                # What people typed is text, whatever it looks like.
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._moment = self._book.add_format({"num_format": _MOMENT, "valign": "top"})
        self._text = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._head = self._book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self._requests = _Sheet(self, "sheet_requests", REQUEST_COLUMNS)
        self._events = _Sheet(self, "sheet_history", EVENT_COLUMNS)
        self._explain(days, now)

    def add(self, requests: Sequence[list[Cell]], events: Sequence[list[Cell]]) -> None:
        """Write some requests and their histories."""
        self._requests.add(requests)
        self._events.add(events)

    def end(self) -> None:
        """Write the workbook into its file; OSError where the disk does not take it."""
        from xlsxwriter.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
            FileCreateError,
        )

        self._requests.end()
        self._events.end()
        is_written = False
        with suppress(FileCreateError):
            self._book.close()
            is_written = True
        # Outside the block: the error holds on to an archive that writes its end when it is freed,
        # which must not be after the file was closed.
        if not is_written:
            raise OSError("the workbook cannot be written")

    def let_go(self) -> None:
        """Close what is still open of a workbook that was not ended."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()

    def sheet(self, name: str) -> "Worksheet":
        """Return a new sheet of this name."""
        return self._book.add_worksheet(TEXT.label(name))

    def write_heads(self, sheet: "Worksheet", words: Sequence[str]) -> None:
        """Write the first row of a sheet."""
        for column, word in enumerate(words):
            sheet.write_string(0, column, word, self._head)

    def write_row(self, sheet: "Worksheet", row: int, cells: Sequence[Cell]) -> None:
        """Write a row, each cell by its type."""
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime):
                sheet.write_datetime(row, column, cell, self._moment)
            elif cell is not None:
                sheet.write_string(row, column, cell, self._text)

    def _explain(self, days: Days, now: datetime) -> None:
        sheet = self.sheet("sheet_about")
        sheet.set_column(0, 0, _ABOUT_WIDTH)
        lines = TEXT.label("about_lines", days=days, now=now, french=in_french).splitlines()
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line, self._head if row == 0 else self._text)


class _Sheet:
    """A sheet of one kind of rows: its heads stay in sight, and each column has a filter."""

    def __init__(self, book: RequestWorkbook, name: str, columns: tuple[str, ...]) -> None:
        self._book, self._columns = book, columns
        self._sheet = book.sheet(name)
        self._next = 1
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, _WIDTHS.get(column, _DATE_WIDTH))
        self._sheet.freeze_panes(1, 1)
        book.write_heads(self._sheet, heads(columns))

    def add(self, rows: Sequence[list[Cell]]) -> None:
        for cells in rows:
            self._book.write_row(self._sheet, self._next, cells)
            self._next += 1

    def end(self) -> None:
        self._sheet.autofilter(0, 0, max(1, self._next - 1), len(self._columns) - 1)
