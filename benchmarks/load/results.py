"""The results of a contender under a load, and their medians and ratios over the rounds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_QUANTILE = 0.99


@dataclass(frozen=True)
class Result:
    """One contender under one load; times in seconds, ``cpu`` an update, memory in megabytes.

    ``rate``: updates a second, 0 for a backlog. ``lag`` and ``longest_lag``: how late the event
    loop woke, at the 99th percentile and at worst. ``alone``: the processor time of matching one
    distinct question and nothing else, measured just before and after; NaN if not measured.
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
    """Return the 99th percentile of values in any order; NaN without values."""
    ordered = sorted(values)
    return ordered[max(0, int(len(ordered) * _QUANTILE) - 1)] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """Return the median; NaN without values."""
    return statistics.median(values) if values else float("nan")


def middle(results: Sequence[Result]) -> list[Result]:
    """Return for each contender and load the median round by updates a second."""
    return [_middle(same) for same in _by_load(results).values()]


def ratio(one: Result, results: Sequence[Result], contender: str, mix: str) -> float | None:
    """Return the pace relative to a peer's: the median over the rounds that have both."""
    rounds = _by_load(results)
    peers = {peer.round: peer for peer in rounds.get((contender, mix, *_load(one)), ())}
    ratios = [
        mine.per_second / peers[mine.round].per_second
        for mine in rounds[one.contender, one.mix, *_load(one)]
        if mine.round in peers
    ]
    return statistics.median(ratios) if ratios else None


def times_alone(one: Result, results: Sequence[Result]) -> float | None:
    """Return questions a second as a share of what matching alone allows on that core.

    The median over the rounds, each with its own measure of matching alone.
    """
    same = _by_load(results)[one.contender, one.mix, *_load(one)]
    shares = [each.per_second * each.alone for each in same if not math.isnan(each.alone)]
    return statistics.median(shares) if shares else None


def _by_load(results: Sequence[Result]) -> dict[tuple[object, ...], list[Result]]:
    rounds: dict[tuple[object, ...], list[Result]] = {}
    for one in results:
        rounds.setdefault((one.contender, one.mix, *_load(one)), []).append(one)
    return rounds


def _load(one: Result) -> tuple[float, int, float]:
    return one.delay, one.chats, one.rate


def _middle(same: Sequence[Result]) -> Result:
    # Of an even number, take the slower of the two middle rounds, so as not to flatter anybody.
    return sorted(same, key=lambda one: one.per_second)[(len(same) - 1) // 2]
