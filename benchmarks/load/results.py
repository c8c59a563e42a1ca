"""What is measured: a contender under a load, its rounds, their middle, a ratio within each."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_QUANTILE = 0.99


@dataclass(frozen=True)
class Result:
    """One contender under one load; times in seconds, ``cpu`` an update, memory in megabytes.

    ``rate``: updates a second, 0 where all were there at once. ``lag`` and ``longest_lag``: how
    late the event loop woke, at the 99th percentile and at worst. ``alone``: the processor time of
    matching one distinct question and nothing else, just before and after; not a number elsewhere.
    """

    contender: str
    mix: str
    delay: float
    chats: int
    rate: float
    per_second: float
    median: float
    p99: float
    cpu: float
    memory: float
    unanswered: int
    lag: float
    longest_lag: float
    round: int
    alone: float = math.nan


def p99(values: Sequence[float]) -> float:
    """Return the 99th percentile of what may be in any order; not a number where there is none."""
    ordered = sorted(values)
    return ordered[max(0, int(len(ordered) * _QUANTILE) - 1)] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """Return the value in the middle; not a number where there is none."""
    return statistics.median(values) if values else float("nan")


def middle(results: Sequence[Result]) -> list[Result]:
    """Return, of the rounds of each measure, the one in the middle by updates a second."""
    return [_middle(same) for same in _by_load(results).values()]


def ratio(one: Result, results: Sequence[Result], contender: str, mix: str) -> float | None:
    """Return how many times a peer's pace, in the middle of the rounds that had both."""
    found = _by_load(results)
    peers = {peer.round: peer for peer in found.get((contender, mix, *_load(one)), ())}
    ratios = [
        mine.per_second / peers[mine.round].per_second
        for mine in found[one.contender, one.mix, *_load(one)]
        if mine.round in peers
    ]
    return statistics.median(ratios) if ratios else None


def times_alone(one: Result, results: Sequence[Result]) -> float | None:
    """Return questions a second as a share of what matching alone allows on that core.

    In the middle of the rounds, each with its own measure of matching alone.
    """
    same = _by_load(results)[one.contender, one.mix, *_load(one)]
    shares = [each.per_second * each.alone for each in same if not math.isnan(each.alone)]
    return statistics.median(shares) if shares else None


def _by_load(results: Sequence[Result]) -> dict[tuple[object, ...], list[Result]]:
    found: dict[tuple[object, ...], list[Result]] = {}
    for one in results:
        found.setdefault((one.contender, one.mix, *_load(one)), []).append(one)
    return found


def _load(one: Result) -> tuple[float, int, float]:
    return one.delay, one.chats, one.rate


def _middle(same: Sequence[Result]) -> Result:
    # Of an even number, the slower of the two in the middle: nobody is made faster by repeating.
    return sorted(same, key=lambda one: one.per_second)[(len(same) - 1) // 2]
