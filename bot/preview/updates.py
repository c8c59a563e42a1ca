"""Updates on their way to the bot, with Telegram's own offset semantics."""

import asyncio
import time
from collections import deque
from typing import Any

from bot.preview.errors import ApiError

Update = dict[str, Any]
_LARGEST_BATCH = 100
# Telegram's default: all but these, which must be asked for.
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Updates:
    """The queue: a later offset confirms all that is below it."""

    def __init__(self) -> None:
        # Derived from the clock, so that a restarted preview never uses a number twice.
        self._next_id = int(time.time() * 10) % 1_000_000_000 + 100_000_000
        self.queue: deque[Update] = deque()
        self.last: Update = {}
        self._allowed: frozenset[str] | None = None
        self._poll = 0
        self._news = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Let all polls end: the server stops."""
        self._closed = True
        self.wake()

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update of a kind that the bot asked for."""
        if kind not in self._allowed if self._allowed else kind in _NOT_BY_DEFAULT:
            return
        self.last = {"update_id": self.next_id(), kind: content}
        self.queue.append(self.last)

    def next_id(self) -> int:
        """Take the next number."""
        self._next_id += 1
        return self._next_id

    def wake(self) -> None:
        """Let a waiting poll look again."""
        self._news.set()

    async def fetch(
        self, offset: int, limit: int, seconds: float, allowed: list[str] | None
    ) -> list[Update]:
        """Return what waits, for at most so long; a second poll ends the first (409)."""
        if allowed is not None:
            self._allowed = frozenset(allowed) or None
        self._poll += 1
        poll = self._poll
        self.wake()
        self.confirm(offset)
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.queue and not self._closed:
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                return []
            if poll != self._poll:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
        return list(self.queue)[: min(max(limit, 1), _LARGEST_BATCH)]

    def confirm(self, offset: int) -> None:
        """Forget what is below an offset; a negative one keeps only the last so many."""
        if offset < 0:
            while len(self.queue) > -offset:
                self.queue.popleft()
        elif offset > 0:
            kept = [update for update in self.queue if update["update_id"] >= offset]
            self.queue = deque(kept)
