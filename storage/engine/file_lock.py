"""A database file is one process's: two would each send what the other has sent."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.engine.errors import InUseError, NoPlaceError

logger = logging.getLogger(__name__)


@contextmanager
def alone_on(database: Path) -> Iterator[None]:
    """Keep a database file, there or to come, to this process; its folder is made.

    Raises InUseError where another holds it, NoPlaceError where nothing can be written there. The
    kernel frees it at the end of the process, however it ends.
    """
    make_folder(database)
    lock = _lock_of(database)
    try:
        # It stays when it is free: who removed it could remove what another has just taken.
        held = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise NoPlaceError(lock.parent) from error
    try:
        _hold(held, database)
        yield
    finally:
        os.close(held)


def refuse_in_use(database: Path) -> None:
    """Raise InUseError where a process keeps the file to itself; leave nothing beside it."""
    try:
        is_free = not _lock_of(database).exists()
    except PermissionError as error:
        raise NoPlaceError(database.parent) from error
    if not is_free:
        with alone_on(database):
            pass


def make_folder(file: Path) -> None:
    """Make the folder that a file is to be in, for its owner only; NoPlaceError where none can."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NoPlaceError(file.parent) from error


def _lock_of(database: Path) -> Path:
    # Two links to one file are one database.
    file = database.resolve()
    return file.with_name(f"{file.name}.lock")


def _hold(held: int, database: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InUseError(database) from error
    except OSError as error:
        # Some file systems know no locks, and are no reason not to start.
        logger.warning("the database file cannot be kept to one process: %s", error)
