"""The targets of our bot, each with its measured figure, and whether it is met."""

import itertools
import math
from collections.abc import Iterator, Sequence

from benchmarks.load.results import Result, middle, ratio, times_alone

PTB, AIOGRAM = "PTB echo", "aiogram echo"
# The end of the names of contenders that run by webhook.
WEBHOOK = ", webhook"
_OURS, CHATS = "ours", 100
# The targets: a share of a peer's pace, updates a second, seconds to the answer, seconds of lag.
_SHARE, _PACE, _LATE, _HELD = 0.8, 500, 0.25, 0.02


def table(results: Sequence[Result]) -> str:
    """Return the table of our targets, for a backlog at a hundred chats and the steady rate."""
    rows = ["## Targets\n", "| of | asked | measured | |", "|---|---|---|---|"]
    for one in middle(results):
        if one.contender.startswith(_OURS) and one.chats == CHATS:
            rows += _all_answered(one, results)
            rows += _steady(one) if one.rate else _drained(one, results)
    return "\n".join(rows) + "\n"


def _all_answered(one: Result, results: Sequence[Result]) -> Iterator[str]:
    """Yield a row if any round left updates unanswered."""
    key = (one.contender, one.mix, one.delay, one.chats, one.rate)
    same = [r for r in results if (r.contender, r.mix, r.delay, r.chats, r.rate) == key]
    if missing := sum(r.unanswered for r in same):
        yield _row(one, "all answered", f"{missing} were not", is_met=False)


def _drained(one: Result, results: Sequence[Result]) -> Iterator[str]:
    if one.mix == "questions" and not one.delay:
        share = times_alone(one, results)
        yield _at_least(one, "of what matching alone allows", share, _SHARE)
    elif one.mix == "repeated":
        share = ratio(one, results, one.contender, "navigation")
        yield _at_least(one, "of its navigation", share, 1.0)
    elif one.mix == "navigation" and one.delay:
        measured = f"{one.per_second:.0f}"
        yield _row(one, f"over {_PACE} a second", measured, is_met=one.per_second > _PACE)
    elif one.mix == "navigation":
        ways = ("", WEBHOOK) if one.contender.endswith(WEBHOOK) else ("",)
        for way, (peer, least) in itertools.product(ways, ((PTB, 1.0), (AIOGRAM, _SHARE))):
            share = ratio(one, results, peer + way, "echo")
            yield _at_least(one, f"of the {peer}{way}", share, least)


def _steady(one: Result) -> Iterator[str]:
    if one.mix == "navigation":
        measured = f"{one.p99 * 1000:.1f} ms"
        yield _row(one, f"p99 at most {_LATE * 1000:.0f} ms", measured, is_met=one.p99 <= _LATE)
    measured = "not measured" if math.isnan(one.lag) else f"{one.lag * 1000:.1f} ms"
    asked = f"loop lag p99 at most {_HELD * 1000:.0f} ms"
    yield _row(one, asked, measured, is_met=one.lag <= _HELD)


def _at_least(one: Result, asked: str, share: float | None, least: float) -> str:
    asked = f"at least {least:.2f} {asked}"
    if share is None:
        return _row(one, asked, "not measured", is_met=False)
    # Round down, so that a missed target is never printed as met.
    return _row(one, asked, f"{math.floor(share * 100) / 100:.2f}", is_met=share >= least)


def _row(one: Result, asked: str, measured: str, *, is_met: bool) -> str:
    pace = f" at {one.rate:.0f} a second" if one.rate else ""
    what = f"{one.contender}, {one.mix}{pace}, API {one.delay * 1000:.0f} ms"
    return f"| {what} | {asked} | {measured} | {'met' if is_met else '**not met**'} |"
