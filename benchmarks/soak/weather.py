"""Faults of the network and of Telegram in single calls, drawn from a seed, some in a thousand."""

import random
from collections import Counter
from enum import Enum


class Incident(Enum):
    """What happens to one call; the values name it in the ledger."""

    NONE = "none"
    FLOOD = "429"
    BROKEN = "500"
    GATEWAY = "502"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    SILENT_BEFORE = "time-out before"
    SILENT_AFTER = "time-out after"


# How many calls in a thousand. A 429 halts the whole bot for a second, a time-out holds a chat for
# fifteen: these are rarer.
_IN_A_THOUSAND = {
    Incident.FLOOD: 2,
    Incident.BROKEN: 6,
    Incident.GATEWAY: 6,
    Incident.CUT_BEFORE: 6,
    Incident.CUT_AFTER: 6,
    Incident.SILENT_BEFORE: 1,
    Incident.SILENT_AFTER: 1,
}
# Faults after Telegram has carried out the call: the bot cannot know this, and repeats it.
AFTER = frozenset({Incident.CUT_AFTER, Incident.SILENT_AFTER})
SILENT = frozenset({Incident.SILENT_BEFORE, Incident.SILENT_AFTER})


class Weather:
    """Draws the fault of each call; none while it is fair."""

    def __init__(self, seed: int) -> None:
        self._chosen = random.Random(seed)  # noqa: S311 - the same in each run
        self.is_foul = False
        self.counts: Counter[Incident] = Counter()

    def draw(self) -> Incident:
        """Draw the fault of one call."""
        if not self.is_foul:
            return Incident.NONE
        drawn = self._chosen.randrange(1000)
        for fault, share in _IN_A_THOUSAND.items():
            drawn -= share
            if drawn < 0:
                self.counts[fault] += 1
                return fault
        return Incident.NONE
