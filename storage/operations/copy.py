"""Copies a whole database to another, SQLite or PostgreSQL, and verifies it row by row."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Row, Table, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import Database, utc_now
from storage.engine.address import parse_address, without_secrets
from storage.engine.engines import close_engine, open_engine, unreachable
from storage.engine.errors import (
    DamagedError,
    DatabaseUnavailableError,
    ForeignDatabaseError,
    InUseError,
    NoDatabaseError,
    NotEmptyError,
    NotSqliteError,
)
from storage.engine.faults import Fault
from storage.engine.file_lock import refuse_in_use
from storage.engine.keys_in_use import note_key
from storage.engine.schema import TRANSIENT, metadata
from storage.engine.vault import Vault
from storage.heartbeat import BEAT
from storage.operations.inspect import inspect_database, sqlite_file

_TWO_BEATS = 2 * BEAT.total_seconds() + 1
# Rows held in memory at a time; one row may carry a file of some megabytes.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that is now the same on both sides: its number of rows, and the SHA-256 of all."""

    name: str
    rows: int
    digest: str


async def copy_database(
    source_url: str, target_url: str, keys: Sequence[str] = ()
) -> tuple[CopiedTable, ...]:
    """Copy every table but the transient ones to another database, whole or not at all.

    What the source holds encrypted is read with these keys, and arrives under the first of them.
    Without keys, it is copied in clear; DatabaseLockedUpError where a key is lacking.

    Both databases are migrated first; no bot may run on either. Raises InUseError if one does,
    NoDatabaseError or ForeignDatabaseError if the source is not a database of the bot,
    NotEmptyError if the target has any row, DamagedError if the rows that arrived differ from those
    sent, and StorageError if one of the databases cannot be used.
    """
    for url in (source_url, target_url):
        with suppress(NotSqliteError):
            refuse_in_use(sqlite_file(url))
    await _refuse_source(source_url)
    for url, known in ((source_url, keys), (target_url, ())):
        database = Database(url, keys=known)
        try:
            await database.migrate()
            await refuse_live(database, url)
        finally:
            await database.close()
    vault = Vault(keys)
    async with _reading(source_url, vault) as source, _writing(target_url, vault) as target:
        await _refuse_rows(target)
        copied = tuple([await _copy(table, source, target) for table in _tables()])
        await note_key(target, vault, utc_now())
        return copied


async def refuse_live(database: Database, url: str) -> None:
    """Refuse a database that workers use: what they receive meanwhile would miss in the copy."""
    async with database.begin() as work:
        before = await work.workers.beats()
    # A worker that died has left its row: only a live one increases its count of beats.
    if not before or not database.is_shared:
        return
    await asyncio.sleep(_TWO_BEATS)
    async with database.begin() as work:
        after = await work.workers.beats()
    if any(beats != before.get(worker) for worker, beats in after.items()):
        raise InUseError(without_secrets(parse_address(url)))


def _tables() -> list[Table]:
    """Return the tables to copy, each after those that it refers to."""
    return [table for table in metadata.sorted_tables if not table.info.get(TRANSIENT)]


async def _refuse_source(url: str) -> None:
    """Refuse a missing or empty source: a mistyped address must not become a new database."""
    faults = {finding.fault for finding in await inspect_database(url)}
    name = parse_address(url).database or ""
    if Fault.MISSING in faults:
        raise NoDatabaseError(name)
    if Fault.EMPTY in faults:
        raise ForeignDatabaseError(name)


@asynccontextmanager
async def _reading(url: str, vault: Vault) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(parse_address(url), vault=vault)
    if engine.dialect.name == "postgresql":
        # A snapshot: all tables are read as of one moment. SQLite's BEGIN IMMEDIATE keeps writers
        # out instead.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    async with _transaction(engine) as connection:
        yield connection


@asynccontextmanager
async def _writing(url: str, vault: Vault) -> AsyncIterator[AsyncConnection]:
    async with _transaction(open_engine(parse_address(url), vault=vault)) as connection:
        yield connection


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        async with engine.begin() as connection:
            yield connection
    except unreachable(engine) as error:
        raise DatabaseUnavailableError("a database did not answer, or refused a row") from error
    finally:
        await close_engine(engine)


async def _refuse_rows(target: AsyncConnection) -> None:
    for table in _tables():
        if await target.scalar(select(func.count()).select_from(table)):
            raise NotEmptyError(table.name)


async def _copy(table: Table, source: AsyncConnection, target: AsyncConnection) -> CopiedTable:
    async for page in _pages(table, source):
        await target.execute(insert(table), [row._asdict() for row in page])
    await _advance(table, source, target)
    sent, arrived = await _summary(table, source), await _summary(table, target)
    if sent != arrived:
        raise DamagedError(f"{table.name} did not arrive as it was: nothing is kept")
    return sent


async def _pages(
    table: Table, connection: AsyncConnection
) -> AsyncIterator[list[Row[*tuple[Any, ...]]]]:
    """Yield the rows of a table by pages, in the order of the primary key."""
    key = tuple_(*table.primary_key)
    page = select(table).order_by(*table.primary_key).limit(_AT_ONCE)
    rows = list(await connection.execute(page))
    while rows:
        yield rows
        last = tuple(getattr(rows[-1], column.name) for column in table.primary_key)
        rows = list(await connection.execute(page.where(key > last)))


async def _summary(table: Table, connection: AsyncConnection) -> CopiedTable:
    digest, count = hashlib.sha256(), 0
    async for page in _pages(table, connection):
        for row in page:
            digest.update(hashlib.sha256(_canonical(row)).digest())
        count += len(page)
    return CopiedTable(table.name, count, digest.hexdigest())


def _canonical(row: Row[*tuple[Any, ...]]) -> bytes:
    """Serialise a row the same way whichever database it comes from."""
    return json.dumps(list(row), default=_written, sort_keys=True).encode()


def _written(value: object) -> str:
    # A time too: it is a date of Python's.
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"a column holds {type(value).__name__}, which cannot be compared")


async def _advance(table: Table, source: AsyncConnection, target: AsyncConnection) -> None:
    """Make the target number its rows after the last id ever given, even if its row is deleted."""
    column = table.autoincrement_column
    if column is None or not (last := await _last_given(column, source)):
        return
    names = {"table": table.name, "column": column.name, "last": last}
    if target.dialect.name == "postgresql":
        # asyncpg needs the types of parameters: these functions take text and a bigint.
        await target.execute(
            text(
                "SELECT setval(pg_get_serial_sequence(CAST(:table AS text), CAST(:column AS text)),"
                " CAST(:last AS bigint))"
            ),
            names,
        )
        return
    await target.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), names)
    await target.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), names)


async def _last_given(column: Column[Any], source: AsyncConnection) -> int:
    table = column.table
    if source.dialect.name == "postgresql":
        last = await source.scalar(
            text(
                "SELECT pg_sequence_last_value("
                "CAST(pg_get_serial_sequence(CAST(:table AS text), CAST(:column AS text))"
                " AS regclass))"
            ),
            {"table": table.name, "column": column.name},
        )
    else:
        last = await source.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table.name}
        )
    return last or 0
