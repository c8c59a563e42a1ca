"""The requests as CSV, as French spreadsheets open it: UTF-8 with a mark, and semicolons."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import IO

from bot.figures.cells import REQUEST_COLUMNS, Cell, heads

_MARK = "\ufeff"
_MOMENT = "%d/%m/%Y %H:%M"


class CsvTable:
    """A CSV file in progress: one line a request, without the histories."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._write([heads(REQUEST_COLUMNS)], before=_MARK)

    def add(self, requests: Sequence[list[Cell]], _events: Sequence[list[Cell]]) -> None:
        """Write some requests."""
        self._write([[_said(cell) for cell in row] for row in requests])

    def end(self) -> None:
        """End the file: there is nothing to add."""

    def _write(self, rows: Sequence[Sequence[str]], before: str = "") -> None:
        text = io.StringIO(newline="")
        text.write(before)
        csv.writer(text, delimiter=";").writerows(rows)
        self._file.write(text.getvalue().encode())


def _said(cell: Cell) -> str:
    return cell.strftime(_MOMENT) if isinstance(cell, datetime) else cell or ""
