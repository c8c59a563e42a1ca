"""Making an SQLite file forget what was deleted: its journal, its free pages, its half-empty pages.

`secure_delete` overwrites what is deleted, but not the copies that SQLite leaves in a page when it
moves rows to another one, nor what stands in the journal (``-wal``). So after an erasure the file
is rewritten (VACUUM), and the journal is copied into it and emptied.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable

from storage.engine.errors import StorageError

logger = logging.getLogger(__name__)

# A rewriting keeps every writer waiting: at most a twentieth of the time is spent on it.
_REST_FACTOR = 19
_RETRY_SECONDS = 0.5
# After an outage such as a full disk: each try would write the whole file once more.
_PAUSE_AFTER_OUTAGE = 30.0


def scrub(connection: sqlite3.Connection) -> bool:
    """Rewrite the file and empty its journal, outside a transaction; False if it is in use.

    It waits for nobody: a reader (a backup) that keeps the journal must not keep the bot waiting.
    Nor is the file rewritten then: each rewriting would add the whole file to the journal.
    """
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        if not _empty_journal(connection):
            return False
        connection.execute("VACUUM")
        return _empty_journal(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience:d}")


def _empty_journal(connection: sqlite3.Connection) -> bool:
    """Copy the journal into the file; False where somebody still reads from it."""
    (busy, _pages, _copied) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


class Scrubber:
    """When the file is to be scrubbed: soon after each erasure, but not too often."""

    def __init__(self, scrub_once: Callable[[], Awaitable[bool]]) -> None:
        self._scrub_once = scrub_once
        self._due = asyncio.Event()

    def demand(self) -> None:
        """Something was erased: scrub the file soon."""
        self._due.set()

    async def run(self) -> None:
        """Scrub whenever it is due, until cancelled; retried while it is not possible."""
        while True:
            await self._due.wait()
            self._due.clear()
            began = time.monotonic()
            is_done, pause = False, _RETRY_SECONDS
            try:
                is_done = await self._scrub_once()
            except StorageError as error:
                logger.error("the database file is not scrubbed yet: %s", error)
                pause = _PAUSE_AFTER_OUTAGE
            finally:
                if not is_done:
                    self._due.set()
            await asyncio.sleep((time.monotonic() - began) * _REST_FACTOR if is_done else pause)
