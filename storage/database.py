"""The database: opening, migrating, and giving access to it one transaction at a time."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.address import parse_address
from storage.engine.engines import (
    check_encoding,
    check_pages,
    close_engine,
    open_engine,
    unreachable,
)
from storage.engine.errors import (
    DatabaseUnavailableError,
    NestedTransactionError,
    StorageError,
    UndoneError,
)
from storage.engine.faults import SPOILT, Fault, Remedy, fault_of, kind_of, remedy_of
from storage.engine.file_lock import make_folder
from storage.engine.keys_in_use import check_keys
from storage.engine.places import at_place, make_private
from storage.engine.revision import NEWEST, is_newest
from storage.engine.scrubbing import Scrubber
from storage.engine.sqlite import OneHopConnection
from storage.engine.vault import Vault
from storage.heartbeat import Heartbeat
from storage.unit_of_work import UnitOfWork
from storage.workers.isolation import Isolation
from storage.workers.registry import new_worker

logger = logging.getLogger(__name__)

# An SQLite file has one process: the claims of its previous run are its own, under this name.
_ONLY_WORKER = "only"
_FAREWELL_SECONDS = 3.0
_NO_ANSWER = "the database did not answer"
_REASONS = {
    Fault.DISK_FULL: "the disk is full",
    Fault.DISK_FAILS: "the disk does not read or write",
    Fault.READ_ONLY: "the server takes no changes",
    Fault.CROWDED: "the server has no connection or no memory left",
    Fault.LOCKED: "the database is locked",
    Fault.NO_RIGHTS: "the account may not do this",
    Fault.NO_TABLES: "a table is missing",
    Fault.DAMAGED: "the database is damaged",
    Fault.NOT_A_DATABASE: "the file is no database",
    Fault.NO_PLACE: "the file cannot be written",
    Fault.WRONG_ENCODING: "the database is not in UTF-8",
}


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """One database, SQLite or PostgreSQL, named by an SQLAlchemy URL with an async driver."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        worker: str | None = None,
        keys: Sequence[str] = (),
    ) -> None:
        """Open it; ``keys`` encrypt what people wrote: the first encrypts, all decrypt."""
        self._url = parse_address(url)
        self._clock = clock
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        if self._is_sqlite and self._url.database:
            make_folder(Path(self._url.database))
            make_private(Path(self._url.database))
        self.vault = Vault(keys)
        self._engine = open_engine(self._url, vault=self.vault)
        self.worker = worker or (_ONLY_WORKER if self._is_sqlite else new_worker())
        self._scrubber = Scrubber(self.scrub)
        self.isolation = Isolation(self.worker)
        self._heartbeat = Heartbeat(self.begin, self.worker, isolation=self.isolation)
        self._has_joined = False
        self._idle_connection: AsyncConnection | None = None
        self._writer = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None
        self._damage: DatabaseUnavailableError | None = None
        self._is_damaged = asyncio.Event()

    async def damage(self) -> DatabaseUnavailableError:
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

        `DatabaseLockedUpError` if its texts were encrypted with a key that was not given, and
        `DatabaseDamagedError` if a page of an SQLite file is damaged: most statements would work,
        and the others fail again and again.
        """
        # With foreign keys on, rebuilding a table would empty the tables that refer to it.
        engine = open_engine(self._url, foreign_keys=False)
        try:
            async with engine.begin() as connection:
                await check_encoding(connection)
                if self._is_sqlite:
                    await check_pages(connection)
                if not await connection.run_sync(is_newest):
                    await connection.run_sync(_upgrade)
                await check_keys(connection, self.vault)
        except unreachable(engine) as error:
            reason = f"the database cannot be brought up to date: {kind_of(error)}"
            raise DatabaseUnavailableError(reason, self._fault(error)) from error
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

        What a former run of the same name still claims is freed, and counts a crash: a run that
        ends in order leaves no claims. Where the database is shared, ``keep_beating`` must run
        from now on.
        """
        async with self.begin() as work:
            freed = await work.workers.free_crashed(self.worker)
            await work.sealing.check()
        # The former run may have died between an erasure and the scrubbing of the file.
        self._scrubber.demand()
        if freed:
            logger.warning("the former run died; %d of its claims are freed", freed)
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
            with self._faults():
                async with self._transaction() as connection:
                    work = UnitOfWork(connection, self._clock())
                    yield work
                    await work.changes.write_all()
            if work.changes.erases:
                self._scrubber.demand()

    async def keep_scrubbed(self) -> None:
        """Scrub an SQLite file after each erasure, until cancelled."""
        await self._scrubber.run()

    async def scrub(self) -> bool:
        """Make an SQLite file forget what was deleted; False if another program reads it now.

        Raises DatabaseUnavailableError where the disk is full or fails. PostgreSQL reuses the room
        by itself (VACUUM): there, nothing is done.
        """
        if not self._is_sqlite:
            return True
        async with self._turn():
            with self._faults():
                return await self._scrub()

    async def _scrub(self) -> bool:
        connection = self._idle_connection or await self._connected()
        self._idle_connection = None
        try:
            raw = await connection.get_raw_connection()
            driver: OneHopConnection = raw.driver_connection  # type: ignore[assignment]  # opened by open_sqlite
            return await driver.scrub()
        finally:
            await asyncio.shield(connection.close())

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Raise our error in the place of a driver's, and note damage, also that met on opening."""
        try:
            yield
        except DatabaseUnavailableError as error:
            self._note_damage(error)
            raise
        except (DBAPIError, sqlite3.Error) as error:
            if (unavailable := self._unavailable(error)) is None:
                raise
            self._note_damage(unavailable)
            raise unavailable from error

    def _note_damage(self, unavailable: DatabaseUnavailableError) -> None:
        # A server is mended by whoever looks after it; no process of ours needs to end.
        if self._is_sqlite and unavailable.fault in SPOILT and not self.is_damaged:
            logger.error("the database file is damaged")
            self._damage = unavailable
            self._is_damaged.set()

    async def close(self) -> None:
        """Remove this worker from the list of workers and close every connection."""
        # A frozen server answers nothing, so closing has a time limit: the other workers notice
        # that the heartbeats stopped. The threads of an SQLite file are waited for without limit.
        patience = _FAREWELL_SECONDS if self.is_shared else None
        if self._has_joined:
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
            raise DatabaseUnavailableError(reason, self._fault(error)) from error

    def _unavailable(self, error: Exception) -> DatabaseUnavailableError | None:
        """Return our error for a driver's; None where what was to be written is at fault."""
        match remedy_of(error):
            case Remedy.SET_ASIDE:
                return None
            case Remedy.AGAIN:
                return UndoneError("another transaction got in the way")
        fault = self._fault(error)
        return DatabaseUnavailableError(_REASONS.get(fault, _NO_ANSWER), fault)

    def _fault(self, error: Exception) -> Fault:
        """Return the fault behind a driver's error; for a file, what its place tells of it."""
        fault = fault_of(error)
        return at_place(fault, Path(self._url.database or "")) if self._is_sqlite else fault

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


def _upgrade(connection: Connection) -> None:
    # Alembic logs at INFO, even while it is imported. It is imported here because it is slow to
    # import and needed only once.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from storage.engine.upgrade import upgrade  # noqa: PLC0415

    upgrade(connection)
