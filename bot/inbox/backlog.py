"""How much waits in the queues, and whether the inbox takes more: Telegram keeps the rest."""

import asyncio
import logging
from time import monotonic

from bot.runtime import metrics
from storage.database import Database
from storage.engine.errors import InboxFullError, StorageError
from storage.queues.inbox import Capacity

logger = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS = 5.0
# How long a refusal counts as recent: later, nobody knows whether the next update would be refused
# too. Telegram sends a refused webhook update again within a minute.
_FULL_LATELY_SECONDS = 30.0
_FAILED_LATELY_SECONDS = 120.0


class Backlog:
    """Counts the updates and the messages that wait, for all workers of one database."""

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self.limit = limit
        self.room = Capacity(limit)
        self._was_full = False
        self._refused_at: float | None = None
        self._failed_at: float | None = None
        self.updates = 0
        self.messages = 0

    @property
    def is_damaged(self) -> bool:
        """Whether a statement has met damage in the database file."""
        return self._database.is_damaged

    @property
    def full(self) -> bool:
        """Whether the inbox was full at the last count, or refused an update recently."""
        return self.updates >= self.limit or _is_lately(self._refused_at, _FULL_LATELY_SECONDS)

    @property
    def takes_more(self) -> bool:
        """Whether the next update would be stored, as far as the last attempts show."""
        return not self.full and not self._failed_lately

    @property
    def _failed_lately(self) -> bool:
        return _is_lately(self._failed_at, _FAILED_LATELY_SECONDS)

    def note_kept(self) -> None:
        """Record that updates were stored."""
        if self._failed_at is not None:
            logger.warning("updates are kept again")
        self._failed_at = None

    def note_refused(self, error: StorageError) -> None:
        """Record that updates were refused, so that Telegram keeps them; log the first refusal."""
        now = monotonic()
        if isinstance(error, InboxFullError):
            self._refused_at = now
            self._say_if_changed(full=True)
            return
        if not self._failed_lately:
            logger.error("updates cannot be kept, Telegram keeps them: %s", error)
        self._failed_at = now

    async def look(self) -> None:
        """Count again; StorageError where the database cannot be read or written to."""
        # A heartbeat is written first: reads succeed on a full disk, only a write shows it.
        await self._database.beat()
        async with self._database.begin() as work:
            self.updates = await work.inbox.backlog()
            self.messages = await work.outbox.waiting_count()
        metrics.BACKLOG.labels("inbox").set(self.updates)
        metrics.BACKLOG.labels("outbox").set(self.messages)
        self._say_if_changed(full=self.full)

    async def watch(self) -> None:
        """Count periodically, for ever; the metrics show the result."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                self.note_refused(error)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _say_if_changed(self, *, full: bool) -> None:
        if full and not self._was_full:
            logger.error("the inbox is full (%d updates): Telegram keeps the next", self.limit)
        elif self._was_full and not full:
            logger.warning("the inbox takes updates again")
        self._was_full = full


def _is_lately(moment: float | None, seconds: float) -> bool:
    return moment is not None and monotonic() - moment < seconds
