"""Subcommands on the database: back up, restore, copy to another database."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.commands.console import fail, say
from bot.messages import TEXT
from storage.engine.errors import (
    AddressError,
    AlreadyExistsError,
    DamagedError,
    ForeignDatabaseError,
    InUseError,
    IsAFolderError,
    NoDatabaseError,
    NotEmptyError,
    NotSqliteError,
    StorageError,
)
from storage.engine.faults import Fault, fault_of
from storage.operations.backup import Copied, back_up, restore
from storage.operations.copy import copy_database
from storage.operations.inspect import sqlite_file


def back_up_to(database_url: str, destination: Path) -> int:
    """Copy a live SQLite database to a new file; return the exit code."""
    return _copied("backup", database_url, lambda file: back_up(file, destination))


def restore_from(copy: Path, database_url: str) -> int:
    """Restore a copy as the settings' database, which must not exist yet; return the exit code."""
    return _copied("restore", database_url, lambda file: restore(copy, file))


def copy_between(source_url: str, target_url: str, keys: Sequence[str] = ()) -> int:
    """Copy a database to another, SQLite or PostgreSQL; return the exit code."""
    try:
        tables = asyncio.run(copy_database(source_url, target_url, keys))
    except StorageError as error:
        return _failed("copy", error)
    say(TEXT.label("copy_done", tables=tables, rows=sum(table.rows for table in tables)))
    return 0


def _copied(command: str, database_url: str, act: Callable[[Path], Copied]) -> int:
    try:
        copied = act(sqlite_file(database_url))
    except StorageError as error:
        return _failed(command, error)
    say(TEXT.label(f"{command}_done", path=copied.path, size=max(1, copied.size // 1000)))
    return 0


def _failed(command: str, error: StorageError) -> int:
    match error:
        case AlreadyExistsError():
            message = TEXT.label("keeping_exists", path=error.path)
        case InUseError():
            message = TEXT.label("keeping_in_use", path=error.path)
        case IsAFolderError():
            why = TEXT.label(f"database_{fault_of(error)}", reason=error.name)
            message = TEXT.label("keeping_failed", why=why)
        case NoDatabaseError():
            message = TEXT.label("keeping_missing", name=error.name)
        case ForeignDatabaseError():
            message = TEXT.label(f"{command}_foreign", name=error.name)
        case NotEmptyError():
            message = TEXT.label("keeping_not_empty", table=error.table)
        case DamagedError():
            message = TEXT.label(f"{command}_damaged", reason=error)
        case AddressError():
            remedy = TEXT.label(f"bad_database_{error.fault}", option=error.option)
            message = TEXT.label("copy_bad_url", remedy=remedy)
        case NotSqliteError():
            message = TEXT.label("keeping_not_sqlite")
        case _:
            message = _of_the_database(error)
    return fail(message)


def _of_the_database(error: StorageError) -> str:
    fault = fault_of(error)
    if fault in {Fault.NO_PLACE, Fault.DISK_FULL}:
        # The place at fault may be that of the database or that of the copy.
        return TEXT.label(f"keeping_{fault}", reason=error)
    return TEXT.label("keeping_failed", why=TEXT.label(f"database_{fault}", reason=error))
