"""PostgreSQL as this bot uses it: what its connections ask for, directly or through a pooler."""

import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, AdaptedConnection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.engine.address import FILES, one, places
from storage.engine.error_codes import Fault
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.json_columns import JSON_COLUMNS

_CONNECTIONS = 10
_WAIT_SECONDS = 10.0
_NAME = "territoires-industrie-bot"
# What holds for a transaction, and can be asked for at its beginning as well.
_TRANSACTION_SETTINGS = {
    # A frozen worker must not hold the locks that the other workers wait for.
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    # Waiting rows are read in index order: with bitmap scans and a sort instead, a backlog of
    # 20,000 rows made a claim take 100 ms instead of 1.
    "enable_bitmapscan": "off",
    # Compiling these short queries takes longer than running them.
    "jit": "off",
}
_CONNECTION_SETTINGS = _TRANSACTION_SETTINGS | {"tcp_keepalives_idle": "30"}
_ASK_AT_BEGIN = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', true)" for name, value in _TRANSACTION_SETTINGS.items()
)
# A pooler gives each transaction another session: nothing prepared outlives it, and a name might be
# that of another client. Unnamed statements live as long as they are needed.
_THROUGH_A_POOLER: dict[str, Any] = {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
    "statement_cache_size": 0,
}
# The options that asyncpg reads from an address of its own.
_OF_DSN = FILES | {
    "sslmode", "sslpassword", "sslnegotiation", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "target_session_attrs", "krbsrvname", "gsslib", "service",
}  # fmt: skip
_NUMBERS: dict[str, Callable[[str], object]] = {
    "command_timeout": float,
    "statement_cache_size": int,
    "prepared_statement_cache_size": int,
}
# A prepared statement has a name that another client gave, or is not known.
_OF_ANOTHER_SESSION = {"42P05", "26000"}
_SERVER_OPTIONS = ("application_name", "options")

# The driver's connections to each server: those still open after a polite close are terminated.
_connected: WeakKeyDictionary[Engine, WeakSet[Any]] = WeakKeyDictionary()


def open_server(url: URL) -> AsyncEngine:
    """Return an engine for the server that an address names."""
    engine = create_async_engine(
        url.set(host=None, port=None, query={}),
        # Errors are logged, and their parameters hold what people wrote.
        hide_parameters=True,
        # Each connection is tested on checkout: one that a server restart cut is replaced.
        pool_pre_ping=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_WAIT_SECONDS,
        connect_args=connect_arguments(url),
        **JSON_COLUMNS,
    )
    sessions = _Sessions()
    event.listen(engine.sync_engine, "do_connect", sessions.connect)
    event.listen(engine.sync_engine, "begin", sessions.begin)
    event.listen(engine.sync_engine, "handle_error", _as_outage)
    connections: WeakSet[Any] = WeakSet()
    event.listen(
        engine.sync_engine, "connect", lambda made, _: connections.add(made.driver_connection)
    )
    _connected[engine.sync_engine] = connections
    return engine


def _as_outage(context: ExceptionContext) -> DatabaseUnavailableError | None:
    """Return our error for the system's, a time-out too: the driver raises them as they are.

    Otherwise the update under way would be set aside for an outage.
    """
    if not isinstance(context.original_exception, OSError):
        return None
    return DatabaseUnavailableError("the database did not answer", Fault.UNREACHABLE)


def terminate(engine: AsyncEngine) -> None:
    """Cut the connections still open: one left open would keep uvloop from closing."""
    for connection in list(_connected.get(engine.sync_engine, ())):
        connection.terminate()


def connect_arguments(url: URL) -> dict[str, Any]:
    """Return what asyncpg is told to connect, by SQLAlchemy's and libpq's options of an address."""
    timeout = one(url, "connect_timeout") or one(url, "timeout")
    # To libpq, no time at all means to wait for ever: nothing here waits so long.
    arguments: dict[str, Any] = {"timeout": float(timeout or 0) or _WAIT_SECONDS}
    found = places(url)
    if found:
        arguments |= {"host": [host for host, _ in found], "port": [port for _, port in found]}
    elif port := url.port or one(url, "port"):
        arguments["port"] = int(port)
    arguments |= {name: read(one(url, name)) for name, read in _NUMBERS.items() if one(url, name)}
    ours = {name: one(url, name) for name in _SERVER_OPTIONS if one(url, name)}
    arguments["server_settings"] = {"application_name": _NAME} | ours
    return arguments | _encryption(url)


def _encryption(url: URL) -> dict[str, Any]:
    names = url.query.keys() & _OF_DSN
    options = {name: _whole(name, one(url, name)) for name in sorted(names)}
    if mode := one(url, "ssl"):
        options.setdefault("sslmode", "require" if mode == "true" else mode)
    if options.get("sslrootcert") == "system":
        # What libpq calls so: the authorities that this machine trusts.
        del options["sslrootcert"]
        options.pop("sslmode", None)
        return {"ssl": ssl.create_default_context(), "dsn": _dsn(options)}
    return {"dsn": _dsn(options)} if options else {}


def _dsn(options: dict[str, str]) -> str:
    return f"postgresql://?{urlencode(options)}" if options else "postgresql://"


def _whole(name: str, value: str) -> str:
    is_path = name in FILES and value != "system"
    return str(Path(value).expanduser()) if is_path else value


class _AsyncpgConnection(Protocol):
    """What is used of asyncpg's connection, which has no type stubs."""

    def transaction(self) -> AbstractAsyncContextManager[None]: ...

    async def fetchval(self, query: str) -> object: ...


class _Sessions:
    """How an engine's connections begin: each is a session of its own, unless a pooler is met.

    A pooler such as PgBouncer lends sessions for one transaction. It either refuses settings of a
    connection, or takes them and lets them fall; both show that it is there.
    """

    def __init__(self) -> None:
        self._are_own: bool | None = None

    def connect(
        self, dialect: Dialect, _record: object, positional: list[Any], arguments: dict[str, Any]
    ) -> DBAPIConnection:
        """Connect, with settings for the whole connection where it is a session of its own."""
        if self._are_own is not False:
            connection = self._directly(dialect, positional, arguments)
            if connection is not None:
                return connection
        return dialect.connect(*positional, **(arguments | _THROUGH_A_POOLER))

    def begin(self, connection: Connection) -> None:
        """Ask for the settings of a transaction where the connection could not keep them."""
        if not self._are_own:
            connection.exec_driver_sql(_ASK_AT_BEGIN)

    def _directly(
        self, dialect: Dialect, positional: list[Any], arguments: dict[str, Any]
    ) -> DBAPIConnection | None:
        """Connect as to the server itself; None where a pooler was met instead."""
        settings = _CONNECTION_SETTINGS | arguments["server_settings"]
        try:
            connection = dialect.connect(*positional, **(arguments | {"server_settings": settings}))
        except Exception as error:
            if not _may_be_of_pooler(error):
                raise
            # A pooler's words may be lost with the connection: it is then known by whether a
            # connection without these settings works.
            self._are_own = False if _is_refused_setting(error) else None
            return None
        if self._are_own is None and isinstance(connection, AdaptedConnection):
            self._are_own = connection.run_async(_keeps_settings)
        if self._are_own:
            return connection
        dialect.do_terminate(connection)
        return None


def _may_be_of_pooler(error: BaseException) -> bool:
    return str(getattr(error, "sqlstate", None)).startswith("08")


def _is_refused_setting(error: BaseException) -> bool:
    words = str(error)
    return "unsupported startup parameter" in words and any(
        name in words for name in _CONNECTION_SETTINGS
    )


async def _keeps_settings(session: _AsyncpgConnection) -> bool:
    """Tell whether a session has the settings that its connection asked for."""
    name, value = next(iter(_TRANSACTION_SETTINGS.items()))
    try:
        async with session.transaction():
            return bool(await session.fetchval(f"SELECT current_setting('{name}')") == value)
    except Exception as error:
        if getattr(error, "sqlstate", None) in _OF_ANOTHER_SESSION:
            return False
        raise
