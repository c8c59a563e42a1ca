"""How much waits, and whether more may be taken: Telegram keeps what an inbox cannot."""

import asyncio
import logging

from bot import metrics
from storage.database import Database
from storage.errors import StorageError
from storage.inbox import Capacity

logger = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS = 5.0


class Backlog:
    """The updates and the messages that wait, for all workers of one database."""

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self._limit = limit
        self.room = Capacity(limit)
        self._was_full = False
        self.updates = 0
        self.messages = 0

    @property
    def full(self) -> bool:
        """Whether the inbox held all it may when last counted."""
        return self.updates >= self._limit

    async def look(self) -> None:
        """Count anew."""
        async with self._database.begin() as work:
            self.updates = await work.inbox.backlog()
            self.messages = await work.outbox.waiting_count()
        metrics.BACKLOG.labels("inbox").set(self.updates)
        metrics.BACKLOG.labels("outbox").set(self.messages)
        self._say_if_changed(full=self.full)

    async def watch(self) -> None:
        """Count for ever, for the metrics."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                logger.error("the backlog cannot be counted: %s", error)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _say_if_changed(self, *, full: bool) -> None:
        if full and not self._was_full:
            logger.error("the inbox is full (%d updates): Telegram keeps the next", self.updates)
        elif self._was_full and not full:
            logger.warning("the inbox takes updates again")
        self._was_full = full
