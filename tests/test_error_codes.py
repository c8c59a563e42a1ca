"""One table of rulings for the databases' errors: complete, and each ruling kept to."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial

import asyncpg  # type: ignore[import-untyped]  # it has no stubs
import pytest
from dialogue import Speaker, Stage, inside
from postgres import Server
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import InterfaceError as WrappedInterfaceError

from bot.commands.doctor import TEXT as DOCTOR
from bot.messages import TEXT
from storage.database import Database
from storage.engine.changes import Changes
from storage.engine.error_codes import (
    OF_DRIVERS,
    OF_POSTGRESQL,
    OF_SQLITE,
    Fault,
    Remedy,
    Ruling,
)
from storage.engine.errors import DatabaseUnavailableError, UndoneError
from storage.engine.faults import fault_of, remedy_of, ruling_of

# The classes of appendix A of PostgreSQL 18's manual, and one that earlier versions had.
CLASSES = [
    *("00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21"),
    *("22", "23", "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D"),
    *("3F", "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX"),
]
# "Result and Error Codes", all but those of success: 100, 101 and 0.
PRIMARY = range(1, 29)


def of_states() -> list[type[asyncpg.PostgresError]]:
    """Return the driver's class for each error code that it knows."""
    kinds = vars(asyncpg.exceptions).values()
    return [one for one in kinds if isinstance(one, type) and getattr(one, "sqlstate", None)]


def wrapped(error: Exception) -> DBAPIError:
    """Wrap a driver's error as SQLAlchemy does."""
    kind = WrappedInterfaceError if isinstance(error, asyncpg.InterfaceError) else DBAPIError
    made: DBAPIError = kind("SELECT 1", {}, error)
    made.__cause__ = error
    return made


def test_every_class_of_the_manual_has_its_ruling() -> None:
    assert {code[:2] for code in OF_POSTGRESQL} == set(CLASSES)
    assert set(CLASSES) <= OF_POSTGRESQL.keys()
    assert {code & 0xFF for code in OF_SQLITE} == set(PRIMARY)


@pytest.mark.parametrize("ruling", [*OF_POSTGRESQL.values(), *OF_SQLITE.values()])
def test_every_ruling_gives_its_reason_and_is_told(ruling: Ruling) -> None:
    assert ruling.reason
    assert f"database_{ruling.fault}" in TEXT.names


def test_every_fault_has_its_words() -> None:
    assert {f"database_{fault}" for fault in Fault} <= DOCTOR.names
    # What only an examination finds is no error of a start.
    found_only = {Fault.MISSING, Fault.EMPTY, Fault.OUTDATED, Fault.ORPHANS}
    assert {f"database_{fault}" for fault in set(Fault) - found_only} <= TEXT.names


@pytest.mark.parametrize("kind", of_states(), ids=lambda kind: f"{kind.__name__}")
def test_every_code_of_the_driver_is_ruled_on(kind: type[asyncpg.PostgresError]) -> None:
    error = wrapped(kind("on purpose"))
    code = max((one for one in OF_POSTGRESQL if kind.sqlstate.startswith(one)), key=len, default="")
    is_stale = kind is asyncpg.exceptions.InvalidCachedStatementError
    expected = Remedy.AGAIN if is_stale else OF_POSTGRESQL[code].remedy
    assert remedy_of(error) is expected


@pytest.mark.parametrize("name", OF_DRIVERS)
def test_every_class_of_a_driver_exists(name: str) -> None:
    package, _, kind = name.partition(".")
    homes = {"sqlite3": sqlite3, "asyncpg": asyncpg.exceptions}
    found = getattr(homes[package], kind)
    assert ruling_of(found("on purpose")) or getattr(found, "sqlstate", None)


def test_words_tell_apart_what_shares_a_code() -> None:
    stale = asyncpg.FeatureNotSupportedError("cached plan must not change result type")
    assert remedy_of(wrapped(stale)) is Remedy.AGAIN
    assert remedy_of(wrapped(asyncpg.FeatureNotSupportedError("no MERGE"))) is Remedy.SET_ASIDE
    pooled = asyncpg.ProtocolViolationError("unsupported startup parameter: options")
    assert fault_of(pooled) is Fault.POOLER
    assert fault_of(asyncpg.ProtocolViolationError("odd")) is Fault.UNREACHABLE


def of_sqlite(code: int, words: str = "on purpose") -> sqlite3.Error:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", OF_SQLITE)
@pytest.mark.parametrize("extension", [0, 7 << 8])
def test_every_code_of_sqlite_is_ruled_on(code: int, extension: int) -> None:
    ruling = OF_SQLITE[code]
    if code <= max(PRIMARY):
        assert ruling_of(of_sqlite(code | extension)) in {
            ruling,
            OF_SQLITE.get(code | extension, ruling),
        }
    assert remedy_of(wrapped(of_sqlite(code))) is ruling.remedy


def test_a_table_that_is_missing_is_no_wrong_statement() -> None:
    assert remedy_of(wrapped(of_sqlite(1, "no such table: people"))) is Remedy.REFUSE
    assert remedy_of(wrapped(of_sqlite(1, 'near "SELCT": syntax error'))) is Remedy.SET_ASIDE


# From here on, the errors are real.


@pytest.fixture(name="database")
async def database_to_disturb(postgres: Server) -> AsyncIterator[Database]:
    url = await postgres.create(migrated=True)
    database = Database(url, worker="here")
    yield database
    await database.close()
    await postgres.drop(url)


async def run(database: Database, *statements: str) -> None:
    """Run statements in one unit of work."""
    async with database.begin() as work:
        for statement in statements:
            await inside(work.people, "connection").execute(text(statement))


async def name_of(database: Database) -> str:
    async with database.begin() as work:
        connection = inside(work.people, "connection")
        return str(await connection.scalar(text("SELECT current_database()")))


async def cut_others(database: Database) -> None:
    """End every connection of the database, this one's included, as an administrator may."""
    with suppress(DatabaseUnavailableError):
        await run(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() ORDER BY pid = pg_backend_pid()",
        )


REAL: dict[str, tuple[str, type[Exception]]] = {
    "22003": ("SELECT 2147483647 + length('x')", DBAPIError),
    "22012": ("SELECT 1 / length('')", DBAPIError),
    "22P02": ("SELECT CAST(concat('x') AS integer)", DBAPIError),
    "23502": ("INSERT INTO people (telegram_id) VALUES (NULL)", DBAPIError),
    "42601": ("SELCT 1", DBAPIError),
    "42P01": ("SELECT * FROM nowhere", DatabaseUnavailableError),
    "42703": ("SELECT nothing FROM people", DatabaseUnavailableError),
    "3F000": ("CREATE TABLE nowhere.x (id int)", DatabaseUnavailableError),
    "40001": (
        "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40001'; END $$",
        UndoneError,
    ),
    "57014": (
        "DO $$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(9); END $$",
        DatabaseUnavailableError,
    ),
    "57P01": ("SELECT pg_terminate_backend(pg_backend_pid())", DatabaseUnavailableError),
}


@pytest.mark.parametrize("code", REAL)
async def test_what_a_server_really_raises_is_ruled_on(database: Database, code: str) -> None:
    statement, expected = REAL[code]
    with pytest.raises(expected) as raised:
        await run(database, statement)
    error: BaseException | None = raised.value
    states = set()
    while error is not None:
        states.add(getattr(error, "sqlstate", None))
        error = error.__cause__
    assert code in states or code == "57P01"
    # And what comes next works.
    await run(database, "SELECT 1")


@pytest.mark.parametrize("code", sorted({code[:2] for code in OF_POSTGRESQL} - {"00", "01", "02"}))
async def test_every_class_is_ruled_on_as_the_server_raises_it(
    database: Database, code: str
) -> None:
    state = next(
        (kind.sqlstate for kind in of_states() if kind.sqlstate.startswith(code)), f"{code}000"
    )
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
    rulings = [OF_POSTGRESQL[one] for one in (state, state[:3], code) if one in OF_POSTGRESQL]
    with pytest.raises((DBAPIError, DatabaseUnavailableError)) as raised:
        await run(database, statement)
    is_waited_for = isinstance(raised.value, DatabaseUnavailableError)
    assert is_waited_for is (rulings[0].remedy is not Remedy.SET_ASIDE)
    assert isinstance(raised.value, UndoneError) is (rulings[0].remedy is Remedy.AGAIN)
    await run(database, "SELECT 1")


async def test_a_failover_to_a_standby_is_waited_for(database: Database) -> None:
    name = await name_of(database)
    await run(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await cut_others(database)
    with pytest.raises(DatabaseUnavailableError, match="no changes") as raised:
        await database.beat()
    assert fault_of(raised.value) is Fault.READ_ONLY
    await run(
        database,
        "SET TRANSACTION READ WRITE",
        f"ALTER DATABASE {name} SET default_transaction_read_only = off",
    )
    await cut_others(database)
    with suppress(DatabaseUnavailableError):
        await database.beat()
    await database.beat()


async def test_a_plan_that_went_stale_is_made_anew(database: Database) -> None:
    look = "SELECT * FROM counters"
    await run(database, look)
    other = Database(inside(database, "url").render_as_string(hide_password=False))
    await run(other, "ALTER TABLE counters ADD COLUMN more integer")
    await other.close()
    with pytest.raises(UndoneError):
        await run(database, look)
    await run(database, look)


async def test_a_server_without_a_free_connection_is_an_outage(
    database: Database, postgres: Server
) -> None:
    name = await name_of(database)
    await run(database, f"ALTER DATABASE {name} CONNECTION LIMIT 1", "CREATE ROLE guest LOGIN")
    await run(database, "GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    url = postgres.url(name).replace("bot@", "guest@")
    async with database.begin() as work:
        await work.people.seen(1)
        guest = Database(url, worker="guest")
        with pytest.raises(DatabaseUnavailableError) as raised:
            await guest.beat()
        await guest.close()
    assert fault_of(raised.value) is Fault.CROWDED
    await run(database, "DROP OWNED BY guest", "DROP ROLE guest")


async def test_two_that_wait_for_each_other_begin_again(database: Database) -> None:
    await run(database, "INSERT INTO counters (name, value) VALUES ('a', 0), ('b', 0)")
    met = asyncio.Barrier(2)

    async def change(first: str, second: str) -> None:
        async with database.begin() as work:
            connection = inside(work.people, "connection")
            for name in (first, second):
                update = "UPDATE counters SET value = value + 1 WHERE name = :name"
                await connection.execute(text(update), {"name": name})
                if name == first:
                    await met.wait()

    ended = await asyncio.gather(change("a", "b"), change("b", "a"), return_exceptions=True)
    assert [type(one) for one in ended if one] == [UndoneError]


LOOPS = ("inbox", "dispatcher", "update_source", "retention", "backlog")
# One for each remedy and each sort of fault: all codes are ruled on above.
MET = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
)
SURVIVED: list[Callable[[], Exception]] = [
    lambda: asyncpg.exceptions.ReadOnlySQLTransactionError("x"),
    lambda: asyncpg.exceptions.InvalidCachedStatementError("x"),
    lambda: asyncpg.exceptions.SerializationError("x"),
    lambda: asyncpg.exceptions.AdminShutdownError("x"),
    lambda: asyncpg.exceptions.InsufficientPrivilegeError("x"),
    lambda: asyncpg.exceptions.UndefinedTableError("x"),
    lambda: asyncpg.exceptions.UniqueViolationError("x"),
    lambda: asyncpg.InterfaceError("connection is closed"),
    *(partial(of_sqlite, code) for code in MET),
]


@pytest.fixture
def disturbances(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors that the next units of work meet at their commit, one each."""
    due: list[Exception] = []
    write_all = Changes.write_all

    async def fails(changes: Changes) -> None:
        if due:
            raise wrapped(due.pop())
        await write_all(changes)

    monkeypatch.setattr(Changes, "write_all", fails)
    return due


@pytest.mark.parametrize("make", SURVIVED, ids=lambda make: repr(make())[:60])
async def test_the_bot_survives_each(
    sme: Speaker,
    stage: Stage,
    disturbances: list[Exception],
    make: Callable[[], Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever loop meets the error, all go on, and the person is answered."""
    disturbances.extend(make() for _ in range(3))
    stage.messenger.says(sme.user, "/aide")
    await waits(stage, lambda: not disturbances)
    stage.clock.passes(seconds=30)
    parts = stage.running.parts
    parts.inbox_worker.wake()
    parts.dispatcher.wake()
    await stage.settles()
    assert all(not task.done() for name, task in parts.supervisor.tasks.items() if name in LOOPS)
    await sme.says("/aide")
    assert "Ce que vous pouvez faire ici" in sme.text


async def waits(stage: Stage, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await stage.messenger.changed_or(0.02)
