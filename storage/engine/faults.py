"""How the drivers' errors tell what is wrong with a database, and what to do about it."""

import errno
import sqlite3
import ssl
from asyncio import CancelledError
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.engine.error_codes import (
    LACKING,
    OF_DRIVERS,
    OF_POSTGRESQL,
    OF_SQLITE,
    PLAIN_WORDS,
    POOLER_REFUSES,
    POOLER_WORDS,
    REFUSED_AS_PLAIN,
    SQLITE_LACKS,
    STALE_PLAN,
    STALE_PLAN_WORDS,
    Fault,
    Remedy,
    Ruling,
)
from storage.engine.errors import (
    DatabaseDamagedError,
    DatabaseLockedUpError,
    DatabaseTooNewError,
    DatabaseUnavailableError,
    NoPlaceError,
)

__all__ = ["Fault", "Remedy", "fault_of", "kind_of", "remedy_of", "ruling_of"]

# What the system says of files. A quota that is used up is a full disk to its owner.
_OF_SYSTEM = {
    errno.ENOSPC: Fault.DISK_FULL,
    errno.EDQUOT: Fault.DISK_FULL,
    errno.EROFS: Fault.READ_ONLY_DISK,
    errno.EISDIR: Fault.IS_A_FOLDER,
    errno.EIO: Fault.DISK_FAILS,
}


_OF_OURS = {DatabaseTooNewError: Fault.TOO_NEW, DatabaseDamagedError: Fault.DAMAGED}
# What no retry mends: the process ends, and says that a backup is to be restored.
SPOILT = frozenset({Fault.DAMAGED, Fault.NOT_A_DATABASE})


def fault_of(error: BaseException) -> Fault:
    """Return the fault behind a driver's error, or behind an error of ours that it caused."""
    faults = (_fault(cause) for cause in _causes(error))
    return next((fault for fault in faults if fault), Fault.UNUSABLE)


def remedy_of(error: Exception) -> Remedy:
    """Return what to do about an error of a statement, as the driver or SQLAlchemy raises it."""
    found = next(filter(None, map(ruling_of, _causes(error))), None)
    is_cut = isinstance(error, DBAPIError) and error.connection_invalidated
    if found is None:
        is_away = isinstance(error, OperationalError | InterfaceError)
        return Remedy.WAIT if is_away or is_cut else Remedy.SET_ASIDE
    is_lost = is_cut and found.remedy is Remedy.SET_ASIDE
    return Remedy.WAIT if is_lost else found.remedy


def ruling_of(error: BaseException) -> Ruling | None:
    """Return the table's ruling on one error; None where the table does not know it."""
    if isinstance(error, sqlite3.Error) and (code := getattr(error, "sqlite_errorcode", 0)):
        if code == sqlite3.SQLITE_ERROR and any(words in str(error) for words in SQLITE_LACKS):
            return LACKING
        # The low byte is the primary result code; the other bytes extend it.
        return OF_SQLITE.get(code) or OF_SQLITE.get(code & 0xFF)
    if (own := OF_DRIVERS.get(_name(type(error)))) is not None:
        return own
    if state := getattr(error, "sqlstate", None):
        return _by_words(str(state), str(error)) or _of_state(str(state))
    classes = (
        f"{each.__module__.partition('.')[0]}.{each.__name__}" for each in type(error).__mro__
    )
    return next((OF_DRIVERS[name] for name in classes if name in OF_DRIVERS), None)


def kind_of(error: Exception) -> str:
    """Return the class name of the driver's error, which SQLAlchemy may have wrapped twice."""
    raised = error.orig if isinstance(error, DBAPIError) else error
    cause = getattr(raised, "__cause__", None)
    # The cause of a timeout is only the cancellation that it made: the timeout is the error.
    return type(raised if cause is None or isinstance(cause, CancelledError) else cause).__name__


def _by_words(state: str, words: str) -> Ruling | None:
    """Return the ruling on an error that shares its code with others of another meaning."""
    if state == "0A000" and STALE_PLAN_WORDS in words:
        return STALE_PLAN
    if state[:2] in {"08", "28"} and any(each in words for each in PLAIN_WORDS):
        return REFUSED_AS_PLAIN
    # Where the pooler cuts the connection as well, the driver quotes its words.
    is_of_pooler = state.startswith("08") and any(each in words for each in POOLER_WORDS)
    return POOLER_REFUSES if is_of_pooler else None


def _name(kind: type) -> str:
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _of_state(state: str) -> Ruling | None:
    prefixes = (state[:length] for length in range(len(state), 1, -1))
    return next((OF_POSTGRESQL[prefix] for prefix in prefixes if prefix in OF_POSTGRESQL), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        wrapped = getattr(error, "orig", None)
        error = error.__cause__ or (wrapped if isinstance(wrapped, BaseException) else None)


def _fault(error: BaseException) -> Fault | None:
    match error:
        case DatabaseUnavailableError(fault=Fault() as known):
            return known
        case DatabaseLockedUpError():
            return error.fault
        case DatabaseTooNewError() | DatabaseDamagedError():
            return _OF_OURS[type(error)]
        case NoPlaceError() | OSError():
            return _of_system(error)
        case PoolTimeout() | UnicodeError():
            return Fault.UNREACHABLE
    ruling = ruling_of(error)
    return ruling.fault if ruling else None


def _of_system(error: NoPlaceError | OSError) -> Fault:
    """Return why nothing can be written in a place, or why a server cannot be reached."""
    if isinstance(error, NoPlaceError):
        cause = error.__cause__
        code = cause.errno if isinstance(cause, OSError) else None
        return _OF_SYSTEM.get(code or 0, Fault.NO_PLACE)
    # asyncpg raises the bare class where the server does not encrypt and the address asks for it.
    is_plain = type(error) is ConnectionError and "SSL" in str(error)
    if isinstance(error, ssl.SSLError) or is_plain:
        return Fault.NOT_ENCRYPTED
    return _OF_SYSTEM.get(error.errno or 0, Fault.UNREACHABLE)
