"""The database: opening, migrating, and giving access to it one transaction at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.engine.errors import (
    DatabaseDamagedError,
    DatabaseUnavailableError,
    NestedTransactionError,
    StorageError,
)
from storage.engine.faults import SPOILT, Fault, fault_of, kind_of
from storage.engine.file_lock import make_folder
from storage.engine.json_columns import JSON_COLUMNS
from storage.engine.revision import NEWEST, is_newest
from storage.engine.sqlite import close_sqlite, open_sqlite
from storage.heartbeat import Heartbeat
from storage.unit_of_work import UnitOfWork
from storage.workers.registry import new_worker

logger = logging.getLogger(__name__)

# An SQLite file has one process: the claims of its previous run are its own, under this name.
_ONLY_WORKER = "only"
_CONNECTIONS = 10
_WAIT_SECONDS = 10
_FAREWELL_SECONDS = 3.0

# The driver's connections to each server: those still open after a polite close are terminated.
_connected_to_servers: WeakKeyDictionary[Engine, WeakSet[Any]] = WeakKeyDictionary()
_SERVER_SETTINGS = {
    "application_name": "territoires-industrie-bot",
    # A frozen worker must not hold the locks that the other workers wait for.
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    # Waiting rows are read in index order: with bitmap scans and a sort instead, a backlog of
    # 20,000 rows made a claim take 100 ms instead of 1.
    "enable_bitmapscan": "off",
    # Compiling these short queries takes longer than running them.
    "jit": "off",
}
# SQLSTATE prefixes: connection lost, idle transaction closed, transaction rolled back, resources
# exhausted, lock not available, operator intervention, system error.
_OUTAGES = ("08", "25P03", "40", "53", "55P03", "57", "58")


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """One database, SQLite or PostgreSQL, named by an SQLAlchemy URL with an async driver."""

    def __init__(
        self, url: str, *, clock: Callable[[], datetime] = utc_now, worker: str | None = None
    ) -> None:
        self._url = make_url(url)
        self._clock = clock
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        if self._is_sqlite and self._url.database:
            make_folder(Path(self._url.database))
        self._engine = open_engine(self._url)
        self.worker = worker or (_ONLY_WORKER if self._is_sqlite else new_worker())
        self._heartbeat = Heartbeat(self.begin, self.worker)
        self._has_joined = False
        self._idle_connection: AsyncConnection | None = None
        self._writer = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None
        self._damage: DBAPIError | None = None
        self._is_damaged = asyncio.Event()

    async def damage(self) -> DBAPIError:
        """Wait until a statement meets damage in the file, and return its error."""
        await self._is_damaged.wait()
        if self._damage is None:
            raise LookupError("damage is noted with its error")
        return self._damage

    @property
    def is_damaged(self) -> bool:
        """Whether a statement has met damage in the file."""
        return self._is_damaged.is_set()

    async def migrate(self) -> None:
        """Bring the schema to this version's; raises `DatabaseTooNewError` if it is newer.

        `DatabaseDamagedError` if a page of an SQLite file is damaged: most statements would work,
        and the others fail again and again.
        """
        # With foreign keys on, rebuilding a table would empty the tables that refer to it.
        engine = open_engine(self._url, foreign_keys=False)
        try:
            async with engine.begin() as connection:
                if self._is_sqlite:
                    await _check(connection)
                if not await connection.run_sync(is_newest):
                    await connection.run_sync(_upgrade)
        except unreachable(engine) as error:
            reason = f"the database cannot be brought up to date: {kind_of(error)}"
            raise DatabaseUnavailableError(reason) from error
        finally:
            await close_engine(engine)
        logger.info("database at revision %s", NEWEST)

    @property
    def is_shared(self) -> bool:
        """Whether other workers may use this database at the same time."""
        return not self._is_sqlite

    @property
    def workers(self) -> int:
        """How many workers are alive, this one included, as of the last heartbeat."""
        return self._heartbeat.count

    async def join(self) -> None:
        """Become one of the database's workers, before claiming anything.

        The unfinished claims of a former run with the same name are taken up again. Where the
        database is shared, ``keep_beating`` must run from now on.
        """
        await self.beat()
        self._has_joined = True

    async def keep_beating(self) -> None:
        """Record heartbeats until cancelled: without them, other workers free this one's claims."""
        await self._heartbeat.run()

    async def beat(self) -> None:
        """Record one heartbeat of this worker; raises StorageError if nothing can be written."""
        await self._heartbeat.beat()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work: committed on exit, rolled back whole if an exception escapes."""
        async with self._turn():
            try:
                async with self._transaction() as connection:
                    work = UnitOfWork(connection, self._clock())
                    yield work
                    await work.changes.write_all()
            except DBAPIError as error:
                if not _is_outage(error):
                    self._note_damage(error)
                    raise
                raise DatabaseUnavailableError(_reason(error)) from error

    def _note_damage(self, error: DBAPIError) -> None:
        if fault_of(error) in SPOILT and not self.is_damaged:
            logger.error("the database file is damaged: %s", kind_of(error))
            self._damage = error
            self._is_damaged.set()

    async def close(self) -> None:
        """Remove this worker from the list of workers and close every connection."""
        # A frozen server answers nothing, so closing has a time limit: the other workers notice
        # that the heartbeats stopped. The threads of an SQLite file are waited for without limit.
        patience = _FAREWELL_SECONDS if self.is_shared else None
        if self._has_joined and self.is_shared:
            self._has_joined = False
            with suppress(StorageError, TimeoutError):
                async with asyncio.timeout(patience):
                    await self._heartbeat.leave()
        if self._idle_connection is not None:
            await self._idle_connection.close()
            self._idle_connection = None
        await close_engine(self._engine, patience)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        # The SQLite connection is kept between transactions: a checkout from the pool costs as much
        # as a statement.
        connection = self._idle_connection or await self._connected()
        self._idle_connection = None
        try:
            async with connection.begin():
                yield connection
        except BaseException:
            await asyncio.shield(connection.close())
            raise
        if self._is_sqlite:
            self._idle_connection = connection
        else:
            await asyncio.shield(connection.close())

    async def _connected(self) -> AsyncConnection:
        try:
            return await self._engine.connect()
        except unreachable(self._engine) as error:
            reason = f"the database cannot be reached: {kind_of(error)}"
            raise DatabaseUnavailableError(reason) from error

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._one_writer() if self._is_sqlite else nullcontext()

    @asynccontextmanager
    async def _one_writer(self) -> AsyncIterator[None]:
        # SQLite connections that wait to write do so by sleeping: p99 over 400 ms measured. A fair
        # queue in this process costs nothing.
        task = asyncio.current_task()
        if task is not None and task is self._writing:
            raise NestedTransactionError("this task already has a unit of work open")
        async with self._writer:
            self._writing = task
            try:
                yield
            finally:
                self._writing = None


async def _check(connection: AsyncConnection) -> None:
    """Look at every page of the file, but not at the order of its indexes, which takes longer."""
    found = await connection.scalar(text("PRAGMA quick_check(1)"))
    if found != "ok":
        raise DatabaseDamagedError(str(found))


def _upgrade(connection: Connection) -> None:
    # Alembic logs at INFO, even while it is imported. It is imported here because it is slow to
    # import and needed only once.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from storage.engine.upgrade import upgrade  # noqa: PLC0415

    upgrade(connection)


def open_engine(url: URL, *, foreign_keys: bool = True) -> AsyncEngine:
    """Return an engine for a database; raises `StorageError` if the URL names none."""
    if url.get_backend_name() == "sqlite":
        return open_sqlite(url, foreign_keys=foreign_keys)
    engine = create_async_engine(
        url,
        # Errors are logged, and their parameters hold what people wrote.
        hide_parameters=True,
        # Each connection is tested on checkout: one that a server restart cut is replaced.
        pool_pre_ping=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_WAIT_SECONDS,
        connect_args={"timeout": _WAIT_SECONDS, "server_settings": _SERVER_SETTINGS},
        **JSON_COLUMNS,
    )
    connections: WeakSet[Any] = WeakSet()
    event.listen(
        engine.sync_engine, "connect", lambda made, _: connections.add(made.driver_connection)
    )
    _connected_to_servers[engine.sync_engine] = connections
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
    # A connection left open would keep uvloop from closing.
    for connection in list(_connected_to_servers.get(engine.sync_engine, ())):
        connection.terminate()


def unreachable(engine: AsyncEngine) -> tuple[type[Exception], ...]:
    """Return what connecting may raise; SQLAlchemy does not wrap asyncpg's errors there."""
    errors = (OSError, PoolTimeout, DBAPIError)
    driver = getattr(engine.dialect.loaded_dbapi, "asyncpg", None)
    return (*errors, driver.PostgresError, driver.InterfaceError) if driver else errors


def _is_outage(error: DBAPIError) -> bool:
    """Tell whether a retry may succeed (PostgreSQL's manual, appendix A: error codes)."""
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return True
    return str(getattr(error.orig, "sqlstate", None)).startswith(_OUTAGES)


def _reason(error: DBAPIError) -> str:
    is_full = fault_of(error) is Fault.DISK_FULL
    return "the disk is full" if is_full else "the database did not answer"
