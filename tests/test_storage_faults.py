"""The database away, restarted or full: it is said as such, and what comes next works again."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from dialogue import Speaker, Stage, inside
from postgres import Server
from sqlalchemy import text
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    ON_SQLITE,
    database_url,
    known,
    migrated_database,
    other_process,
    stopped_clock,
    to_person,
)

from storage.database import Database
from storage.engine.errors import DatabaseUnavailableError, InboxFullError
from storage.engine.faults import kind_of
from storage.heartbeat import Heartbeat
from storage.queues.inbox import Capacity, Received


def received(*update_ids: int, body: str = "{}") -> list[Received]:
    return [Received(number, 7, body) for number in update_ids]


@pytest.fixture(name="server")
def server_to_stop(postgres: Server) -> Iterator[Server]:
    """A server that the test may stop, if it starts it again."""
    yield postgres
    if not postgres.is_running:
        postgres.start()


async def remember(database: Database, number: int) -> None:
    async with database.begin() as work:
        await work.people.seen(number)


async def cut(database: Database, server: Server, first: int, *others: int) -> None:
    """Restart the server in the middle of a unit of work."""
    async with database.begin() as work:
        await work.people.seen(first)
        server.stop()
        server.start()
        for number in others:
            await work.people.seen(number)


async def test_a_server_that_restarts_is_met_again(server: Server) -> None:
    database = Database(await server.create(migrated=True))
    await asyncio.gather(*(remember(database, number) for number in range(8)))
    server.stop()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            await remember(database, 8)
    with pytest.raises(DatabaseUnavailableError):
        await database.migrate()
    server.start()
    await asyncio.gather(*(remember(database, number) for number in range(8, 16)))
    with pytest.raises(DatabaseUnavailableError):
        await cut(database, server, 16, 17)
    async with database.begin() as work:
        assert await known(work, 15) is not None
        assert await known(work, 16) is None
    await database.close()


async def test_a_statement_that_takes_too_long_is_an_outage(server: Server) -> None:
    """The driver raises the time-out as it is: no update is at fault."""
    url = await server.create(migrated=True)
    holder, database = Database(url), Database(f"{url}&command_timeout=0.2")
    async with holder.begin() as work:
        locked = text("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        await inside(work.people, "connection").execute(locked)
        with pytest.raises(DatabaseUnavailableError):
            await remember(database, 1)
    await remember(database, 2)
    for each in (holder, database):
        await each.close()


async def test_a_server_cut_at_the_commit_is_an_outage(server: Server) -> None:
    database = Database(await server.create(migrated=True))
    with pytest.raises(DatabaseUnavailableError):
        await cut(database, server, 1)
    await remember(database, 2)
    await database.close()


async def test_nobody_dies_of_an_outage(server: Server) -> None:
    """Workers that could not beat while the server was away are not taken for dead after it."""
    database = Database(await server.create(migrated=True), worker="here")
    seconds = 0.0
    observer = Heartbeat(database.begin, "there", monotonic=lambda: seconds)
    await Heartbeat(database.begin, "here").beat()
    await observer.watch()
    server.stop()
    seconds = 1000.0
    await observer.watch()
    server.start()
    await observer.watch()
    assert observer.count == 2
    await database.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://bot@127.0.0.1:1/bot",
        "postgresql+asyncpg://bot@/bot?host=/nowhere",
    ],
)
async def test_a_server_that_is_not_there_is_an_outage(url: str) -> None:
    database = Database(url)
    for attempt in (database.migrate(), remember(database, 1)):
        with pytest.raises(DatabaseUnavailableError):
            await attempt
    await database.close()


async def test_a_database_that_does_not_exist_is_an_outage(postgres: Server) -> None:
    database = Database(postgres.url("nowhere"))
    with pytest.raises(DatabaseUnavailableError, match="InvalidCatalogNameError"):
        await remember(database, 1)
    await database.close()


async def test_an_error_of_ours_is_no_outage(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.begin():
            raise FileNotFoundError
    with pytest.raises(ConnectionRefusedError):
        async with database.begin():
            raise ConnectionRefusedError


async def be_impatient(database: Database) -> None:
    async with inside(database, "engine").connect() as connection:
        await connection.execute(text("SET lock_timeout = '1ms'"))
        await connection.commit()


@ON_POSTGRESQL
async def test_what_is_locked_too_long_can_be_tried_again(
    database: Database, other: Database
) -> None:
    await remember(database, 7)
    await be_impatient(other)
    async with database.begin() as work:
        await work.people.seen(7)
        with pytest.raises(DatabaseUnavailableError):
            await remember(other, 7)


async def full(database: Database, *, pages: int | None = None) -> None:
    """Let an SQLite file grow no more, as on a full disk; or again, up to so many pages."""
    async with database.begin() as work:
        connection = inside(work.inbox, "connection")
        size = await connection.scalar(text("PRAGMA page_count"))
        await connection.execute(text(f"PRAGMA max_page_count = {pages or size}"))


@ON_SQLITE
async def test_a_full_disk_loses_nothing_that_was_kept(database: Database) -> None:
    async with database.begin() as work:
        await work.inbox.add(received(1))
    await full(database)

    async def add_much() -> None:
        async with database.begin() as work:
            await work.outbox.add(to_person(7))
            await work.inbox.add(received(2, 3, body="x" * 100_000))

    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            await add_much()
    async with database.begin() as work:
        assert await work.inbox.backlog() == 1
        assert await work.outbox.waiting_count() == 0
        await work.inbox.done([1])
    await full(database, pages=100_000)
    async with database.begin() as work:
        assert await work.inbox.add(received(2, 3, body="x" * 100_000)) == 2


async def test_a_full_disk_is_said_and_telegram_keeps_what_comes(
    sme: Speaker, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await sme.says("/start")
    database = stage.running.parts.database
    await full(database)
    said = "updates cannot be kept, Telegram keeps them: the disk is full"
    with caplog.at_level(logging.WARNING):
        # More than the pages that a table dropped by a migration left free.
        for letter in "uvwxyz":
            stage.messenger.says(sme.user, "/aide " + letter * 4000)
        async with asyncio.timeout(10):
            while said not in caplog.text:
                await stage.messenger.changed_or(0.01)
    assert stage.messenger.pending_updates()
    await full(database, pages=100_000)
    await stage.settles()
    told = [m for m in sme.messages() if "Ce que vous pouvez faire ici" in m.get("text", "")]
    assert len(told) == 6


async def test_an_inbox_takes_no_more_than_it_may(database: Database) -> None:
    room = Capacity(most=5)
    async with database.begin() as work:
        assert await work.inbox.add(received(1, 2, 3), room) == 3
        assert await work.inbox.add(received(4), room) == 1
    with pytest.raises(InboxFullError, match="5"):
        async with database.begin() as work:
            await work.inbox.add(received(5, 6), room)
    async with database.begin() as work:
        await work.inbox.done([1])
        assert await work.inbox.add(received(5, 6), room) == 2


async def test_the_room_is_counted_anew_as_it_is_used(database: Database, other: Database) -> None:
    """Another process fills the same inbox, unseen: the bound holds all the same, nearly."""
    here, there = Capacity(most=80), Capacity(most=80)

    async def fill() -> None:
        for number in range(200):
            through, room = ((database, here), (other, there))[number % 2]
            async with through.begin() as work:
                await work.inbox.add(received(number), room)

    with pytest.raises(InboxFullError):
        await fill()
    async with database.begin() as work:
        assert 80 <= await work.inbox.backlog() <= 90


async def test_what_waited_too_long_is_named_as_such() -> None:
    with pytest.raises(TimeoutError) as late:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    assert kind_of(late.value) == "TimeoutError"
