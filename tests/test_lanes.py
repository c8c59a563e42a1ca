"""The loop over a table: everything in it is done, in order in each lane, with few looks."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from dialogue import inside, tune
from storage_fixtures import START, Clock

import bot.runtime.lanes
from bot.runtime.lanes import Lanes
from bot.runtime.metrics import REGISTRY
from storage.engine.errors import StorageError, UndoneError

Row = tuple[str, int]


class Table(Lanes[Row, str]):
    """A pump over rows (lane, number) that wait in a list."""

    def __init__(self, *, shared: bool = False, together: int = 1) -> None:
        self.clock = Clock()
        database: Any = SimpleNamespace(is_shared=shared)
        super().__init__("table", 4, database, lambda: self.clock.now, together=together)
        self.rows: list[Row] = []
        self.done: list[Row] = []
        self.looks = 0
        self.failures: list[Exception] = []
        self.failing_looks: list[Exception] = []
        self.spoilt: set[Row] = set()
        # What is not done before ``working`` is set.
        self.late: set[Row] = set()
        self.working = asyncio.Event()
        self.postponed: dict[Row, datetime] = {}

    def add(self, *rows: Row) -> None:
        """Add rows, and say how many."""
        self.rows += rows
        self.wake(len(rows))

    async def _next(self, busy: frozenset[str], limit: int) -> tuple[Row, ...]:
        self.looks += 1
        if self.failing_looks:
            raise self.failing_looks.pop()
        heads = {lane: (lane, number) for lane, number in reversed(self.rows) if lane not in busy}
        now = self.clock.now
        found = tuple(row for row in heads.values() if self.postponed.get(row, now) <= now)[:limit]
        if not self.leaves_nothing(len(found)):
            self.due = min((at for at in self.postponed.values() if at > now), default=None)
        await asyncio.sleep(0)
        return found

    def _lane(self, item: Row) -> str:
        return item[0]

    async def _do(self, item: Row) -> None:
        if item in self.late:
            await self.working.wait()
        if item in self.spoilt:
            raise LookupError("a spoilt row")
        if self.failures:
            raise self.failures.pop()
        self.rows.remove(item)
        self.done.append(item)
        self.release(item)


@asynccontextmanager
async def running(table: Table) -> AsyncIterator[Table]:
    task = asyncio.create_task(table.run())
    try:
        yield table
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def turns() -> None:
    """Let the other tasks go on as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def rests(table: Table) -> None:
    """Wait until nothing waits and nobody looks any more."""
    async with asyncio.timeout(10):
        looks = -1
        while table.rows or looks != table.looks:
            looks = table.looks
            await turns()


async def test_what_waited_from_the_start_is_done_to_the_last() -> None:
    table = Table()
    table.rows = [("a", 1), ("a", 2), ("b", 3), ("a", 4)]
    async with running(table):
        await rests(table)
    assert [number for lane, number in table.done if lane == "a"] == [1, 2, 4]
    assert ("b", 3) in table.done


async def test_nobody_looks_where_nothing_can_be() -> None:
    async with running(Table()) as table:
        await rests(table)
        for number in range(5):
            before = table.looks
            table.add(("a", number))
            await rests(table)
            assert table.looks == before + 1
        # What is shared may be filled by others.
    async with running(Table(shared=True)) as shared:
        await rests(shared)
        before = shared.looks
        shared.add(("a", 1))
        await rests(shared)
        assert shared.looks > before + 1


async def test_what_comes_while_its_lane_is_busy_is_done_after_it() -> None:
    async with running(Table()) as table:
        await rests(table)
        table.late = {("a", 1), ("b", 3)}
        table.add(("a", 1))
        await turns()
        table.add(("a", 2), ("b", 3))
        await turns()
        assert sorted(inside(table, "busy")) == ["a", "b"]
        table.working.set()
        await rests(table)
    assert sorted(table.done) == [("a", 1), ("a", 2), ("b", 3)]


async def test_two_rows_of_a_lane_that_come_together() -> None:
    async with running(Table()) as table:
        await rests(table)
        table.add(("a", 1), ("a", 2))
        await rests(table)
    assert table.done == [("a", 1), ("a", 2)]


async def test_a_look_that_fails_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=0.001)
    before = failures_of("table")
    async with running(Table()) as table:
        await rests(table)
        table.late = {("a", 1)}
        table.add(("a", 1))
        await turns()
        # Nothing of SQLAlchemy's hierarchy that the storage would know.
        table.failing_looks = [sqlite3.ProgrammingError("not ours") for _ in range(5)]
        table.add(("b", 2))
        async with asyncio.timeout(10):
            while not table.is_stuck:
                await turns()
        table.working.set()
        await rests(table)
        assert not table.is_stuck
    assert sorted(table.done) == [("a", 1), ("b", 2)]
    assert failures_of("table") == before + 5


def failures_of(name: str) -> float:
    found = REGISTRY.get_sample_value("bot_loop_failures_total", {"loop": name})
    return found or 0.0


@pytest.mark.parametrize("error", [StorageError("away"), RuntimeError("a slip")])
async def test_after_a_failure_it_looks_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=0.001)
    async with running(Table()) as table:
        await rests(table)
        table.failures = [error]
        table.add(("a", 1))
        await rests(table)
    assert table.done == [("a", 1)]


async def test_what_others_undid_is_done_again_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # An outage would be waited for.
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=3600.0)
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_COLLISION=0.001)
    async with running(Table()) as table:
        await rests(table)
        table.failures = [UndoneError("a deadlock")]
        table.add(("a", 1), ("a", 2))
        await rests(table)
    assert table.done == [("a", 1), ("a", 2)]
    assert "does not answer" not in caplog.text


async def test_one_that_always_fails_keeps_back_none_that_it_is_taken_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tune(monkeypatch, bot.runtime.lanes, PAUSE_AFTER_FAILURE=0.001)
    async with running(Table(together=4)) as table:
        await rests(table)
        table.spoilt = {("a", 1)}
        table.add(("a", 1), ("b", 2), ("c", 3))
        async with asyncio.timeout(10):
            while len(table.done) < 2:
                await turns()
        assert table.rows == [("a", 1)]
        table.spoilt = set()
        await rests(table)
    assert ("a", 1) in table.done


async def test_more_rows_than_lanes() -> None:
    async with running(Table()) as table:
        await rests(table)
        table.add(*((f"lane {number % 9}", number) for number in range(40)))
        await rests(table)
    assert len(table.done) == 40


async def test_a_lane_goes_on_before_those_that_it_was_taken_with() -> None:
    async with running(Table(together=4)) as table:
        await rests(table)
        # They are done one after the other, the last first.
        table.late = {("a", 1)}
        table.add(("a", 1), ("b", 2))
        await turns()
        table.add(("a", 3), ("b", 4))
        await turns()
        assert table.done == [("b", 2), ("b", 4)]
        table.working.set()
        await rests(table)
    assert table.done == [("b", 2), ("b", 4), ("a", 1), ("a", 3)]


async def test_what_is_postponed_is_done_when_it_is_due() -> None:
    async with running(Table()) as table:
        await rests(table)
        table.postponed = {("a", 1): START + timedelta(milliseconds=50)}
        table.add(("a", 1), ("b", 2))
        await turns()
        assert table.done == [("b", 2)]
        assert table.due == table.postponed["a", 1]
        # The loop's own timer wakes it, and it is due by then.
        table.clock.advance(seconds=1)
        async with asyncio.timeout(10):
            await rests(table)
    assert table.done == [("b", 2), ("a", 1)]


async def test_rows_that_went_without_being_done_cost_no_looks_for_ever() -> None:
    async with running(Table()) as table:
        await rests(table)
        table.wake(3)
        await rests(table)
        before = table.looks
        table.add(("a", 1))
        await rests(table)
        assert table.looks == before + 1
        table.wake(0)
        await rests(table)
        assert table.looks == before + 1
