"""Allowances are counted once for all workers, end with their period, and name nobody."""

import asyncio
from datetime import timedelta

from storage_fixtures import (  # noqa: F401 (fixtures)
    TELEGRAM_ID,
    Clock,
    database_url,
    migrated_database,
    other_process,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.privacy.retention import Durations

HOUR = timedelta(hours=1)
KEY = f"edits:{TELEGRAM_ID}"


async def spend(database: Database, key: str = KEY, most: int = 3) -> tuple[bool, bool]:
    async with database.begin() as work:
        spending = await work.allowances.spend(key, most, HOUR, timedelta(minutes=10))
        return spending.is_allowed, spending.is_to_tell


async def test_two_workers_share_the_count_and_one_of_them_tells(
    database: Database, other: Database
) -> None:
    tried = await asyncio.gather(*(spend(one) for one in (database, other) * 4))
    assert sorted(tried) == [(False, False)] * 4 + [(False, True)] + [(True, False)] * 3


async def test_it_ends_with_its_period_and_a_clock_that_ran_ahead_locks_nobody_out(
    database: Database, clock: Clock
) -> None:
    clock.advance(days=30)
    assert [await spend(database, most=1) for _ in range(2)] == [(True, False), (False, True)]
    clock.advance(days=-30)
    assert await spend(database, most=1) == (True, False)
    assert await spend(database, most=1) == (False, True)
    clock.advance(hours=1)
    assert await spend(database, most=1) == (True, False)


async def test_it_can_be_begun_anew(database: Database) -> None:
    assert await spend(database, most=1) == (True, False)
    async with database.begin() as work:
        await work.allowances.forgive(KEY)
    assert await spend(database, most=1) == (True, False)


async def test_the_table_names_nobody_and_forgets(database: Database, clock: Clock) -> None:
    await spend(database)
    assert str(TELEGRAM_ID) not in str(await rows(database, "allowances"))
    clock.advance(hours=1)
    async with database.begin() as work:
        assert (await work.retention.apply(Durations()))["allowances"] == 1
    assert await rows(database, "allowances") == []
