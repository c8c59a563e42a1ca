"""The figures held to what was asked of them: a row for each target, met or not."""

import itertools
import math
from collections.abc import Iterator, Sequence

from benchmarks.load.results import Result, middle, ratio, times_alone

PTB, AIOGRAM = "PTB echo", "aiogram echo"
# What the names of those end with whom Telegram posts to.
WEBHOOK = ", webhook"
_OURS, CHATS = "ours", 100
# A share of a peer's pace, updates a second, seconds.
_SHARE, _PACE, _LATE, _HELD = 0.8, 500, 0.25, 0.02


def table(results: Sequence[Result]) -> str:
    """Return the targets of ours, a backlog at a hundred chats and the steady rate, as a table."""
    rows = ["## Targets\n", "| of | asked | measured | |", "|---|---|---|---|"]
    for one in middle(results):
        if one.contender.startswith(_OURS) and one.chats == CHATS:
            rows += _all_answered(one, results)
            rows += _steady(one) if one.rate else _drained(one, results)
    return "\n".join(rows) + "\n"


def _all_answered(one: Result, results: Sequence[Result]) -> Iterator[str]:
    """Give a row where, in any round, people were left without an answer."""
    key = (one.contender, one.mix, one.delay, one.chats, one.rate)
    same = [r for r in results if (r.contender, r.mix, r.delay, r.chats, r.rate) == key]
    if missing := sum(r.unanswered for r in same):
        yield _row(one, "all answered", f"{missing} were not", is_met=False)


def _drained(one: Result, results: Sequence[Result]) -> Iterator[str]:
    if one.mix == "questions" and not one.delay:
        found = times_alone(one, results)
        yield _at_least(one, "of what matching alone allows", found, _SHARE)
    elif one.mix == "repeated":
        found = ratio(one, results, one.contender, "navigation")
        yield _at_least(one, "of its navigation", found, 1.0)
    elif one.mix == "navigation" and one.delay:
        told = f"{one.per_second:.0f}"
        yield _row(one, f"over {_PACE} a second", told, is_met=one.per_second > _PACE)
    elif one.mix == "navigation":
        ways = ("", WEBHOOK) if one.contender.endswith(WEBHOOK) else ("",)
        for way, (peer, least) in itertools.product(ways, ((PTB, 1.0), (AIOGRAM, _SHARE))):
            found = ratio(one, results, peer + way, "echo")
            yield _at_least(one, f"of the {peer}{way}", found, least)


def _steady(one: Result) -> Iterator[str]:
    if one.mix == "navigation":
        told = f"{one.p99 * 1000:.1f} ms"
        yield _row(one, f"p99 at most {_LATE * 1000:.0f} ms", told, is_met=one.p99 <= _LATE)
    told = "not measured" if math.isnan(one.lag) else f"{one.lag * 1000:.1f} ms"
    asked = f"loop lag p99 at most {_HELD * 1000:.0f} ms"
    yield _row(one, asked, told, is_met=one.lag <= _HELD)


def _at_least(one: Result, asked: str, found: float | None, least: float) -> str:
    asked = f"at least {least:.2f} {asked}"
    if found is None:
        return _row(one, asked, "not measured", is_met=False)
    # Rounded down: no figure is printed that would meet what it does not.
    return _row(one, asked, f"{math.floor(found * 100) / 100:.2f}", is_met=found >= least)


def _row(one: Result, asked: str, measured: str, *, is_met: bool) -> str:
    pace = f" at {one.rate:.0f} a second" if one.rate else ""
    what = f"{one.contender}, {one.mix}{pace}, API {one.delay * 1000:.0f} ms"
    return f"| {what} | {asked} | {measured} | {'met' if is_met else '**not met**'} |"
