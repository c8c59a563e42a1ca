"""SQLite as this bot uses it: one writing connection, with one thread hop per statement."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Self
from weakref import WeakKeyDictionary, WeakSet

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.engine.errors import StorageError
from storage.engine.json_columns import JSON_COLUMNS
from storage.engine.scrubbing import scrub

_BUSY_SECONDS = 5.0
_BUSY_PAUSE_SECONDS = 0.02

_opened: WeakKeyDictionary[AsyncEngine, WeakSet["OneHopConnection"]] = WeakKeyDictionary()


def open_sqlite(url: URL, *, foreign_keys: bool) -> AsyncEngine:
    """Return an engine for a database file; raises `StorageError` if the URL names none."""
    if url.database in {None, "", ":memory:"}:
        raise StorageError("an SQLite database must be a file")
    # At DEBUG, the driver logs the parameters of each statement, which hold what people wrote.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    connections: WeakSet[OneHopConnection] = WeakSet()

    def new_connection() -> OneHopConnection:
        connection = OneHopConnection(str(url.database), foreign_keys=foreign_keys)
        connections.add(connection)
        return connection

    engine = create_async_engine(
        url,
        hide_parameters=True,
        async_creator=new_connection,
        **JSON_COLUMNS,
        # The writer keeps one connection; a second one is left for reading.
        pool_size=1,
        max_overflow=1,
        # Each unit of work ends its transaction: a ROLLBACK on return would be one more hop.
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "begin", _begin_with_next)
    _opened[engine] = connections
    return engine


async def close_sqlite(engine: AsyncEngine) -> None:
    """Close every connection of a database file, even those whose task was cancelled."""
    await engine.dispose()
    for connection in list(_opened[engine]):
        await connection.end()


def _connect(path: str, *, foreign_keys: bool) -> sqlite3.Connection:
    # isolation_level=None: otherwise the driver itself begins transactions, late and DEFERRED.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    # Data that a person asked to erase must not stay readable in free pages.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    # The busy timeout does not apply to this statement: of two processes that start on a new file,
    # one gets "database is locked" at once.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_PAUSE_SECONDS)
        else:
            return


def _begin_with_next(connection: Connection) -> None:
    driver_connection: OneHopConnection = connection.connection.driver_connection  # type: ignore[assignment]  # opened above
    driver_connection.begin_with_next()


class OneHopCursor:
    """The cursor that SQLAlchemy expects of aiosqlite, with all rows fetched by `execute`.

    aiosqlite's own cursor makes four thread hops per statement (create, execute, fetch, close), and
    hops are most of what a small transaction costs: measured 2.1 ms against 1.2 ms.
    """

    def __init__(self, connection: "OneHopConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Iterable[Any] = ()) -> None:
        """Run a statement once."""
        await self._connection.in_thread(partial(self._run, "execute", statement, parameters))

    async def executemany(self, statement: str, parameters: Iterable[Any]) -> None:
        """Run a statement once for each set of parameters."""
        await self._connection.in_thread(partial(self._run, "executemany", statement, parameters))

    async def fetchall(self) -> list[Any]:
        """Return all the rows."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: `execute` has closed the underlying cursor."""

    def _run(self, how: str, statement: str, parameters: Iterable[Any]) -> None:
        cursor = self._connection.raw.cursor()
        try:
            getattr(cursor, how)(statement, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            # SQLite sets the row count of a RETURNING only once its rows are fetched.
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class OneHopConnection(aiosqlite.Connection):
    """aiosqlite's connection, with `OneHopCursor` as its cursor."""

    def __init__(self, path: str, *, foreign_keys: bool) -> None:
        super().__init__(partial(_connect, path, foreign_keys=foreign_keys), iter_chunk_size=64)
        # As SQLAlchemy does: a connection never closed must not keep the process alive.
        self._thread.daemon = True
        # BEGIN shares the hop of the transaction's first statement; without one, no BEGIN is sent.
        self._is_due = False
        self._is_used = False

    @property
    def raw(self) -> sqlite3.Connection:
        """The `sqlite3` connection, for use in its own thread only."""
        return self._conn

    def cursor(self) -> OneHopCursor:  # type: ignore[override]  # SQLAlchemy asks for less
        """Return a cursor, without a thread hop."""
        return OneHopCursor(self)

    def begin_with_next(self) -> None:
        """Begin a transaction together with the next statement."""
        self._is_due, self._is_used = True, False

    async def commit(self) -> None:
        """Commit; does nothing if no statement ran."""
        if self._is_used:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back; does nothing if no statement ran."""
        if self._is_used:
            await super().rollback()

    async def close(self) -> None:
        """Close the connection; does nothing if it is closed or closing."""
        if self._running:
            await super().close()

    def stop(self) -> asyncio.Future[None] | None:
        """Have the thread close the connection and end, after its pending work.

        aiosqlite's own returns a future on each call, and a second caller waits for ever: the
        thread has ended before it reaches that caller's request.
        """
        if not self._running:
            return None
        return super().stop()

    async def end(self) -> None:
        """Wait until the thread has ended: it calls the event loop, which must not close before."""
        self.stop()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def scrub(self) -> bool:
        """Make the file forget what was deleted, outside a transaction; see `scrubbing.scrub`."""
        done: bool = await self._execute(partial(scrub, self.raw))  # type: ignore[no-untyped-call]  # aiosqlite leaves it so
        return done

    async def in_thread(self, function: partial[None]) -> None:
        """Run a function in the connection's thread, after BEGIN if a transaction is due."""
        # BEGIN is bound to this function: a cancelled function may still run after its transaction,
        # and must not begin the next one.
        begins, self._is_due, self._is_used = self._is_due, False, True
        await self._execute(partial(self._begun, function) if begins else function)  # type: ignore[no-untyped-call]  # aiosqlite leaves it so

    def _begun(self, function: partial[None]) -> None:
        # IMMEDIATE: a DEFERRED transaction that reads, then writes, fails at once with "database is
        # locked" if another process wrote in between, whatever the busy timeout.
        self.raw.execute("BEGIN IMMEDIATE")
        function()
