"""What recurs is done once, by whichever worker comes first, and by another where that one dies."""

import asyncio

import pytest
from dialogue import tune
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    Clock,
    database_url,
    migrated_database,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.privacy.retention import Durations, Retention


async def claims(database: Database, clock: Clock) -> bool:
    async with database.begin() as work:
        return await work.schedule.claim("digest", clock.now)


async def sweeps(database: Database) -> dict[str, int]:
    async with database.begin() as work:
        return await work.retention.sweep(Durations())


async def test_what_recurs_is_claimed_once_and_never_the_first_time(
    database: Database, other: Database, clock: Clock
) -> None:
    assert not await claims(database, clock)
    clock.advance(days=7)
    both = await asyncio.gather(claims(database, clock), claims(other, clock))
    assert sorted(both) == [False, True]
    assert not await claims(database, clock)


async def test_what_a_clock_did_that_ran_ahead_is_due(database: Database, clock: Clock) -> None:
    clock.advance(days=365)
    await claims(database, clock)
    clock.advance(days=-365)
    assert await claims(database, clock)
    # Two clocks are never quite the same.
    clock.advance(minutes=-10)
    assert not await claims(database, clock)


@ON_POSTGRESQL
async def test_nobody_waits_for_who_is_at_it(
    database: Database, other: Database, clock: Clock
) -> None:
    await claims(database, clock)
    clock.advance(days=7)
    async with database.begin() as work:
        assert await work.schedule.claim("digest", clock.now)
        async with asyncio.timeout(5):
            assert not await claims(other, clock)
    assert not await claims(other, clock)


async def test_what_a_worker_died_of_is_due_for_the_next(
    database: Database, other: Database, clock: Clock
) -> None:
    async def dies() -> None:
        async with database.begin() as work:
            assert await work.schedule.claim("digest", clock.now)
            raise RuntimeError

    await claims(database, clock)
    clock.advance(days=7)
    with pytest.raises(RuntimeError):
        await dies()
    assert await claims(other, clock)


async def test_the_sweep_is_due_every_hour_for_one_worker(
    database: Database, other: Database, clock: Clock
) -> None:
    await person(database)
    assert await sweeps(database) == {}
    clock.advance(days=400)
    swept = await asyncio.gather(sweeps(database), sweeps(other))
    assert {} in swept
    assert [one["people"] for one in swept if one] == [1]
    assert await rows(database, "people") == []
    clock.advance(minutes=59)
    assert await sweeps(other) == {}
    clock.advance(minutes=1, seconds=1)
    assert await sweeps(other) != {}


async def test_the_sweep_is_the_next_ones_where_it_failed(
    database: Database, other: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_given: object) -> int:
        raise RuntimeError

    await sweeps(database)
    await person(database)
    clock.advance(days=400)
    with monkeypatch.context() as patched:
        tune(patched, Retention, forget_people=fails)
        with pytest.raises(RuntimeError):
            await sweeps(database)
    assert len(await rows(database, "people")) == 1
    assert (await sweeps(other))["people"] == 1
