"""The requests of a period as files: read a page at a time, and written to the disk at once."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from bot.figures.cells import Cell, event_cells, request_cells, size_of
from bot.figures.csv_table import CsvTable
from bot.figures.workbook import RequestWorkbook
from storage.database import Database
from storage.queues.outbox import Making
from storage.records.days import Days

# A workbook in progress is in files with names, which its maker cannot do without: they are in a
# folder of the process's user alone, and those of a process that was killed go with the next one.
_FOLDER = "ti-export-"
_FORGOTTEN_SECONDS = 3600
# Larger than this, a file is written to the disk.
_IN_MEMORY_BYTES = 256 * 1024


class TableFile(Protocol):
    """A file in progress."""

    def add(self, requests: Sequence[list[Cell]], events: Sequence[list[Cell]]) -> None:
        """Write some rows, for a thread."""

    def end(self) -> None:
        """Write what ends the file, for a thread."""


@dataclass(frozen=True, slots=True)
class ExportWanted:
    """What is to be made: a workbook or CSV, of which days, when, and how large at most (bytes).

    Without ``contacts``, the cells that tell or may tell one are empty.
    """

    making: Making
    days: Days
    now: datetime
    largest: int
    contacts: bool = True


async def exported(database: Database, files: ExitStack, wanted: ExportWanted) -> list[IO[bytes]]:
    """Return the requests of a period in as many files as it needs, at their start.

    The files have no name and are closed by ``files``. OSError where the disk is full.
    """
    parts = _Files(files, wanted)
    size = 0
    async for requests, events in _pages(database, wanted):
        size += sum(map(size_of, [*requests, *events]))
        # Counted uncompressed: no file is larger, and a usual one is ten times smaller.
        if parts.table is None or size > wanted.largest:
            size = sum(map(size_of, [*requests, *events]))
            await parts.begin()
        await parts.add(requests, events)
    await parts.end()
    return parts.made


async def _pages(
    database: Database, wanted: ExportWanted
) -> AsyncIterator[tuple[list[list[Cell]], list[list[Cell]]]]:
    """Yield pages of requests with their histories, each read in a transaction of its own."""
    after = -1
    while True:
        async with database.begin() as work:
            requests = await work.request_pages.requests(wanted.days, after)
            events = await work.request_pages.events(requests)
        if not requests:
            return
        yield (
            [request_cells(row, contacts=wanted.contacts) for row in requests],
            [event_cells(row, contacts=wanted.contacts) for row in events],
        )
        after = requests[-1]["id"]


class _Files:
    def __init__(self, files: ExitStack, wanted: ExportWanted) -> None:
        self._files, self._wanted = files, wanted
        self.made: list[IO[bytes]] = []
        self.table: TableFile | None = None

    async def begin(self) -> None:
        """End the file in progress, and begin another."""
        await self.end()
        # The stack closes it.
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
        self._files.enter_context(file)
        self.made.append(file)
        self.table = await asyncio.to_thread(self._table, file)

    async def add(self, requests: Sequence[list[Cell]], events: Sequence[list[Cell]]) -> None:
        """Write some rows into the file in progress."""
        if self.table is not None:
            await asyncio.to_thread(self.table.add, requests, events)

    async def end(self) -> None:
        """End the file in progress, if there is one."""
        if self.table is not None:
            await asyncio.to_thread(self.table.end)
            self.made[-1].seek(0)
            self.table = None

    def _table(self, file: IO[bytes]) -> TableFile:
        if self._wanted.making is Making.CSV:
            return CsvTable(file)
        _remove_forgotten()
        folder = self._files.enter_context(tempfile.TemporaryDirectory(prefix=_FOLDER))
        book = RequestWorkbook(file, Path(folder), self._wanted.days, self._wanted.now)
        self._files.callback(book.let_go)
        return book


def _remove_forgotten() -> None:
    """Remove the folders of processes that were killed while they made a workbook."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        try:
            if time.time() - folder.stat().st_mtime > _FORGOTTEN_SECONDS:
                shutil.rmtree(folder)
        except OSError:
            # Another process's, or gone meanwhile.
            continue
