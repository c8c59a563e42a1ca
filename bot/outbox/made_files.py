"""Files that are made while they are sent: on disk, without a name, and never whole in memory."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import IO

from bot.figures.export import ExportWanted, exported
from bot.figures.picture import png_of
from bot.posters.layout import Sheet
from bot.posters.pdf import pdf_of
from bot.posters.poster import Issuer, Poster, poster_of
from bot.posters.svg import svg_of
from handlers.administration import in_french
from handlers.core.services import Services
from handlers.general.data_page import DataPage
from handlers.messages import Catalogue, speaking
from storage.database import Database
from storage.queues.outbox import Making, Pending
from storage.records.days import Days

TEXT = Catalogue.of("rights")
# Bot API, "Sending files": 50 MB in one multipart upload. What stands around the file and the last
# piece must fit too.
_LARGEST_BYTES = 45_000_000
# Larger than this, it is written to the disk; a usual page of data never is.
_IN_MEMORY_BYTES = 256 * 1024
_EXPORTS = frozenset({Making.WORKBOOK, Making.CSV})
_POSTERS: Mapping[str, Callable[[Poster], bytes]] = {
    Making.POSTER_A4: partial(pdf_of, sheet=Sheet.A4),
    Making.POSTER_A5: partial(pdf_of, sheet=Sheet.A5),
    Making.POSTER_SVG: svg_of,
}


@asynccontextmanager
async def made(
    database: Database, services: Services, item: Pending, largest: int = _LARGEST_BYTES
) -> AsyncIterator[list[IO[bytes]]]:
    """Make the file of a call, in as many parts as Telegram's limit asks, each at its beginning.

    The files have no name: nobody else can open them, and the system removes them with this
    process, however it ends. Empty where there is nothing to send any more, because the person was
    erased, or because another version of the program asks for a file unknown to this one.
    """
    with ExitStack() as files:
        if item.makes == Making.PERSONAL_DATA and item.chat_id is not None:
            parts = _Parts(files, largest)
            async with database.begin() as work:
                tongues = await work.people.tongues([item.chat_id])
            with speaking(tongues[item.chat_id].language):
                await parts.fill(DataPage(database.begin, services, item.chat_id))
            yield parts.made
        elif item.makes == Making.FIGURES and item.makes_of:
            yield [await _picture(database, services, Days.unpacked(item.makes_of))]
        elif item.makes in _EXPORTS and item.makes_of:
            days = Days.unpacked(item.makes_of)
            contacts = not services.details_in_private
            wanted = ExportWanted(Making(item.makes), days, services.clock(), largest, contacts)
            yield await exported(database, files, wanted)
        elif item.makes is not None and item.makes in _POSTERS and item.makes_of:
            yield await _poster(services, Making(item.makes), item.makes_of)
        else:
            yield []


async def _picture(database: Database, services: Services, days: Days) -> IO[bytes]:
    async with database.begin() as work:
        figures = await work.figures.read(days)
    named = [entry.id for entry in figures.questions.entries]
    titles = {name: in_french.title_of(services.knowledge, name) for name in named}
    return BytesIO(await png_of(figures, titles))


async def _poster(services: Services, making: Making, project_id: str) -> list[IO[bytes]]:
    project = services.knowledge.project(project_id)
    if project is None:
        # It was taken out of the census since it was asked for.
        return []
    initiative = services.knowledge.initiative.name
    publisher = Issuer(services.bot_username, services.site_address, initiative)
    drawn = await asyncio.to_thread(_POSTERS[making], poster_of(project, publisher))
    return [BytesIO(drawn)]


def in_parts(item: Pending, number: int, count: int) -> Pending:
    """Return the call that sends one of several parts, named and numbered."""
    if count == 1:
        return item
    name, dot, ending = (item.filename or "").rpartition(".")
    caption = f"{TEXT('data_part', part=number, parts=count)}\n\n{item.payload.get('caption', '')}"
    payload = item.payload | {"caption": caption.strip()}
    return replace(item, payload=payload, filename=f"{name}-{number}{dot}{ending}")


class _Parts:
    def __init__(self, files: ExitStack, largest: int) -> None:
        self._files = files
        self._largest = largest
        self.made: list[IO[bytes]] = []

    async def fill(self, page: DataPage) -> None:
        """Write a page: each part is a page by itself."""
        end = f"\n{page.end()}".encode()
        async for piece in page.pieces():
            content = f"\n{piece}".encode()
            if not self.made or self.made[-1].tell() + len(content) + len(end) > self._largest:
                await self._end_with(end)
                self._begin_with(page.head().encode())
            await asyncio.to_thread(self.made[-1].write, content)
        await self._end_with(end)
        for part in self.made:
            part.seek(0)

    def _begin_with(self, head: bytes) -> None:
        part = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - the stack closes it
        self._files.enter_context(part)
        self.made.append(part)
        part.write(head)

    async def _end_with(self, end: bytes) -> None:
        if self.made:
            await asyncio.to_thread(self.made[-1].write, end)
