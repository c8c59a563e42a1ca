"""The list of communes as this process serves it: read anew only where its own file changed."""

import asyncio
import logging
from pathlib import Path

from handlers.core.services import Services
from knowledge.files.problems import Problem, Severity
from knowledge.territories.town_list import EXAMPLE_FILE, TOWNS_FILE, read_list, towns_file

logger = logging.getLogger(__name__)
# Inode, size in bytes, modification time in nanoseconds of the file that serves; None without one.
_Stamp = tuple[str, int, int, int] | None


class TownLists:
    """The list of one folder; reading it takes most of a second, in a thread."""

    def __init__(self, directory: Path, services: Services, *, fictitious: bool) -> None:
        self._directory = directory
        self._services = services
        self._fictitious = fictitious
        self._stamp: _Stamp = None
        # What keeps the file from use; the former list is then still in service.
        self.problems: tuple[Problem, ...] = ()

    async def refresh(self) -> None:
        """Put the list in service if its file changed since it was last read."""
        stamp = await asyncio.to_thread(self._look)
        if stamp == self._stamp:
            return
        read = await asyncio.to_thread(read_list, self._file(), self._shown())
        errors = [each for each in read.problems if each.severity is Severity.ERROR]
        self._stamp, self.problems = stamp, tuple(errors)
        if errors:
            logger.warning("the list of communes has %d faults: nothing changes", len(errors))
            return
        self._services.town_list = read.list
        logger.info("a list of %d communes is in service", len(read.list.towns))

    def places(self) -> frozenset[Path]:
        """Return the folders to watch: the list's, and the one that its link leads to."""
        folders = {self._file().parent, self._file().resolve().parent}
        return frozenset(folder for folder in folders if folder.is_dir())

    def _file(self) -> Path:
        return towns_file(self._directory, fictitious=self._fictitious)

    def _shown(self) -> str:
        return TOWNS_FILE if self._file().parent == self._directory else EXAMPLE_FILE

    def _look(self) -> _Stamp:
        file = self._file()
        try:
            status = file.stat()
        except OSError:
            return None
        return str(file), status.st_ino, status.st_size, status.st_mtime_ns
