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
def alone_on(database: Path, *, creates: bool = False) -> Iterator[None]:
    """Lock a database file, which need not exist yet, for this process; creates its folder.

    Two locks: on a file beside it, found by its path, which stays when the database is put back
    from a backup; and on the database file itself, which has one lock however many names it has
    (hard links, bind mounts). With ``creates``, a database file that does not exist is created
    empty, so that it is locked from the start.

    Raises InUseError if another process holds a lock, NoPlaceError if nothing can be written there,
    DatabaseUnavailableError where a folder or a device is there. The kernel releases the locks when
    the process ends, however it ends.
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
        with _itself(database, creates=creates):
            yield
    finally:
        os.close(held)


def refuse_in_use(database: Path) -> None:
    """Raise InUseError if a process has locked the file; creates no lock file."""
    try:
        has_lock = _lock_of(database).exists()
    except OSError as error:
        raise NoPlaceError(database.parent) from error
    with alone_on(database) if has_lock else _itself(database, creates=False):
        pass


@contextmanager
def _itself(database: Path, *, creates: bool) -> Iterator[None]:
    """Lock the database file by what it is, whatever its name.

    SQLite's own locks are of another kind (fcntl), and do not meet this one. But a process loses
    those of a file when it closes that file: nothing of this process may have the database open
    when this ends.
    """
    try:
        file = os.open(database, os.O_RDWR | (os.O_CREAT if creates else 0), 0o600)
    except OSError:
        # It does not exist, or opening it will say what is wrong.
        yield
        return
    try:
        _hold(file, database)
        yield
    finally:
        os.close(file)


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
