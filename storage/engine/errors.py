"""What the storage can refuse, as one small tree."""

from pathlib import Path


class StorageError(Exception):
    """Anything that the storage refuses or cannot do."""


class DatabaseTooNewError(StorageError):
    """A later version of the programme has already changed this database."""


class DatabaseUnavailableError(StorageError):
    """The database cannot be reached, is locked or its disk is full: the caller may try again."""


class InUseError(StorageError):
    """Another process uses the database file, which is for one; or a server's, now to be copied."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"another process uses {path}")
        self.path = path


class NoPlaceError(DatabaseUnavailableError):
    """A folder cannot be made, or nothing can be written in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"nothing can be written in {folder}")
        self.folder = folder


class NoDatabaseError(DatabaseUnavailableError):
    """There is no database where one was to be read; none is made."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not exist")
        self.name = name


class ForeignDatabaseError(StorageError):
    """A database, and not this bot's: it has none of its tables."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not a database of this bot")
        self.name = name


class NestedTransactionError(StorageError):
    """A task opened a unit of work inside its own: it would wait for itself."""


class NaiveTimeError(StorageError, ValueError):
    """A time without a time zone was given."""


class NotFoundError(StorageError):
    """The row does not exist, or is not this person's."""


class ClaimLostError(StorageError):
    """Another worker has taken the row over: this unit of work must not commit."""


class InboxFullError(StorageError):
    """As many updates wait as may: Telegram must keep the others for now."""


class AlreadyExistsError(StorageError):
    """A file is where one would be written, and is left alone."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists, and is left as it is")
        self.path = path


class NotEmptyError(StorageError):
    """The database to copy to has rows already, which are left alone."""

    def __init__(self, table: str) -> None:
        super().__init__(f"the target is not empty: {table} has rows")
        self.table = table


class NotSqliteError(StorageError):
    """The database is not an SQLite file: its server has its own tools (`pg_dump`)."""


class DamagedError(StorageError):
    """What was written or read is not what it should be; nothing was kept of it."""
