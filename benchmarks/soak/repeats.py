"""What was told more often than it was owed: each repeat must have a cause of its own.

The bot repeats a call where it cannot know that Telegram carried it out: the answer was lost, or
the process was killed between Telegram's yes and the record of it. A process makes one call of a
chat at a time, so that one kill explains one repeat of a chat and no more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from benchmarks.soak.record import Accepted

Pair: TypeAlias = tuple[Accepted, Accepted]

# A call that was sent by a process before its kill may be received a moment later.
_LAG_SECONDS = 0.5
# So long after Telegram's yes, on a busy machine, it may not be recorded yet.
_UNRECORDED_SECONDS = 5.0


class Repeats:
    """Collects what was told too often, and finds what has no cause."""

    def __init__(self, kills: Sequence[float]) -> None:
        self._kills = kills
        self._pairs: dict[int, list[Pair]] = defaultdict(list)
        self.missing: list[str] = []
        self.strange: list[str] = []
        self.known: set[int] = set()

    def settle(self, what: str, calls: Sequence[Accepted], owed: int, most: int = 0) -> None:
        """Note that these calls were owed so many times, or between that and ``most``.

        What is lacking is missing; what is too much and repeats no former call is strange.
        """
        self.known.update(map(id, calls))
        if len(calls) < owed:
            self.missing.append(f"{what}: {owed} times, told {len(calls)} times")
        spare = len(calls) - max(owed, most)
        if spare > 0:
            pairs = sorted(_pairs(calls), key=self._merit)[:spare]
            if len(pairs) < spare:
                self.strange.append(f"{what}: {owed} times, told {len(calls)} times")
            for first, again in pairs:
                self._pairs[again.chat].append((first, again))

    def _merit(self, pair: Pair) -> tuple[bool, float]:
        first, again = pair
        has_cause = not first.answered or any(self._explains(kill, pair) for kill in self._kills)
        return not has_cause, again.at - first.at

    def _explains(self, kill: float, pair: Pair) -> bool:
        first, again = pair
        is_during = first.at - _LAG_SECONDS <= kill <= again.at
        return is_during and kill - first.at <= _UNRECORDED_SECONDS

    def after_lost_answers(self) -> int:
        """Count the repeats of calls whose answer the bot did not get."""
        return sum(not first.answered for pairs in self._pairs.values() for first, _ in pairs)

    def after_kills(self) -> int:
        """Count the repeats that a kill explains."""
        all_pairs = sum(map(len, self._pairs.values()))
        return all_pairs - self.after_lost_answers() - len(self.unexplained())

    def unexplained(self) -> list[str]:
        """Return the repeats for which there is no cause left."""
        return [
            f"{again.chat}: {again.text[:60]!r}"
            for pairs in self._pairs.values()
            for again in self._without_cause(pairs)
        ]

    def _without_cause(self, pairs: Iterable[Pair]) -> list[Accepted]:
        free, found = sorted(self._kills), []
        for pair in sorted(pairs, key=lambda each: each[0].at):
            if not pair[0].answered:
                continue
            kill = next((kill for kill in free if self._explains(kill, pair)), None)
            if kill is None:
                found.append(pair[1])
            else:
                free.remove(kill)
        return found


def _pairs(calls: Iterable[Accepted]) -> list[Pair]:
    """Return each call that came again, with the same before it."""
    same: dict[str, list[Accepted]] = defaultdict(list)
    for call in calls:
        same[call.fingerprint].append(call)
    return [pair for alike in same.values() for pair in pairwise(alike)]
