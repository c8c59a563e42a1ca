"""The database: opened, brought up to date, and lent out one transaction at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import DatabaseUnavailableError, NestedTransactionError
from storage.sqlite import open_sqlite
from storage.work import Work

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Tell the time, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """One database, SQLite or PostgreSQL, named by an SQLAlchemy URL with an async driver."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._url = make_url(url)
        self._clock = clock
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            _create_folder(self._url)
        self._engine = _open(self._url)
        self._writer = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None

    async def migrate(self) -> None:
        """Bring the schema to this version's; raises `DatabaseTooNewError` if it is beyond it."""
        # Alembic talks at INFO, even while it is imported; what matters is logged below.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        # It is slow to import, and needed once.
        from storage.upgrade import upgrade  # noqa: PLC0415

        # A migration that rebuilds a table would, with them, empty those that refer to it.
        engine = _open(self._url, foreign_keys=False)
        try:
            async with engine.begin() as connection:
                revision = await connection.run_sync(upgrade)
        except DBAPIError as error:
            raise DatabaseUnavailableError("the database cannot be brought up to date") from error
        finally:
            await engine.dispose()
        logger.info("database at revision %s", revision)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Work]:
        """Open a unit of work: committed on leaving, undone whole if an exception leaves it."""
        async with self._turn():
            try:
                async with self._engine.begin() as connection:
                    yield Work(connection, self._clock())
            except (OperationalError, InterfaceError) as error:
                raise DatabaseUnavailableError("the database did not answer") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._one_writer() if self._is_sqlite else nullcontext()

    @asynccontextmanager
    async def _one_writer(self) -> AsyncIterator[None]:
        # Several writing connections wait for each other by sleeping: p99 over 400 ms measured.
        # A queue in this process, first come first served, costs nothing.
        task = asyncio.current_task()
        if task is not None and task is self._writing:
            raise NestedTransactionError("this task already has a unit of work open")
        async with self._writer:
            self._writing = task
            try:
                yield
            finally:
                self._writing = None


def _create_folder(url: URL) -> None:
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _open(url: URL, *, foreign_keys: bool = True) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        return open_sqlite(url, foreign_keys=foreign_keys)
    # hide_parameters: an error is logged, and its parameters are what people wrote.
    return create_async_engine(url, hide_parameters=True, pool_pre_ping=True)
