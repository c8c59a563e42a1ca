"""A numbered log of events, for the page, and for tests that wait for a change."""

import asyncio
from collections import deque
from itertools import islice
from typing import Any

Event = dict[str, Any]
_KEPT = 2000


class Events:
    """The latest events, and a way to wait for the next change."""

    def __init__(self) -> None:
        self.seq = 0
        self._log: deque[Event] = deque(maxlen=_KEPT)
        self._change = asyncio.Event()

    def record(self, kind: str, chat_id: int, **values: Any) -> None:  # noqa: ANN401 - as the page has it
        """Add an event."""
        self.seq += 1
        self._log.append({"seq": self.seq, "kind": kind, "chat_id": chat_id} | values)

    def after(self, seq: int) -> list[Event] | None:
        """Return the events after a number; None if the log no longer holds some of them."""
        if seq > self.seq:
            return None
        missed = self.seq - seq
        if missed > len(self._log):
            return None
        return list(islice(self._log, len(self._log) - missed, None))

    def changed(self) -> None:
        """Wake all waiters."""
        change, self._change = self._change, asyncio.Event()
        change.set()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next change, at most some seconds; tell whether there was one."""
        change = self._change
        try:
            async with asyncio.timeout(seconds):
                await change.wait()
        except TimeoutError:
            return False
        return True
