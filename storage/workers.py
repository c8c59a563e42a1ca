"""The processes that share a database: who is alive, and what the dead ones leave to others.

A worker that lives adds one to its row every few seconds. One whose row stands still for a whole
lease, as another sees it, is dead: its claims and leaderships are freed. Only the observer's own
monotonic clock counts, so that neither skewed clocks nor a jump of one frees what is held.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Select, Table, delete, select, update

from storage.errors import StorageError
from storage.repository import Repository
from storage.schema import (
    INBOX_WAITING,
    OUTBOX_WAITING,
    inbox,
    leaderships,
    outbox,
    rests,
    workers,
)

if TYPE_CHECKING:
    from storage.work import Work

logger = logging.getLogger(__name__)

BEAT = timedelta(seconds=2)
LEASE = timedelta(seconds=10)
# A rest is for a minute at most (the limits of groups); then its row, with a chat's id, goes.
_REST_KEPT = timedelta(minutes=2)


def new_worker() -> str:
    """Name this process, like no other that is or was."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}"


class Workers(Repository):
    """The table `workers`, and all claims."""

    async def beat(self, worker: str) -> dict[str, int]:
        """Record that a worker lives; tell how often each of the others did."""
        statement = self._insert(workers).values(id=worker, beats=1)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[workers.c.id], set_={"beats": workers.c.beats + 1}
            )
        )
        result = await self._connection.execute(
            select(workers.c.id, workers.c.beats).where(workers.c.id != worker)
        )
        return {row.id: row.beats for row in result}

    async def remove(self, ids: Collection[str]) -> None:
        """Forget workers that died or ended."""
        await self._connection.execute(delete(workers).where(workers.c.id.in_(ids)))

    async def free(self) -> int:
        """Free what is claimed by nobody alive; count the rows that others may take now."""
        freed = await self._free(inbox, INBOX_WAITING) + await self._free(outbox, OUTBOX_WAITING)
        # A dead worker's last transaction may not have ended yet: its rows are for the next time.
        lost = _locked(leaderships.c.name, leaderships.c.worker.not_in(select(workers.c.id)))
        await self._connection.execute(delete(leaderships).where(leaderships.c.name.in_(lost)))
        await self._connection.execute(delete(rests).where(rests.c.until < self._now - _REST_KEPT))
        return freed

    async def _free(self, table: Table, waiting: ColumnElement[bool]) -> int:
        (key,) = table.primary_key
        held = table.c.claimed_by.is_not(None)
        lost = _locked(key, waiting, held, table.c.claimed_by.not_in(select(workers.c.id)))
        result = await self._connection.execute(
            update(table).where(key.in_(lost)).values(claimed_by=None)
        )
        return result.rowcount


def _locked(key: Column[Any], *conditions: ColumnElement[bool]) -> Select[tuple[Any]]:
    """Give the keys of these rows, locked, but for those that another transaction has locked."""
    found = select(key).where(*conditions).with_for_update(skip_locked=True).cte("found")
    return select(found.c[key.name])


class Presence:
    """A worker's own beat, and its eye on the others."""

    def __init__(
        self,
        begin: "Callable[[], AbstractAsyncContextManager[Work]]",
        worker: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._begin = begin
        self._worker = worker
        self._monotonic = monotonic
        self._seen: dict[str, tuple[int, float]] = {}
        self.count = 1

    async def beat(self) -> None:
        """Say that this worker lives, and free what those who stopped doing so have claimed."""
        async with self._begin() as work:
            others = await work.workers.beat(self._worker)
            dead = self._silent(others)
            await work.workers.remove(dead)
            freed = await work.workers.free()
        self.count = 1 + len(others) - len(dead)
        if dead:
            logger.warning("%d workers died; %d of their claims are freed", len(dead), freed)

    async def leave(self) -> None:
        """Take leave: what is still claimed is for others."""
        async with self._begin() as work:
            await work.workers.remove([self._worker])
            await work.workers.free()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(BEAT.total_seconds())
            await self.watch()

    async def watch(self) -> None:
        """Beat, or say that the database does not let."""
        try:
            await self.beat()
        except StorageError as error:
            # While nobody could beat, nobody died of it.
            self._seen = {}
            logger.warning("the database does not answer: %s", error)

    def _silent(self, others: Mapping[str, int]) -> list[str]:
        now = self._monotonic()
        for other, beats in others.items():
            if self._seen.get(other, (None, now))[0] != beats:
                self._seen[other] = beats, now
        self._seen = {other: seen for other, seen in self._seen.items() if other in others}
        lease = LEASE.total_seconds()
        return [other for other, (_, since) in self._seen.items() if now - since >= lease]
