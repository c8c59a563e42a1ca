"""The errors of the storage, all derived from StorageError."""

from collections.abc import Sequence
from pathlib import Path

from storage.engine.error_codes import Fault


class StorageError(Exception):
    """Base of all errors of the storage."""


class DatabaseTooNewError(StorageError):
    """A later version of this program has already changed this database."""


class DatabaseUnavailableError(StorageError):
    """The database cannot be used now: the caller may try again later.

    ``fault`` says why; None where the error of a driver that caused this one says it.
    """

    def __init__(self, reason: str, fault: Fault | None = None) -> None:
        super().__init__(reason)
        self.fault = fault


class UndoneError(DatabaseUnavailableError):
    """The transaction was undone and no outage did it: repeated at once, it may succeed."""


class AddressError(StorageError, ValueError):
    """A database's address cannot be used. Neither its text nor any part of it is quoted.

    ``fault`` is one of ``scheme``, ``url``, ``file``, ``file_option``, ``host``, ``port``,
    ``option``; ``option`` is the name of a known option whose value is wrong, or empty.
    """

    def __init__(self, fault: str, option: str = "") -> None:
        is_file = fault == "file"
        wrong = "an SQLite database must be a file" if is_file else f"its {fault} is wrong"
        super().__init__(f"the address of the database cannot be used: {wrong}")
        self.fault = fault
        self.option = option


class DatabaseLockedUpError(StorageError):
    """Texts are encrypted with a key that was not given: ``Fault.NO_KEY`` or ``WRONG_KEY``."""

    def __init__(self, fault: Fault, ids: Sequence[str]) -> None:
        super().__init__(", ".join(ids))
        self.fault = fault


class DatabaseDamagedError(StorageError):
    """The database file is damaged: only a backup helps."""


class InUseError(StorageError):
    """Another process uses an SQLite file, which only one may use, or a database to be copied."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"another process uses {path}")
        self.path = path


class NoPlaceError(DatabaseUnavailableError):
    """A folder cannot be created or written in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"nothing can be written in {folder}")
        self.folder = folder


class NoDatabaseError(DatabaseUnavailableError):
    """The database to be read does not exist; none is created."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not exist")
        self.name = name


class IsAFolderError(NoDatabaseError):
    """A folder is where the file of a database should be."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.fault = Fault.IS_A_FOLDER


class ForeignDatabaseError(StorageError):
    """The database is not this bot's: it does not have the bot's tables."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not a database of this bot")
        self.name = name


class NestedTransactionError(StorageError):
    """A task opened a unit of work inside another: it would wait for itself."""


class NaiveTimeError(StorageError, ValueError):
    """A time without a time zone was given."""


class NotFoundError(StorageError):
    """The row does not exist, or belongs to another person."""


class ClaimLostError(StorageError):
    """Another worker has taken the row over: this unit of work must not commit."""


class InboxFullError(StorageError):
    """The inbox holds as many waiting updates as it may: Telegram must keep the others for now."""


class AlreadyExistsError(StorageError):
    """The file to be written already exists, and is left as it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists, and is left as it is")
        self.path = path


class NotEmptyError(StorageError):
    """The database to copy to already has rows, which are left as they are."""

    def __init__(self, table: str) -> None:
        super().__init__(f"the target is not empty: {table} has rows")
        self.table = table


class NotSqliteError(StorageError):
    """The database is not an SQLite file: its server has its own tools (`pg_dump`)."""


class DamagedError(StorageError):
    """The data written or read is not what it should be; none of it was kept."""
