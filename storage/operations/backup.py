"""Backs up an SQLite database while the bot runs, and restores it.

PostgreSQL has its own tools (`pg_dump`, `pg_restore`): see the operator's guide.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.engine.errors import (
    AlreadyExistsError,
    DamagedError,
    DatabaseUnavailableError,
    ForeignDatabaseError,
    IsAFolderError,
    NoDatabaseError,
    NoPlaceError,
)
from storage.engine.faults import SPOILT, fault_of, kind_of
from storage.engine.file_lock import make_folder, refuse_in_use
from storage.engine.places import is_folder, make_private
from storage.operations.inspect import FoundFault, inspect_file, is_ours, is_there, open_read_only


@dataclass(frozen=True, slots=True)
class Copied:
    """The file of a copy, which holds the whole database, and its size in bytes."""

    path: Path
    size: int


def back_up(database: Path, destination: Path) -> Copied:
    """Copy a live database to a file that does not exist yet: whole and checked, or not at all.

    Only its owner can read the copy; its folder is created. Raises AlreadyExistsError; DamagedError
    if the copy is not sound; ForeignDatabaseError if the database is not the bot's; and
    DatabaseUnavailableError if the database is missing or unreadable, or the copy cannot be
    written.
    """
    _refuse_folder(database)
    _refuse([destination])
    if not is_there(database):
        raise NoDatabaseError(str(database))
    # Before the first read, in which SQLite makes its other files with this file's permissions.
    make_private(database)
    make_folder(destination)
    with _part_of(destination) as part:
        _make(part)
        _copy(database, part)
        _publish(part, destination)
    return Copied(destination, destination.stat().st_size)


def restore(copy: Path, database: Path) -> Copied:
    """Restore a copy to a place without a database.

    Raises as `back_up` does, and InUseError while a bot uses that place.
    """
    _refuse_folder(copy)
    _refuse_folder(database)
    _refuse([database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))])
    refuse_in_use(database)
    return back_up(copy, database)


def _refuse_folder(path: Path) -> None:
    if is_folder(path):
        raise IsAFolderError(str(path))


def _refuse(paths: list[Path]) -> None:
    for path in paths:
        try:
            is_taken = path.exists()
        except OSError as error:
            raise NoPlaceError(path.parent) from error
        if is_taken:
            raise AlreadyExistsError(path)


@contextmanager
def _part_of(destination: Path) -> Iterator[Path]:
    part = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _make(part: Path) -> None:
    """Create the empty file with its final mode, so that others can never read the data."""
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise NoPlaceError(part.parent) from error


def _copy(database: Path, part: Path) -> None:
    try:
        with closing(open_read_only(database)) as source, closing(sqlite3.connect(part)) as copy:
            # All pages in one step: between steps, a writer would make the backup start again.
            source.backup(copy, pages=-1)
            # Leave WAL mode, so that the copy is one file without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if fault_of(error) in SPOILT:
            raise DamagedError(f"the source is not sound: {error}") from error
        raise DatabaseUnavailableError(f"the copy failed: {kind_of(error)}") from error
    if faults := inspect_file(part):
        raise DamagedError(_in_words(faults))
    if not is_ours(part):
        raise ForeignDatabaseError(str(database))


def _in_words(faults: tuple[FoundFault, ...]) -> str:
    return "the copy is not sound: " + "; ".join(f"{each.fault} {each.detail}" for each in faults)


def _publish(part: Path, destination: Path) -> None:
    try:
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseUnavailableError(f"the copy failed: {kind_of(error)}") from error
    try:
        # Unlike a rename, a hard link never replaces a file that has appeared there meanwhile.
        os.link(part, destination)
    except FileExistsError as error:
        raise AlreadyExistsError(destination) from error
    except OSError:
        # Some file systems have no hard links.
        _refuse([destination])
        part.rename(destination)
