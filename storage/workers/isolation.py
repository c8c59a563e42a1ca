"""Rows that a process died of are worked on alone, so that the next death blames the right one.

When a worker dies, each row that it had claimed counts one crash: any of them may have been the
cause. Such a *suspect* is claimed by a process only once it holds nothing else, and nothing else is
claimed until it is done. If the process dies again, only the suspect is blamed; after
`MOST_CRASHES` it is set aside and not tried any more.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from storage.engine.claims import Which
from storage.workers.registry import Workers

# How many processes a row may have taken with it: then it is set aside.
MOST_CRASHES = 2


class Isolation:
    """What one process may claim now; its loops share one instance."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        # Suspects of the whole database, as last counted: by each heartbeat, and after each claim
        # while there are any.
        self.suspects = 0
        # The loops that have a suspect which can be worked on now.
        self._wanting: set[str] = set()
        self._lock = asyncio.Lock()
        self._claiming = 0

    @asynccontextmanager
    async def claiming(self) -> AsyncIterator[None]:
        """Claim within this, transaction included: while there are suspects, one loop at a time."""
        if self.suspects:
            async with self._lock:
                yield
            return
        self._claiming += 1
        try:
            yield
        finally:
            self._claiming -= 1

    async def choose(
        self, loop: str, workers: Workers, has_suspect: Callable[[], Awaitable[bool]]
    ) -> Which:
        """Tell which rows this loop may claim; `has_suspect` looks for one that is due there."""
        if not self.suspects:
            return Which.SOUND
        if await has_suspect():
            self._wanting.add(loop)
        else:
            self._wanting.discard(loop)
        self.suspects = await workers.suspects()
        if not self.suspects:
            # The last one is done: no loop looks again by itself from now on.
            self._wanting.clear()
            return Which.SOUND
        if await workers.held(self._worker, suspects=True):
            return Which.OWN
        if not self._wanting:
            return Which.SOUND
        # What is under way ends first; nothing new is begun beside a suspect.
        if self._claiming or await workers.held(self._worker):
            return Which.OWN
        return Which.SUSPECT if loop in self._wanting else Which.OWN
