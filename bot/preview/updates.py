"""The queue of updates for the bot, with the offsets of Telegram's getUpdates."""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from bot.preview.api_errors import ApiError

Update = dict[str, Any]
_LARGEST_BATCH = 100
_LONGEST_POLL = 50
# An offset may be this far beyond the next update: one that is farther confirms nothing.
_BEYOND = 10
# All kinds, in the server's order.
_KINDS = (
    *("message", "edited_message", "channel_post", "edited_channel_post", "inline_query"),
    *("chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "poll"),
    *("poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost"),
    *("removed_chat_boost", "message_reaction", "message_reaction_count", "business_connection"),
    *("business_message", "edited_business_message", "deleted_business_messages"),
    *("purchased_paid_media", "managed_bot", "guest_message"),
)
# Bot API, getUpdates: by default, a bot gets all kinds of updates but these.
_DEFAULT = frozenset(_KINDS) - {"chat_member", "message_reaction", "message_reaction_count"}
_OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
_WEBHOOK_SET = "Conflict: terminated by setWebhook request"
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class _Poll:
    """A poll that waits, and why it must end: empty while it may wait."""

    ended_by: str = ""


class Updates:
    """The queue of updates; an offset confirms all updates below it."""

    def __init__(self) -> None:
        # Derived from the clock, so that a restarted preview never uses a number twice.
        self._next_id = int(time.time() * 10) % 1_000_000_000 + 100_000_000
        self.queue: deque[Update] = deque()
        self.last: Update = {}
        self._allowed = _DEFAULT
        # The number of polls that waited so far: only the latest may.
        self.polls = 0
        self._waiting = _Poll()
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

    def allow(self, kinds: list[str] | None) -> bool:
        """Keep the kinds that the bot asks for, in any case; tell whether they changed.

        Kinds that nobody knows are left out; where none is left, Telegram's default is restored.
        """
        if kinds is None:
            return False
        known = frozenset(kind.lower() for kind in kinds) & frozenset(_KINDS)
        before, self._allowed = self._allowed, known or _DEFAULT
        return before != self._allowed

    @property
    def allowed(self) -> list[str]:
        """The kinds that the bot asked for; empty for the default."""
        if self._allowed == _DEFAULT:
            return []
        return [kind for kind in _KINDS if kind in self._allowed]

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update of a kind that the bot asked for."""
        if kind not in self._allowed:
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

        A webhook refuses every poll, and ends the one that waits, as does a later poll that
        waits too: ApiError 409.
        """
        if self.has_webhook:
            raise ApiError(409, _WEBHOOK_ACTIVE)
        self.allow(allowed)
        self.confirm(offset)
        if not self.queue and seconds > 0:
            await self._wait(min(seconds, _LONGEST_POLL))
        return list(itertools.islice(self.queue, min(max(limit, 1), _LARGEST_BATCH)))

    async def _wait(self, seconds: float) -> None:
        """Wait for an update as the only poll that does."""
        self._end_poll(_OTHER_POLL)
        self.polls += 1
        poll = self._waiting = _Poll()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.queue and not self._closed:
                    await self.news()
                    if poll.ended_by:
                        raise ApiError(409, poll.ended_by)

    def end_poll_for_webhook(self) -> None:
        """End the poll that waits, because a webhook is being set."""
        self._end_poll(_WEBHOOK_SET)

    def _end_poll(self, reason: str) -> None:
        self._waiting.ended_by = reason
        self.wake()

    def confirm(self, offset: int) -> None:
        """Remove the updates below an offset; -n keeps only the last n.

        An offset from the future, beyond what a bot can have seen, confirms nothing.
        """
        if offset < 0:
            while len(self.queue) > -offset:
                self.queue.popleft()
        if offset > self._next_id + 1 + _BEYOND:
            return
        while self.queue and self.queue[0]["update_id"] < offset:
            self.queue.popleft()
