"""The possible faults of a database, and how the drivers' errors tell them."""

import errno
import sqlite3
from asyncio import CancelledError
from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.engine.errors import DatabaseDamagedError, DatabaseTooNewError, NoPlaceError


class Fault(StrEnum):
    """The possible faults of a database."""

    MISSING = "missing"
    NO_PLACE = "no_place"
    UNREACHABLE = "unreachable"
    ACCESS_REFUSED = "access_refused"
    NO_DATABASE = "no_database"
    LOCKED = "locked"
    DISK_FULL = "disk_full"
    UNUSABLE = "unusable"
    NOT_A_DATABASE = "not_a_database"
    DAMAGED = "damaged"
    ORPHANS = "orphans"
    EMPTY = "empty"
    OUTDATED = "outdated"
    TOO_NEW = "too_new"


# SQLite, "Result and Error Codes".
_OF_SQLITE = {
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.NOT_A_DATABASE,
    sqlite3.SQLITE_FULL: Fault.DISK_FULL,
    sqlite3.SQLITE_CANTOPEN: Fault.NO_PLACE,
    sqlite3.SQLITE_READONLY: Fault.NO_PLACE,
    sqlite3.SQLITE_PERM: Fault.NO_PLACE,
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
}
# PostgreSQL's manual, appendix A: the beginnings of error codes.
_OF_POSTGRESQL = {
    "28": Fault.ACCESS_REFUSED,
    "3D": Fault.NO_DATABASE,
    "53100": Fault.DISK_FULL,
    "55P03": Fault.LOCKED,
    "08": Fault.UNREACHABLE,
    "57P": Fault.UNREACHABLE,
}


_OF_OURS = {DatabaseTooNewError: Fault.TOO_NEW, DatabaseDamagedError: Fault.DAMAGED}
# What no retry mends: the process ends, and says that a backup is to be restored.
SPOILT = frozenset({Fault.DAMAGED, Fault.NOT_A_DATABASE})


def fault_of(error: BaseException) -> Fault:
    """Return the fault behind a driver's error, or behind an error of ours that it caused."""
    faults = (_fault(cause) for cause in _causes(error))
    return next((fault for fault in faults if fault), Fault.UNUSABLE)


def kind_of(error: Exception) -> str:
    """Return the class name of the driver's error, which SQLAlchemy may have wrapped twice."""
    raised = error.orig if isinstance(error, DBAPIError) else error
    cause = getattr(raised, "__cause__", None)
    # The cause of a timeout is only the cancellation that it made: the timeout is the error.
    return type(raised if cause is None or isinstance(cause, CancelledError) else cause).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _fault(error: BaseException) -> Fault | None:
    match error:
        case DatabaseTooNewError() | DatabaseDamagedError():
            return _OF_OURS[type(error)]
        case NoPlaceError():
            return Fault.NO_PLACE
        case sqlite3.Error():
            # The low byte is the primary result code; the other bytes extend it.
            return _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        case OSError(errno=errno.ENOSPC):
            return Fault.DISK_FULL
        case OSError() | PoolTimeout():
            return Fault.UNREACHABLE
    state = str(getattr(error, "sqlstate", None))
    return next((fault for code, fault in _OF_POSTGRESQL.items() if state.startswith(code)), None)
