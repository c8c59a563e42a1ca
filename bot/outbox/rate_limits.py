"""The rate limits that Telegram asks of bots (Bots FAQ, "My bot is hitting limits").

A message counts from its claim until a limit's seconds after Telegram's answer. So whatever delays
the network causes, Telegram never receives more messages in that time than allowed.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakValueDictionary


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` messages in ``seconds``."""

    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's limits; in a chat, short bursts above one message a second are allowed."""

    overall: Limit = Limit(30, 1.0)
    chat: Limit = Limit(3, 3.0)
    group: Limit = Limit(20, 60.0)

    def of(self, chat_id: int) -> tuple[Limit, ...]:
        """Return the limits of a chat."""
        return (self.chat, self.group) if chat_id < 0 else (self.chat,)


def limits_of(per_second: int, burst: int) -> Limits | None:
    """Return Telegram's limits, with a total per second; no limits where that is 0.

    ``burst``: the messages that a chat may get at once, before one a second.
    """
    return Limits(Limit(per_second, 1.0), Limit(burst, float(burst))) if per_second else None


class SendRate:
    """Which chats may be written to now; without limits, all chats at any time."""

    def __init__(self, limits: Limits | None, clock: Callable[[], datetime]) -> None:
        self._limits = limits
        self._clock = clock
        self._all: deque[float] = deque()
        self._chats: dict[int, tuple[float, ...]] = {}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def is_kept(self) -> bool:
        """Whether there is any limit."""
        return self._limits is not None

    def room(self, under_way: int, workers: int) -> int:
        """Return how many messages may be started now, from this worker's share of the total."""
        if self._limits is None:
            return under_way + 1_000_000
        overall, now = self._limits.overall, self._now()
        while self._all and not now - overall.seconds < self._all[0] <= now:
            self._all.popleft()
        return max(1, overall.most // workers) - len(self._all) - under_way

    def next_room(self) -> datetime | None:
        """Return when the oldest message stops counting; None where only calls under way count."""
        if self._limits is None or not self._all:
            return None
        return _moment(self._all[0] + self._limits.overall.seconds)

    def paused(self) -> dict[int, datetime]:
        """Return the chats that must wait, and until when."""
        now = self._now()
        for chat_id in list(self._chats):
            self._forget(chat_id, now)
        free = {chat_id: self._free_at(chat_id) for chat_id in self._chats}
        return {chat_id: _moment(at) for chat_id, at in free.items() if at > now}

    def free_at(self, chat_id: int) -> datetime:
        """Return when a chat may be written to; the moment may be in the past."""
        return _moment(self._free_at(chat_id))

    def sent(self, chat_id: int) -> tuple[float, ...]:
        """Return the recent times at which a chat was written to (Unix time, seconds)."""
        return self._chats.get(chat_id, ())

    def learn(self, chat_id: int, sent: Iterable[float]) -> None:
        """Count what another worker sent to a chat."""
        if self._limits is not None:
            self._chats[chat_id] = tuple(sorted({*self.sent(chat_id), *sent}))
            self._forget(chat_id, self._now())

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Wait until a chat may be written to, then hold it: one writer at a time."""
        if self._limits is None:
            yield
            return
        lock = self._locks.setdefault(chat_id, asyncio.Lock())
        async with lock:
            while (wait := self._wait(chat_id)) > 0:  # noqa: ASYNC110 (time itself is awaited)
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                self._count(chat_id)

    def _wait(self, chat_id: int) -> float:
        now = self._now()
        self._forget(chat_id, now)
        return self._free_at(chat_id) - now

    def _count(self, chat_id: int) -> None:
        now = self._now()
        self._all.append(now)
        self._chats[chat_id] = (*self.sent(chat_id), now)

    def _free_at(self, chat_id: int) -> float:
        if self._limits is None:
            return 0.0
        sent = self.sent(chat_id)
        limits = [limit for limit in self._limits.of(chat_id) if len(sent) >= limit.most]
        return max((sent[-limit.most] + limit.seconds for limit in limits), default=0.0)

    def _forget(self, chat_id: int, now: float) -> None:
        if self._limits is None:
            return
        longest = max(limit.seconds for limit in self._limits.of(chat_id))
        # Times in the future were recorded before the clock was put back: they are dropped.
        recent = tuple(at for at in self.sent(chat_id) if now - longest < at <= now)
        if recent:
            self._chats[chat_id] = recent
        else:
            self._chats.pop(chat_id, None)

    def _now(self) -> float:
        return self._clock().timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
