"""A lock that keeps a database file to one process: two would send every message twice."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.engine.errors import InUseError, NoPlaceError
from storage.engine.places import refuse_what_is_no_file

logger = logging.getLogger(__name__)


@contextmanager
def alone_on(database: Path) -> Iterator[None]:
    """Lock a database file, which need not exist yet, for this process; creates its folder.

    Raises InUseError if another process holds the lock, NoPlaceError if nothing can be written
    there, DatabaseUnavailableError where a folder or a device is there. The kernel releases the
    lock when the process ends, however it ends.
    """
    refuse_what_is_no_file(database)
    make_folder(database)
    lock = _lock_of(database)
    try:
        # The lock file is never removed: removing it could remove a lock that another process has
        # just taken.
        held = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise NoPlaceError(lock.parent) from error
    try:
        _hold(held, database)
        yield
    finally:
        os.close(held)


def refuse_in_use(database: Path) -> None:
    """Raise InUseError if a process has locked the file; creates no lock file."""
    try:
        is_free = not _lock_of(database).exists()
    except OSError as error:
        raise NoPlaceError(database.parent) from error
    if not is_free:
        with alone_on(database):
            pass


def make_folder(file: Path) -> None:
    """Create the folder of a file, readable by its owner only; raises NoPlaceError if it fails."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NoPlaceError(file.parent) from error


def _lock_of(database: Path) -> Path:
    # Symbolic links are resolved: two links to one file are one database.
    file = database.resolve()
    return file.with_name(f"{file.name}.lock")


def _hold(held: int, database: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InUseError(database) from error
    except OSError as error:
        # Some file systems have no locks: the bot starts all the same.
        logger.warning("the database file cannot be kept to one process: %s", error)
