"""The engines of both databases: opening and closing them, and looking at what they open."""

import asyncio
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.engine.errors import DatabaseDamagedError, DatabaseUnavailableError
from storage.engine.faults import Fault
from storage.engine.postgresql import open_server, terminate
from storage.engine.sqlite import close_sqlite, open_sqlite
from storage.engine.vault import Vault, lock_with

_ENCODING = "UTF8"


def open_engine(url: URL, *, foreign_keys: bool = True, vault: Vault | None = None) -> AsyncEngine:
    """Return an engine for a database; raises `StorageError` if the URL names none.

    Without a ``vault``, texts are stored in clear, and encrypted ones read as empty.
    """
    is_file = url.get_backend_name() == "sqlite"
    engine = open_sqlite(url, foreign_keys=foreign_keys) if is_file else open_server(url)
    if vault is not None:
        lock_with(engine.dialect, vault)
    return engine


async def close_engine(engine: AsyncEngine, patience: float | None = None) -> None:
    """Close every connection of an engine that `open_engine` returned.

    ``patience``, in seconds, limits how long a server may take to close its connections.
    """
    if engine.dialect.name == "sqlite":
        await close_sqlite(engine)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await engine.dispose()
    terminate(engine)


def unreachable(engine: AsyncEngine) -> tuple[type[Exception], ...]:
    """Return what connecting may raise; SQLAlchemy does not wrap asyncpg's errors there."""
    # UnicodeError: a host's name that cannot be looked up.
    errors = (OSError, PoolTimeout, DBAPIError, UnicodeError)
    driver = getattr(engine.dialect.loaded_dbapi, "asyncpg", None)
    if driver is None:
        return errors
    return (*errors, driver.PostgresError, driver.InterfaceError, driver.InternalClientError)


async def check_encoding(connection: AsyncConnection) -> None:
    """Raise DatabaseUnavailableError where a server's database cannot hold every character."""
    if connection.dialect.name != "postgresql":
        return
    for name in ("server_encoding", "client_encoding"):
        found = await connection.scalar(text(f"SELECT current_setting('{name}')"))
        if found != _ENCODING:
            raise DatabaseUnavailableError(f"{name} is {found}", Fault.WRONG_ENCODING)


async def check_pages(connection: AsyncConnection) -> None:
    """Raise DatabaseDamagedError where a page of an SQLite file is damaged.

    The order of its indexes is not looked at: that takes longer.
    """
    found = await connection.scalar(text("PRAGMA quick_check(1)"))
    if found != "ok":
        raise DatabaseDamagedError(str(found))
