"""Taking rows from a table and working on them: in order within a lane, lanes concurrently."""

import abc
import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Hashable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from bot.runtime import metrics
from storage.database import Database
from storage.engine.errors import ClaimLostError, StorageError, UndoneError

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
Lane = TypeVar("Lane", bound=Hashable)
Clock: TypeAlias = Callable[[], datetime]
_PAUSE_AFTER_FAILURE = 1.0
# How often to query a shared database: other workers cannot wake this one.
_LOOK_EVERY = 0.5
_PAUSE_AFTER_COLLISION = 0.02
_STUCK_AFTER_LOOKS = 5
# How long to wait, while many rows are left, until several lanes are free: a query for one row
# takes as long as for many.
_GATHER_SECONDS = 0.02
# How often to query while rows wait that must be worked on alone.
_ISOLATED_LOOK_SECONDS = 0.05
# Service managers usually wait half a minute for a stop: twice this time and the closing of the
# database must fit in it.
_DRAIN_SECONDS = 6.0


class Lanes(abc.ABC, Generic[Item, Lane]):
    """The loop of the inbox and of the outbox: woken by new rows, by time, and by free lanes."""

    def __init__(
        self, name: str, at_once: int, database: Database, clock: Clock, *, together: int = 1
    ) -> None:
        self._name = name
        self._database = database
        self._at_once = at_once
        self._together = together
        self._clock = clock
        self._news = asyncio.Event()
        self._busy: dict[Lane, asyncio.Task[None]] = {}
        self._passing: set[asyncio.Task[None]] = set()
        self._has_more = False
        # The number of rows that wait and are not being worked on; None where only a query can
        # tell.
        self._waiting: int | None = None
        self._wakes = 0
        self._failed_looks = 0
        self.due: datetime | None = None

    @abc.abstractmethod
    async def _next(self, busy: frozenset[Lane], limit: int) -> tuple[Item, ...]:
        """Return work for idle lanes; set ``due`` to when the next postponed work is due."""

    @abc.abstractmethod
    def _lane(self, item: Item) -> Lane:
        """Return the lane within which an item is worked on in order."""

    @abc.abstractmethod
    async def _do(self, item: Item) -> None:
        """Do the work of one item; it may raise storage errors only."""

    async def _do_together(self, items: Sequence[Item]) -> None:
        """Do the work of items of different lanes, one after the other."""
        failed = False
        for item in items:
            try:
                await self._do(item)
            except StorageError:
                raise
            except Exception:
                # Logged and not raised: the other items would fail with it at each retry, and never
                # be done.
                logger.exception("%s: an item failed unexpectedly", self._name)
                metrics.LOOP_FAILURES.labels(self._name).inc()
                failed = True
        if failed:
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
            self.wake()

    def wake(self, added: int | None = None) -> None:
        """Query the table again; ``added`` is the number of new rows, None where it is unknown."""
        if added == 0:
            return
        is_counted = self._waiting is not None and added is not None
        self._waiting = (self._waiting or 0) + (added or 0) if is_counted else None
        self._wakes += 1
        self._news.set()

    def leaves_nothing(self, count: int) -> bool:
        """Return whether this ``count`` of rows is certainly all that this process can work on."""
        return self._waiting == count and not self._database.is_shared

    def look_again_soon(self) -> None:
        """Query the table again shortly: other loops of this process tell nobody what they end."""
        soon = self._clock() + timedelta(seconds=_ISOLATED_LOOK_SECONDS)
        self.due = soon if self.due is None else min(self.due, soon)

    @property
    def is_stuck(self) -> bool:
        """Whether every query of the table fails for a reason that waiting does not resolve."""
        return self._failed_looks >= _STUCK_AFTER_LOOKS

    def spawn(self, passing: Coroutine[Any, Any, None]) -> None:
        """Run something beside the lanes until it ends."""
        task = asyncio.get_running_loop().create_task(passing)
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def run(self) -> None:
        """Work until cancelled; then let the work under way end."""
        try:
            while True:
                await self._gather()
                self._news.clear()
                await self._start_lanes()
                await self._wait()
        finally:
            await self._drain()

    async def _gather(self) -> None:
        """While more rows wait than lanes are free, wait until several lanes are free."""
        if not self._has_more:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_SECONDS):
                while len(self._busy) > self._at_once // 2:
                    self._news.clear()
                    await self._news.wait()

    async def _start_lanes(self) -> None:
        free = self._at_once - len(self._busy)
        if free <= 0:
            return
        self.due = None
        busy, wakes = frozenset(self._busy), self._wakes
        try:
            items = await self._next(busy, free)
        except (ClaimLostError, UndoneError):
            await asyncio.sleep(_PAUSE_AFTER_COLLISION)
            self.wake()
            return
        except StorageError as error:
            logger.error("%s: the database does not answer: %s", self._name, error)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
            self.wake()
            return
        except Exception:
            # Only this query ends: the work under way in the lanes continues.
            logger.exception("%s: looking for work failed unexpectedly", self._name)
            metrics.LOOP_FAILURES.labels(self._name).inc()
            self._failed_looks += 1
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
            self.wake()
            return
        self._failed_looks = 0
        self._has_more = len(items) == free
        if not items and not busy and self.due is None and wakes == self._wakes:
            # The rows that were counted are gone without being done: erased, or for a group that
            # this process does not know.
            self._waiting = 0
        elif self._waiting is not None:
            self._waiting -= len(items)
        for first in range(0, len(items), self._together):
            self._start(items[first : first + self._together])

    def _start(self, items: Sequence[Item]) -> None:
        lanes = [self._lane(item) for item in items]
        task = asyncio.get_running_loop().create_task(self._run_lanes(items))
        self._busy.update(dict.fromkeys(lanes, task))
        task.add_done_callback(functools.partial(self._free, lanes))

    def release(self, item: Item) -> None:
        """Free the lane of an item that is done, before the items taken with it are done."""
        self._busy.pop(self._lane(item), None)
        self._tell_free()

    def _free(self, lanes: Sequence[Lane], task: asyncio.Task[None]) -> None:
        for lane in lanes:
            # A released lane may belong to another task by now.
            if self._busy.get(lane) is task:
                del self._busy[lane]
        self._tell_free()

    def _tell_free(self) -> None:
        # Usually no row waits any more when lanes become free: waking the loop would cost two
        # statements for nothing.
        if self._has_more or not self.leaves_nothing(0):
            self._news.set()

    async def _run_lanes(self, items: Sequence[Item]) -> None:
        try:
            await self._do_together(items)
        except ClaimLostError as error:
            logger.warning("%s: another worker took over: %s", self._name, error)
            self.wake()
        except UndoneError as error:
            # Other transactions got in the way, and nothing is out of order: the row is taken
            # again.
            logger.info("%s: once more: %s", self._name, error)
            await asyncio.sleep(_PAUSE_AFTER_COLLISION)
            self.wake()
        except StorageError as error:
            # The row is unchanged, so it is taken again.
            logger.error("%s: the database does not answer: %s", self._name, error)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
            self.wake()
        except Exception:
            logger.exception("%s: work failed unexpectedly", self._name)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
            self.wake()

    async def _wait(self) -> None:
        seconds = _LOOK_EVERY if self._database.is_shared else None
        if self.due is not None:
            wait = max(0.0, (self.due - self._clock()).total_seconds())
            seconds = wait if seconds is None else min(seconds, wait)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _drain(self) -> None:
        under_way = {*self._busy.values(), *self._passing}
        if under_way:
            _done, late = await asyncio.wait(under_way, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
