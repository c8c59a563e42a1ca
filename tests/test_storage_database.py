"""One unit of work is one transaction: whole or not at all, one writer at a time."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from dialogue import inside, put_inside
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError, StatementError
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    START,
    Clock,
    database_url,
    known,
    migrated_database,
    other_process,
    rows,
    stopped_clock,
    to_person,
)

from storage.database import Database, utc_now
from storage.engine.errors import (
    DatabaseUnavailableError,
    NaiveTimeError,
    NestedTransactionError,
    StorageError,
)
from storage.engine.schema import people
from storage.queues.inbox import Received
from storage.records.drafts import Draft

SLOW = """WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT 300000)
SELECT count(*) FROM counted"""


async def test_what_a_unit_of_work_changed_is_there_for_the_next(database: Database) -> None:
    async with database.begin() as work:
        await work.people.seen(7)
        await work.outbox.add(to_person(7))

    async with database.begin() as work:
        assert await known(work, 7) is not None
        assert await work.outbox.waiting_count() == 1


async def test_an_exception_undoes_everything(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add([Received(1, 7, "{}")])

    async def fail() -> None:
        async with database.begin() as work:
            await work.people.seen(7)
            await work.outbox.add(to_person(7))
            await work.inbox.done([1])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    async with database.begin() as work:
        assert await known(work, 7) is None
        assert await work.outbox.waiting_count() == 0
        assert await work.inbox.backlog() == 1


async def test_a_cancelled_unit_of_work_is_undone_and_the_next_one_works(
    database: Database,
) -> None:
    inside = asyncio.Event()

    async def never_ending() -> None:
        async with database.begin() as work:
            await work.people.seen(7)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ending())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.begin() as work:
        assert await known(work, 7) is None
        await work.people.seen(8)
    assert [row["telegram_id"] for row in await rows(database, "people")] == [8]


# Cancelled while it connects, asyncpg leaves the half-open connection to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
async def test_units_of_work_cancelled_anywhere_never_leave_half(database: Database) -> None:
    async def pair(number: int) -> None:
        async with database.begin() as work:
            await work.people.seen(number)
            await work.outbox.add(to_person(number))

    for number in range(30):
        task = asyncio.create_task(pair(number))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    known = {row["telegram_id"] for row in await rows(database, "people")}
    assert known == {row["chat_id"] for row in await rows(database, "outbox")}
    await pair(100)
    assert 100 in {row["telegram_id"] for row in await rows(database, "people")}


_INTERRUPTED = """
import asyncio, sys
from storage.database import Database

async def main():
    async with Database(sys.argv[1]).begin() as work:
        await work.people.seen(7)
        print("written", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_killed_process_leaves_nothing_half_done(database: Database, url: str) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220, S603
        [sys.executable, "-c", _INTERRUPTED, url], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()

    async with database.begin() as work:
        assert await known(work, 7) is None
        await work.people.seen(7)


@ON_SQLITE
async def test_a_task_that_would_wait_for_itself_is_told(database: Database) -> None:
    async with database.begin():
        with pytest.raises(NestedTransactionError):
            async with database.begin():
                pytest.fail("it went in")
    async with database.begin() as work:
        await work.people.seen(7)


@ON_SQLITE
async def test_many_tasks_and_processes_write_in_turn(database: Database, other: Database) -> None:
    async def visit(through: Database, number: int) -> None:
        async with through.begin() as work:
            found = await known(work, 1)
            seen = 0 if found is None else (found.last_seen_at - START).seconds
            put_inside(work.people, "now", START + timedelta(seconds=seen + 1))
            await work.people.seen(1)
            await work.people.seen(1000 + number)

    await asyncio.gather(*(visit((database, other)[number % 2], number) for number in range(40)))

    stored = await rows(database, "people")
    assert len(stored) == 41
    # Each read what the one before had written: no update was lost.
    assert stored[0]["last_seen_at"].startswith("2026-03-02 09:00:40")


async def test_a_unit_of_work_has_one_time(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        clock.advance(hours=1)
        assert work.now == START
        assert (await work.people.seen(7)).created_at == START


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    elsewhere = (START + timedelta(minutes=10)).astimezone(timezone(timedelta(hours=2)))
    async with database.begin() as work:
        await work.inbox.add([Received(1, 7, "{}")])
        await work.inbox.postpone(1, elsewhere)
        due = await work.inbox.next_due()
    assert due == elsewhere
    assert due is not None
    assert due.tzinfo is UTC


async def test_a_time_without_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 7, 1, 12)  # noqa: DTZ001 (what is refused)
    async with database.begin() as work:
        with pytest.raises(StatementError) as refusal:
            await work.inbox.postpone(1, naive)
    assert isinstance(refusal.value.orig, NaiveTimeError)


@ON_SQLITE
async def test_the_connection_is_set_as_decided(database: Database) -> None:
    expected = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "synchronous": 1,
        "secure_delete": 1,
    }
    async with database.begin() as work:
        connection = inside(work.people, "connection")
        for pragma, value in expected.items():
            assert (await connection.scalar(text(f"PRAGMA {pragma}"))) == value


@ON_SQLITE
async def test_a_database_that_stays_locked_is_an_error_that_can_be_tried_again(
    database: Database, url: str
) -> None:
    async with database.begin() as work:
        await inside(work.people, "connection").exec_driver_sql("PRAGMA busy_timeout = 1")
    path = make_url(url).database
    assert path is not None
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailableError):
        async with database.begin() as work:
            await work.people.seen(6)
    holder.execute("ROLLBACK")
    holder.close()

    async with database.begin() as work:
        await work.people.seen(7)
    assert [row["telegram_id"] for row in await rows(database, "people")] == [7]


def of_a_connection() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker" in thread.name}


@ON_SQLITE
@pytest.mark.parametrize("is_connected", [False, True])
@pytest.mark.parametrize("cancelled", [1, 2])
async def test_once_closed_no_thread_of_a_connection_is_left_whoever_was_cancelled(
    url: str, cancelled: int, monkeypatch: pytest.MonkeyPatch, *, is_connected: bool
) -> None:
    # A thread that answers to a loop that is closed by then fails, out of everyone's reach.
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    connecting, may_connect, at_work = threading.Event(), threading.Event(), asyncio.Event()

    def held(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connecting.set()
        assert may_connect.wait(10)
        return connect(*args, **kwargs)

    async def work() -> None:
        async with closing.begin() as work:
            await inside(work.people, "connection").execute(text("SELECT 1"))
            at_work.set()
            await inside(work.people, "connection").execute(text(SLOW))

    monkeypatch.setattr(sqlite3, "connect", held)
    before, closing = of_a_connection(), Database(url)
    task = asyncio.create_task(work())
    assert await asyncio.to_thread(connecting.wait, 10)
    if is_connected:
        may_connect.set()
        await asyncio.wait_for(at_work.wait(), 10)
    for _ in range(cancelled):
        task.cancel()
        await asyncio.sleep(0)
    may_connect.set()
    async with asyncio.timeout(10):
        await asyncio.gather(task, return_exceptions=True)
        await closing.close()
    assert of_a_connection() <= before


@ON_SQLITE
async def test_what_is_only_looked_at_waits_for_no_writer(database: Database, url: str) -> None:
    holder = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    async with database.begin() as work:
        assert work.now == START
    holder.execute("ROLLBACK")
    holder.close()


async def test_errors_and_logs_do_not_quote_what_people_wrote(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "my number is 0612345678"  # noqa: S105

    async def fail() -> None:
        async with database.begin() as work:
            await work.inbox.add([Received(1, 7, secret)])
            await inside(work.inbox, "connection").execute(
                text("INSERT INTO nowhere VALUES (:body)"), {"body": secret}
            )

    with pytest.raises((DatabaseUnavailableError, ProgrammingError)) as failure:
        await fail()
    assert secret not in "".join(traceback.format_exception(failure.value))
    assert secret not in caplog.text


async def test_the_folder_of_the_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    database = Database(f"sqlite+aiosqlite:///{folder}/bot.db")
    await database.migrate()
    await database.close()
    assert (folder / "bot.db").exists()
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///:memory:", "sqlite+aiosqlite://"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StorageError, match="must be a file"):
        Database(url)


async def test_without_a_clock_it_is_now(url: str) -> None:
    database = Database(url)
    async with database.begin() as work:
        assert abs(work.now - utc_now()) < timedelta(minutes=1)
    await database.close()


async def test_a_row_that_refers_to_nobody_is_refused(database: Database) -> None:
    async with database.begin() as work:
        work.drafts.save(Draft(404, "interest", "company"))
        with pytest.raises(IntegrityError):
            await work.changes.write_all()


@ON_SQLITE
async def test_many_rows_may_go_in_one_statement(database: Database) -> None:
    """What the one-hop cursor must give SQLAlchemy besides single statements."""
    times = {"created_at": START, "last_seen_at": START}
    async with inside(database, "engine").begin() as connection:
        result = await connection.execute(
            people.insert(), [{"telegram_id": number, **times} for number in (7, 8, 9)]
        )
        assert result.rowcount == 3
    assert [row["telegram_id"] for row in await rows(database, "people")] == [7, 8, 9]


async def test_aiosqlite_has_the_private_attributes_that_are_used(tmp_path: Path) -> None:
    # Nothing promises them: pyproject.toml keeps to the minor version that has them.
    async with aiosqlite.connect(tmp_path / "bot.db") as connection:
        assert isinstance(inside(connection, "thread"), threading.Thread)
        assert inside(connection, "running") is True
        assert isinstance(inside(connection, "conn"), sqlite3.Connection)
        thread = await inside(connection, "execute")(threading.current_thread)
        assert thread is inside(connection, "thread")
