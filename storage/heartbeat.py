"""Which workers are alive.

A live worker adds one to its row every few seconds. When another worker sees that row unchanged for
a whole lease, it takes the worker for dead and frees its claims. Only the observer's own monotonic
clock counts, so that neither skewed clocks nor a jump of one frees claims that are still held.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from storage.engine.errors import StorageError
from storage.unit_of_work import UnitOfWork
from storage.workers.isolation import Isolation

logger = logging.getLogger(__name__)

BEAT = timedelta(seconds=2)
LEASE = timedelta(seconds=10)
_LAST_BEAT_SECONDS = 3.0


class Heartbeat:
    """Records one worker's heartbeats and watches those of the others."""

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
        worker: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        isolation: Isolation | None = None,
    ) -> None:
        self._begin = begin
        self._worker = worker
        self._monotonic = monotonic
        self._isolation = isolation or Isolation(worker)
        self._seen: dict[str, tuple[int, float]] = {}
        self.count = 1

    async def beat(self) -> None:
        """Record one heartbeat, and free the claims of workers whose heartbeats stopped."""
        async with self._begin() as work:
            others = await work.workers.beat(self._worker)
            dead = self._silent(others)
            await work.workers.remove(dead)
            freed = await work.workers.free()
            self._isolation.suspects = await work.workers.suspects()
        self.count = 1 + len(others) - len(dead)
        if dead:
            logger.warning("%d workers died; %d of their claims are freed", len(dead), freed)

    async def leave(self) -> None:
        """Remove this worker and free its claims; no crash is counted."""
        async with self._begin() as work:
            await work.workers.give_back(self._worker)
            await work.workers.remove([self._worker])

    async def run(self) -> None:
        """Beat until cancelled; the current beat may end, or it would leave a connection open."""
        while True:
            await asyncio.sleep(BEAT.total_seconds())
            beat = asyncio.get_running_loop().create_task(self.watch())
            try:
                await asyncio.shield(beat)
            except asyncio.CancelledError:
                await asyncio.wait([beat], timeout=_LAST_BEAT_SECONDS)
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)
                raise

    async def watch(self) -> None:
        """Beat once; log a warning if the database refuses or does not answer."""
        try:
            # A frozen server neither refuses nor answers: only a timeout shows it.
            async with asyncio.timeout(LEASE.total_seconds()):
                await self.beat()
        except Exception as error:
            # During an outage nobody can beat: start observing the others anew, or they would all
            # look dead.
            self._seen = {}
            if not isinstance(error, StorageError | TimeoutError):
                raise
            reason = error if isinstance(error, StorageError) else f"not within {LEASE.seconds} s"
            logger.warning("the database does not answer: %s", reason)

    def _silent(self, others: Mapping[str, int]) -> list[str]:
        now = self._monotonic()
        for other, beats in others.items():
            if self._seen.get(other, (None, now))[0] != beats:
                self._seen[other] = beats, now
        self._seen = {other: seen for other, seen in self._seen.items() if other in others}
        lease = LEASE.total_seconds()
        return [other for other, (_, since) in self._seen.items() if now - since >= lease]
