"""Alerts are counted, told together once a minute at most, and none is lost."""

import pytest
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    START,
    Clock,
    database_url,
    migrated_database,
    other_process,
    rows,
    stopped_clock,
    to_administrators,
)

from storage.database import Database
from storage.privacy.retention import Durations
from storage.queues.alerts import EVERY, Alert, AlertKind
from storage.queues.outbox import Audience, Pending, Priority

ALL = frozenset(Audience)
ADMINISTRATORS = Audience.ADMINISTRATORS


def failure(number: int) -> Alert:
    return Alert(AlertKind.FAILURE, f"E-{number}")


async def raise_some(database: Database, *alerts: Alert) -> None:
    for alert in alerts:
        async with database.begin() as work:
            await work.alerts.add(ADMINISTRATORS, alert)


async def claimed(database: Database) -> tuple[Pending, ...]:
    async with database.begin() as work:
        return await work.outbox.claim("here", [], 10, ALL)


async def tell(database: Database, row: Pending) -> list[tuple[str, int, list[str]]]:
    """Tell what there is to tell, as the dispatcher does."""
    async with database.begin() as work:
        untold = await work.alerts.untold(row.audience)
        await work.alerts.told(row.audience, untold)
        await work.outbox.forget([row.id])
    return [(one.kind, one.count, [reference for reference, _ in one.latest]) for one in untold]


async def test_hundreds_of_alerts_are_one_row_with_their_number_and_the_latest(
    database: Database,
) -> None:
    await raise_some(database, *map(failure, range(300)))
    assert len(await rows(database, "alerts")) == 1
    (row,) = await claimed(database)
    assert (row.priority, row.payload, row.is_final) == (Priority.ALERT, {}, True)
    latest = [f"E-{number}" for number in range(295, 300)]
    assert await tell(database, row) == [("failure", 300, latest)]
    assert await rows(database, "outbox") == []


@ON_POSTGRESQL
async def test_what_another_worker_is_about_to_commit_is_told_too(
    database: Database, other: Database
) -> None:
    await raise_some(database, failure(1))
    async with other.begin() as work:
        await work.alerts.add(ADMINISTRATORS, failure(2))
        assert await claimed(database) == ()
    (row,) = await claimed(database)
    assert await tell(database, row) == [("failure", 2, ["E-1", "E-2"])]


async def test_what_comes_while_one_is_told_is_told_a_minute_later(
    database: Database, clock: Clock
) -> None:
    await raise_some(database, failure(1))
    (row,) = await claimed(database)
    async with database.begin() as work:
        untold = await work.alerts.untold(ADMINISTRATORS)
    await raise_some(database, failure(2), failure(3))
    async with database.begin() as work:
        await work.alerts.told(ADMINISTRATORS, untold)
        await work.outbox.forget([row.id])
    assert await due_in_a_minute(database)
    clock.advance(seconds=EVERY.total_seconds())
    told = [told for row in await claimed(database) for told in await tell(database, row)]
    assert told == [("failure", 2, ["E-2", "E-3"])]


async def due_in_a_minute(database: Database) -> bool:
    async with database.begin() as work:
        return await work.alerts.due(ADMINISTRATORS) == START + EVERY


async def test_nothing_more_is_told_within_the_minute_not_even_by_another_worker(
    database: Database, other: Database, clock: Clock
) -> None:
    await raise_some(database, failure(1))
    (row,) = await claimed(database)
    assert await tell(database, row)
    clock.advance(seconds=10)
    await raise_some(other, failure(2))
    await raise_some(database, failure(3))
    assert await claimed(database) == ()
    assert len(await rows(database, "outbox")) == 1
    clock.advance(seconds=50)
    (row,) = await claimed(other)
    assert await tell(other, row) == [("failure", 2, ["E-2", "E-3"])]


async def test_several_workers_that_tell_the_same_are_one_line(
    database: Database, other: Database
) -> None:
    for one, reference in ((database, "E-1"), (other, "E-2")):
        await raise_some(one, Alert(AlertKind.LOOP_FAILS, reference, "inbox"))
    await raise_some(database, Alert(AlertKind.LOOP_FAILS, "E-3", "dispatcher"))
    async with database.begin() as work:
        untold = await work.alerts.untold(ADMINISTRATORS)
    assert [(one.subject, one.count) for one in untold] == [("dispatcher", 1), ("inbox", 2)]


@pytest.mark.parametrize("priority", [Priority.URGENT, Priority.ANSWER, Priority.BROADCAST])
async def test_whatever_anybody_waits_for_passes_an_alert(
    database: Database, priority: Priority
) -> None:
    await raise_some(database, failure(1))
    async with database.begin() as work:
        work.outbox.owe(to_administrators("request", priority=priority))
    (first,) = await claimed(database)
    assert first.payload == {"text": "request"}


async def test_what_was_told_long_ago_is_forgotten_and_what_was_not_stays(
    database: Database, clock: Clock
) -> None:
    await raise_some(database, failure(1))
    (row,) = await claimed(database)
    await tell(database, row)
    await raise_some(database, Alert(AlertKind.UNREAD, "E-2"))
    clock.advance(days=31)
    async with database.begin() as work:
        await work.retention.apply(Durations())
    assert [row["kind"] for row in await rows(database, "alerts")] == ["unread"]
