"""How many inline queries one person may make: whoever types fast makes one with every letter.

Kept in memory, for half a minute: unlike messages, these queries are not stored.
"""

import time
from collections.abc import Callable

from handlers.core.flood import WITHIN

# Somebody who types for half a minute stays below it.
MOST = 60
_MOST_PEOPLE = 5_000


class Pace:
    """Counts the queries of each person within a period; not thread-safe."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        # When the period of a person began, and how many queries came since; the oldest first.
        self._periods: dict[int, tuple[float, int]] = {}

    def allows(self, person_id: int) -> bool:
        """Count one more; False where it is too many."""
        now = self._clock()
        began, count = self._periods.get(person_id, (now, 0))
        if now - began >= WITHIN.total_seconds():
            self._periods.pop(person_id)
            began, count = now, 0
        elif person_id not in self._periods and len(self._periods) >= _MOST_PEOPLE:
            self._periods.pop(next(iter(self._periods)))
        self._periods[person_id] = began, min(count, self._most) + 1
        return count < self._most
