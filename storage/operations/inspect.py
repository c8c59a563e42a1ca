"""Looks for faults in a database, for the doctor and the backups."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.address import parse_address
from storage.engine.engines import check_encoding, close_engine, open_engine, unreachable
from storage.engine.errors import (
    DatabaseLockedUpError,
    DatabaseUnavailableError,
    NotSqliteError,
)
from storage.engine.faults import Fault, fault_of, kind_of
from storage.engine.keys_in_use import check_keys
from storage.engine.places import NO_FILE, at_place, place_fault
from storage.engine.vault import Vault

_NO_FILE = {None, "", ":memory:"}
# Tables that every version has: a database that has them all is the bot's.
_OURS = {"alembic_version", "people", "inbox", "outbox"}
# The tables that this account may not read or change; the schema, where the tables are yet to be
# made and this account may not make any.
_LACKING_RIGHTS = text("""
    SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND NOT (
        has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')
        AND has_table_privilege(format('%I.%I', schemaname, tablename), 'INSERT')
        AND has_table_privilege(format('%I.%I', schemaname, tablename), 'UPDATE')
        AND has_table_privilege(format('%I.%I', schemaname, tablename), 'DELETE'))
    UNION ALL
    SELECT CAST(current_schema() AS text)
    WHERE to_regclass('alembic_version') IS NULL
        AND NOT has_schema_privilege(current_schema(), 'CREATE')
""")
# A damaged file may have thousands of faults; the first ones are enough.
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class FoundFault:
    """A fault; `detail`: SQLite's message, a table, a revision or an error's class, never data."""

    fault: Fault
    detail: str


def sqlite_file(url: str) -> Path:
    """Return the file that a URL names; NotSqliteError if it names a server."""
    parsed = parse_address(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in _NO_FILE:
        raise NotSqliteError("the database is not a file")
    return Path(parsed.database or "")


async def inspect_database(url: str, keys: Sequence[str] | None = None) -> tuple[FoundFault, ...]:
    """Return the faults of a database, which is not changed; empty if it is sound.

    A bot may be running on it. With ``keys``, also whether these are those that it needs.
    """
    findings = await _inspect(url)
    if findings or keys is None:
        return findings
    return await _inspect_keys(url, Vault(keys))


async def _inspect_keys(url: str, vault: Vault) -> tuple[FoundFault, ...]:
    engine = open_engine(parse_address(url))
    try:
        async with engine.connect() as connection:
            await check_keys(connection, vault)
    except DatabaseLockedUpError as error:
        return (FoundFault(error.fault, str(error)),)
    finally:
        await close_engine(engine)
    return ()


async def _inspect(url: str) -> tuple[FoundFault, ...]:
    if parse_address(url).get_backend_name() != "sqlite":
        return await _inspect_server(url)
    path = sqlite_file(url)
    findings = inspect_file(path)
    if findings:
        return findings
    if fault := place_fault(path):
        return (FoundFault(fault, path.name),)
    with closing(open_read_only(path)) as connection:
        has_tables = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone()
        heads = connection.execute("SELECT version_num FROM alembic_version") if has_tables else ()
        return _judge({head for (head,) in heads})


def inspect_file(path: Path) -> tuple[FoundFault, ...]:
    """Return the faults of an SQLite file, whatever its revision."""
    if not is_there(path):
        return (_absence(path),)
    fault = place_fault(path)
    if fault is not None and fault in NO_FILE:
        return (FoundFault(fault, str(path)),)
    try:
        with closing(open_read_only(path)) as connection:
            return _damage(connection) or _orphans(connection)
    except sqlite3.DatabaseError as error:
        return (FoundFault(at_place(fault_of(error), path), error.sqlite_errorname),)


def is_there(path: Path) -> bool:
    """Tell whether something is there; True where that cannot be seen: opening it will fail."""
    try:
        return path.exists()
    except OSError:
        return True


def is_ours(path: Path) -> bool:
    """Tell whether a sound SQLite file is a database of the bot, of any version."""
    with closing(open_read_only(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in tables} >= _OURS


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database file that another process may be writing."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)


def _absence(path: Path) -> FoundFault:
    """Return the finding for a missing file: whether its folder can hold one."""
    existing = next(folder for folder in path.absolute().parents if folder.exists())
    try:
        # Permissions are not enough: root may write in /proc by its mode, yet creating fails.
        with TemporaryDirectory(dir=existing):
            fault = place_fault(path) or Fault.MISSING
    except OSError:
        fault = place_fault(path) or Fault.NO_PLACE
    return FoundFault(fault, path.name if fault is Fault.MISSING else str(existing))


def _damage(connection: sqlite3.Connection) -> tuple[FoundFault, ...]:
    messages = connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
    return tuple(FoundFault(Fault.DAMAGED, message) for (message,) in messages if message != "ok")


def _orphans(connection: sqlite3.Connection) -> tuple[FoundFault, ...]:
    tables = {row[0] for row in connection.execute("PRAGMA foreign_key_check")}
    return tuple(FoundFault(Fault.ORPHANS, table) for table in sorted(tables))


async def _inspect_server(url: str) -> tuple[FoundFault, ...]:
    engine = open_engine(parse_address(url))
    try:
        async with engine.connect() as connection:
            await check_encoding(connection)
            if refusals := await _refusals(connection):
                return refusals
            if not await connection.scalar(text("SELECT to_regclass('alembic_version')")):
                return _judge(set())
            heads = await connection.scalars(text("SELECT version_num FROM alembic_version"))
            return _judge(set(heads))
    except DatabaseUnavailableError as error:
        return (FoundFault(fault_of(error), str(error)),)
    except unreachable(engine) as error:
        return (FoundFault(fault_of(error), kind_of(error)),)
    finally:
        await close_engine(engine)


async def _refusals(connection: AsyncConnection) -> tuple[FoundFault, ...]:
    """Return why nothing could be written although the server answers: by reading only."""
    if await connection.scalar(text("SHOW transaction_read_only")) == "on":
        return (FoundFault(Fault.READ_ONLY, "transaction_read_only"),)
    schema = await connection.scalar(text("SELECT current_schema()"))
    if schema is None:
        return (FoundFault(Fault.NO_TABLES, "search_path"),)
    lacking = await connection.scalars(_LACKING_RIGHTS)
    return tuple(FoundFault(Fault.NO_RIGHTS, name) for name in sorted(lacking))


def _judge(heads: set[str]) -> tuple[FoundFault, ...]:
    # Imported here: Alembic is slow to import, and only the doctor and an upgrade need it.
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    from storage.engine.upgrade import configuration  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(configuration())
    if not heads:
        return (FoundFault(Fault.EMPTY, ""),)
    revisions = ", ".join(sorted(heads))
    if heads - {script.revision for script in scripts.walk_revisions()}:
        return (FoundFault(Fault.TOO_NEW, revisions),)
    return () if heads == set(scripts.get_heads()) else (FoundFault(Fault.OUTDATED, revisions),)
