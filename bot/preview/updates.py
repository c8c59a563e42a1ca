"""The queue of updates for the bot, with the offsets of Telegram's getUpdates."""

import asyncio
import itertools
import time
from collections import deque
from typing import Any

from bot.preview.api_errors import ApiError

Update = dict[str, Any]
_LARGEST_BATCH = 100
# Bot API, getUpdates: by default, a bot gets all kinds of updates but these.
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Updates:
    """The queue of updates; an offset confirms all updates below it."""

    def __init__(self) -> None:
        # Derived from the clock, so that a restarted preview never uses a number twice.
        self._next_id = int(time.time() * 10) % 1_000_000_000 + 100_000_000
        self.queue: deque[Update] = deque()
        self.last: Update = {}
        self._allowed: frozenset[str] | None = None
        # The number of polls so far: only the latest may wait.
        self.polls = 0
        self._news = asyncio.Event()
        self._closed = False
        self.has_webhook = False

    def open(self) -> None:
        """Allow polls to wait, also after ``close``."""
        self._closed = False

    def close(self) -> None:
        """End all polls, because the server stops."""
        self._closed = True
        self.wake()

    def allow(self, kinds: list[str] | None) -> None:
        """Store the kinds that the bot asks for; an empty list restores Telegram's default."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or None

    @property
    def allowed(self) -> list[str]:
        """The kinds that the bot asked for; empty for the default."""
        return sorted(self._allowed or ())

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update of a kind that the bot asked for."""
        if kind not in self._allowed if self._allowed else kind in _NOT_BY_DEFAULT:
            return
        self.last = {"update_id": self.next_id(), kind: content}
        self.queue.append(self.last)

    def next_id(self) -> int:
        """Return a new update_id."""
        self._next_id += 1
        return self._next_id

    def wake(self) -> None:
        """Make a waiting poll look at the queue again."""
        self._news.set()

    async def news(self) -> None:
        """Wait until ``wake`` is called."""
        self._news.clear()
        await self._news.wait()

    async def fetch(
        self, offset: int, limit: int, seconds: float, allowed: list[str] | None
    ) -> list[Update]:
        """Return the pending updates, or wait some seconds for one.

        A later poll or a webhook ends a waiting poll with ApiError 409.
        """
        self._refuse_beside_webhook()
        self.allow(allowed)
        self.polls += 1
        poll = self.polls
        self.wake()
        self.confirm(offset)
        try:
            async with asyncio.timeout(seconds):
                while not self.queue and not self._closed:
                    await self.news()
                    self._refuse_beside_poll(poll)
        except TimeoutError:
            return []
        return list(itertools.islice(self.queue, min(max(limit, 1), _LARGEST_BATCH)))

    def _refuse_beside_webhook(self) -> None:
        if self.has_webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )

    def _refuse_beside_poll(self, poll: int) -> None:
        self._refuse_beside_webhook()
        if poll != self.polls:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )

    def confirm(self, offset: int) -> None:
        """Remove the updates below an offset; -n keeps only the last n."""
        if offset < 0:
            while len(self.queue) > -offset:
                self.queue.popleft()
        while self.queue and self.queue[0]["update_id"] < offset:
            self.queue.popleft()
