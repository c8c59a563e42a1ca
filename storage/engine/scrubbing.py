"""Making an SQLite file forget what was deleted: its journal, its free pages, its half-empty pages.

`secure_delete` overwrites what is deleted, but not the copies that SQLite leaves in a page when it
moves rows to another one, nor what stands in the journal (``-wal``). So after an erasure the file
is rewritten (VACUUM), and the journal is copied into it and emptied.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable

# A rewriting keeps every writer waiting: at most a twentieth of the time is spent on it.
_REST_FACTOR = 19
_RETRY_SECONDS = 0.5


def scrub(connection: sqlite3.Connection) -> bool:
    """Rewrite the file and empty its journal, outside a transaction; False if it is in use.

    It waits for nobody: a reader (a backup) that keeps the journal must not keep the bot waiting.
    """
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("VACUUM")
        (busy, _pages, _copied) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience:d}")
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
        """Scrub whenever it is due, until cancelled; retried while another program reads."""
        while True:
            await self._due.wait()
            self._due.clear()
            began = time.monotonic()
            try:
                is_done = await self._scrub_once()
            except BaseException:
                self._due.set()
                raise
            if is_done:
                await asyncio.sleep((time.monotonic() - began) * _REST_FACTOR)
            else:
                self._due.set()
                await asyncio.sleep(_RETRY_SECONDS)
