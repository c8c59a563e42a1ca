"""Changing the key of a database, a few rows at a time, while the bot works on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Table

from storage.database import Database
from storage.engine.errors import NotSqliteError
from storage.engine.file_lock import refuse_in_use
from storage.operations.copy import refuse_live
from storage.operations.inspect import sqlite_file
from storage.privacy.sealing import SEALED_TABLES

# Rows of one transaction: it lasts some milliseconds, and nobody waits for it.
_AT_ONCE = 100
_TRIES = 20
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: rows put under the newest key, and values that no key reads.

    ``retired`` are the ids of keys that are needed no more. ``is_scrubbed``: whether the file was
    rewritten too, so that what stood there before is gone.
    """

    rows: int
    unread: int
    retired: tuple[str, ...]
    is_scrubbed: bool


async def rotate(url: str, keys: Sequence[str]) -> Rotated:
    """Put every text under the first key; begun again, it goes on where it was stopped.

    Raises `InUseError` where a bot runs that does not have that key yet: it could not read what it
    finds; and `DatabaseLockedUpError` where a key is lacking.
    """
    async with opened(url, keys) as database, database.begin() as work:
        is_known = await work.sealing.knows_key()
    if not is_known:
        await _refuse_running(url, keys)
    async with opened(url, keys) as database:
        async with database.begin() as work:
            await work.sealing.check()
        done = [await _reseal(database, table) for table in SEALED_TABLES]
        async with database.begin() as work:
            retired = await work.sealing.retire()
        rows, unread = (sum(each) for each in zip(*done, strict=True))
        return Rotated(rows, unread, retired, await scrubbed(database))


@asynccontextmanager
async def opened(url: str, keys: Sequence[str]) -> AsyncIterator[Database]:
    """Open a database that has its tables, beside a bot that may use it."""
    database = Database(url, keys=keys)
    try:
        yield database
    finally:
        await database.close()


async def scrubbed(database: Database) -> bool:
    """Rewrite the file of a database, waiting a little for whoever reads it; False if in vain."""
    for _ in range(_TRIES):
        if await database.scrub():
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


async def _refuse_running(url: str, keys: Sequence[str]) -> None:
    # Nothing of this process may have an SQLite file open here: see `file_lock`.
    try:
        refuse_in_use(sqlite_file(url))
    except NotSqliteError:
        async with opened(url, keys) as database:
            await refuse_live(database, url)


async def _reseal(database: Database, table: Table) -> tuple[int, int]:
    rows = unread = 0
    after: int | None = -1
    while after is not None:
        async with database.begin() as work:
            batch = await work.sealing.reseal(table, after, _AT_ONCE)
        rows, unread, after = rows + batch.rows, unread + batch.unread, batch.last
    return rows, unread
