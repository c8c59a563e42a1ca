"""What the clock causes keeps the office's hours, and two workers do it once."""

import ast
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue import inside
from sqlalchemy import select, text
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    blank_file,
    database_url,
    migrated_database,
    stopped_clock,
)

from benchmarks.office import GROUP, World, administrator
from bot import recurring
from bot.content import weekly_digest
from storage.database import Database
from storage.engine.schema import outbox
from storage.records.deadlines import DeadlineKind
from storage.records.interests import EventKind, Status

FIRMS = 12
# The office is shut from a Friday evening on.
WEEKEND = timedelta(days=2)
CLOCKWORK = [*sorted(Path(recurring.__path__[0]).glob("*.py")), Path(weekly_digest.__file__)]


def writes(module: Path) -> list[ast.Call]:
    """Return where a module makes what becomes rows of the outbox."""
    calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    makers = {"Posting", "Outgoing"}
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in makers]


def test_whatever_runs_by_the_clock_writes_in_office_hours() -> None:
    found = [call for module in CLOCKWORK for call in writes(module)]
    assert len(found) >= 3
    for call in found:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("keeps_hours") == "True", ast.unparse(call)


@pytest.fixture(name="world")
async def _world(database: Database, url: str, tmp_path: Path) -> AsyncIterator[World]:
    del database  # asked for because it migrates
    world = World(tmp_path, url=url)
    await world.catches_up()
    yield world
    await world.database.close()


@pytest.fixture(name="there")
async def _another_process(world: World) -> AsyncIterator[Database]:
    there = world.another_process()
    yield there
    await there.close()


async def owed(world: World) -> list[tuple[int, str, bool]]:
    """Return the messages that wait: to whom, their text, whether they keep hours."""
    statement = select(outbox).where(outbox.c.state == "waiting").order_by(outbox.c.id)
    async with world.database.begin() as work:
        rows = (await inside(work.outbox, "connection").execute(statement)).all()
    return [(row.chat_id or GROUP, str(row.payload["text"]), row.keeps_hours) for row in rows]


async def declared(world: World) -> None:
    """Let firms declare two requests each, and Telegram take all messages about that."""
    for firm in range(FIRMS):
        for project in ("a", "b"):
            await world.declares(10_000 + firm, project)
    await world.delivers()


async def prepare(world: World) -> None:
    """Let a third of the requests be untaken, others taken and left, others introduced."""
    async with world.database.begin() as work:
        await work.people.seen(administrator(1).id or 0)
    requests = list(await world.requests())
    for number, interest in enumerate(requests):
        if number % 3:
            await world.makes(interest.id, EventKind.TAKE, administrator(number % 2))
        if number % 3 == 2 and number % 2:
            await world.makes(interest.id, EventKind.INTRODUCE, administrator(1))
    await world.delivers()


async def note_on_one(world: World) -> None:
    """Let an administrator note something on a request in charge, which its firm does not see."""
    in_charge = [each for each in await world.requests() if each.status is Status.TAKEN]
    for interest in in_charge[:1]:
        await world.notes(interest, administrator(0))


ON_BOTH_IN_TIME = ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]


@pytest.mark.parametrize("url", ON_BOTH_IN_TIME, indirect=True)
async def test_all_that_is_due_is_kept_for_the_hours(world: World) -> None:
    await declared(world)
    await prepare(world)
    seen: set[DeadlineKind] = set()
    for _day in range(40):
        world.now += timedelta(days=1)
        await note_on_one(world)
        async with world.database.begin() as work:
            overdue = await work.deadlines.overdue(world.now, 1_000)
        seen |= {one.deadline.kind for one in overdue}
        await world.catches_up()
        assert all(keeps for *_, keeps in await owed(world))
        world.now += WEEKEND * (world.now.weekday() == 4)
        if not world.office.is_open(world.now):
            count = len(world.delivered)
            await world.delivers()
            assert len(world.delivered) == count
    assert seen == set(DeadlineKind)


@ON_POSTGRESQL
async def test_two_workers_that_catch_up_at_once_tell_nobody_twice(
    world: World, there: Database
) -> None:
    await declared(world)
    group, firms = {GROUP: 1}, {10_000 + firm: 1 for firm in range(FIRMS)}
    # Nobody takes them: on the third working day the group is reminded, on the ninth all are.
    for days, expected in ((3, group), (12, group | firms), (6, {})):
        world.now += timedelta(days=days)
        await asyncio.gather(*[world.catches_up(database=each) for each in (world.database, there)])
        assert Counter(chat_id for chat_id, *_ in await owed(world)) == expected
        await world.delivers()


@ON_POSTGRESQL
async def test_an_erasure_and_the_clock_lock_in_the_same_order(
    world: World, there: Database
) -> None:
    await world.declares(10_000, "a")
    (interest,) = await world.requests()
    person_id = interest.person_id or 0
    world.now += timedelta(days=3)

    async def erases() -> None:
        async with world.database.begin() as work:
            await work.rights.erase(person_id)

    async with world.database.begin() as work:
        # The row is written anew behind the other, which the erasure so comes to first.
        await work.deadlines.plan(interest.id, DeadlineKind.UNTAKEN, world.now)
    async with world.database.begin() as work:
        assert await work.deadlines.take_of_firm(person_id, world.now, 10)
        erasure = asyncio.create_task(erases())
        await until_somebody_waits(there)
        # A row that the erasure deletes: it must not have locked it already.
        await work.deadlines.plan(interest.id, DeadlineKind.UNTAKEN_LONG, world.now)
    await erasure
    async with world.database.begin() as work:
        assert await work.deadlines.of(interest.id) == ()


async def until_somebody_waits(observer: Database) -> None:
    """Wait until a transaction waits for the lock of another one."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        found = 0
        while not found:
            async with observer.begin() as work:
                found = await inside(work.outbox, "connection").scalar(waits) or 0
            await asyncio.sleep(0.005)
