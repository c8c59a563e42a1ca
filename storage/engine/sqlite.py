"""SQLite as this bot uses it: one connection, ready to write, one thread hop a statement."""

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

_BUSY_SECONDS = 5.0
_BUSY_PAUSE_SECONDS = 0.02

_opened: WeakKeyDictionary[AsyncEngine, WeakSet["OneHopConnection"]] = WeakKeyDictionary()


def open_sqlite(url: URL, *, foreign_keys: bool) -> AsyncEngine:
    """Open a database file; raises `StorageError` if the URL names none."""
    if url.database in {None, "", ":memory:"}:
        raise StorageError("an SQLite database must be a file")
    # At DEBUG, the driver writes down the parameters of each statement: what people wrote.
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
        # One is kept by whoever writes; another may look.
        pool_size=1,
        max_overflow=1,
        # A unit of work ends by itself; a second ROLLBACK would be one more hop.
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "begin", _begin_with_next)
    _opened[engine] = connections
    return engine


async def close_sqlite(engine: AsyncEngine) -> None:
    """Close every connection of a database file, also those whose user was cancelled."""
    await engine.dispose()
    for connection in list(_opened[engine]):
        await connection.end()


def _connect(path: str, *, foreign_keys: bool) -> sqlite3.Connection:
    # isolation_level: the driver would otherwise begin by itself, late and DEFERRED.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    # What a person had erased must not stay readable in free pages.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for a lock here: of two processes that start on a new file, one is told
    # "database is locked" at once.
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
    """The cursor that SQLAlchemy expects of aiosqlite, already read when `execute` returns.

    aiosqlite's own makes four hops to its thread a statement (create, execute, fetch, close), and
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
        """Give all the rows."""
        return self._rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _run(self, how: str, statement: str, parameters: Iterable[Any]) -> None:
        cursor = self._connection.raw.cursor()
        try:
            getattr(cursor, how)(statement, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            # SQLite counts the rows of a RETURNING once they are read.
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class OneHopConnection(aiosqlite.Connection):
    """aiosqlite's connection, with that cursor."""

    def __init__(self, path: str, *, foreign_keys: bool) -> None:
        super().__init__(partial(_connect, path, foreign_keys=foreign_keys), iter_chunk_size=64)
        # SQLAlchemy does as much: a connection that is forgotten must not keep the process alive.
        self._thread.daemon = True
        # A transaction begins on the hop of its first statement; without one, it never does.
        self._is_due = False
        self._is_used = False

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection of the standard library, for use in its thread."""
        return self._conn

    def cursor(self) -> OneHopCursor:  # type: ignore[override]  # SQLAlchemy asks for less
        """Give a cursor, without a hop."""
        return OneHopCursor(self)

    def begin_with_next(self) -> None:
        """Begin a transaction when its first statement comes."""
        self._is_due, self._is_used = True, False

    async def commit(self) -> None:
        """Commit; nothing where there was no statement."""
        if self._is_used:
            await super().commit()

    async def rollback(self) -> None:
        """Undo; nothing where there was no statement."""
        if self._is_used:
            await super().rollback()

    async def close(self) -> None:
        """Close the connection; nothing where somebody else closes it already."""
        if self._running:
            await super().close()

    def stop(self) -> asyncio.Future[None] | None:
        """Have the thread close the connection and end, once it has done what it was given.

        aiosqlite's own gives a future each time, and of two callers one waits for ever: the thread
        has ended when the second one's turn comes.
        """
        if not self._running:
            return None
        return super().stop()

    async def end(self) -> None:
        """Wait until the thread has ended; it answers to the event loop, which may close then."""
        self.stop()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def in_thread(self, function: partial[None]) -> None:
        """Run a function in the connection's thread, in the transaction that was announced."""
        # What is due goes with the function: a cancelled one may still run, after its transaction.
        begins, self._is_due, self._is_used = self._is_due, False, True
        await self._execute(partial(self._begun, function) if begins else function)  # type: ignore[no-untyped-call]  # aiosqlite leaves it so

    def _begun(self, function: partial[None]) -> None:
        # A DEFERRED transaction that reads, then writes, fails at once with "database is locked"
        # when another process wrote in between: no timeout helps it.
        self.raw.execute("BEGIN IMMEDIATE")
        function()
