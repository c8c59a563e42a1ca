"""The table and the plot of a run."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

import knowledge

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from benchmarks.load.__main__ import Result

DOCS = Path(knowledge.__file__).parent.parent / "docs"
_HEAD = """\
# Under load, measured

`make bench`: each bot alone on one core, the API server on another, made-up updates. A backlog is
drained as fast as it goes (updates a second; processor time an update), then updates come at a
steady rate (milliseconds from delivery to answer). *times PTB*, *times aiogram*: updates a second
against the bare PTB echo on its default transport, and the bare aiogram echo, of the same round.
Of {rounds} rounds, figures and ratios are those in the middle.
*loop*: how late the event loop woke a coroutine every hundredth of a second, at worst but for one
in a hundred (PTB runs its loop by itself, and is not looked at).

Ours does the whole work: durable inbox, handlers, matching, database, outbox. The echoes do none.
*navigation*: commands and buttons; *repeated*: some forty questions again and again; *questions*:
all different, a hundred characters each. In one chat, each message waits for the one before it to
arrive; Telegram allows one a second there.
"""
_PTB, _AIOGRAM = "PTB echo", "aiogram echo"
# The targets: a share of a peer's pace, updates a second, seconds.
_CHATS, _SHARE, _PACE, _LATE, _HELD = 100, 0.8, 500, 0.25, 0.02


def line(result: "Result") -> str:
    """Return one result in a line."""
    rate = f"at {result.rate:.0f}/s" if result.rate else ""
    return (
        f"{result.contender:30} {result.mix:10} delay {result.delay * 1000:2.0f} ms "
        f"{result.chats:5d} chats {rate:8}: "
        f"{result.per_second:7.1f}/s  median {result.median * 1000:7.1f} ms  "
        f"p99 {result.p99 * 1000:7.1f} ms  cpu {result.cpu * 1000:5.2f} ms  "
        f"{result.memory:4.0f} MB  loop {result.lag * 1000:5.1f} ms  unanswered {result.unanswered}"
    )


def write(results: Sequence["Result"], alone: Mapping[str, float]) -> None:
    """Write ``load-benchmark.md`` and its plot; ``alone``: seconds of matching, by contender."""
    middle = [_middle(same) for same in _by_load(results).values()]
    drained = [one for one in middle if not one.rate]
    rounds = len({one.round for one in results})
    parts = [_HEAD.format(rounds=rounds), _targets(middle, results, alone)]
    parts += [_drained(drained, results, d) for d in _delays(drained)]
    parts += [_steady([one for one in middle if one.rate])]
    parts += ["![Updates a second](images/load.png)\n"]
    (DOCS / "load-benchmark.md").write_text("\n".join(parts), "utf-8")
    _plot(drained)


def _by_load(results: Sequence["Result"]) -> dict[tuple[object, ...], list["Result"]]:
    """Return the rounds of each measure together."""
    found: dict[tuple[object, ...], list[Result]] = {}
    for one in results:
        found.setdefault((one.contender, one.mix, *_load(one)), []).append(one)
    return found


def _load(one: "Result") -> tuple[float, int, float]:
    return one.delay, one.chats, one.rate


def _middle(same: Sequence["Result"]) -> "Result":
    return sorted(same, key=lambda one: one.per_second)[len(same) // 2]


def _delays(results: Sequence["Result"]) -> list[float]:
    return sorted({one.delay for one in results})


def _drained(middle: Sequence["Result"], results: Sequence["Result"], delay: float) -> str:
    rows = [
        f"\n## A backlog, the API answering after {delay * 1000:.0f} ms\n",
        "| bot | chats | a second | times PTB | times aiogram | CPU, ms | loop, ms | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in middle:
        if one.delay == delay:
            ratios = [_ratio(one, results, name, "echo") for name in (_PTB, _AIOGRAM)]
            peers = [f"{ratio:.2f}" if ratio else "–" for ratio in ratios]
            rows.append(
                f"| {one.contender}, {one.mix} | {one.chats} | {one.per_second:.0f} | {peers[0]} "
                f"| {peers[1]} | {one.cpu * 1000:.2f} | {_ms(one.lag)} | {one.memory:.0f} |"
            )
    return "\n".join(rows) + "\n"


def _ratio(one: "Result", results: Sequence["Result"], contender: str, mix: str) -> float | None:
    """Return how many times a peer's pace, in the middle of the rounds that had both."""
    found = _by_load(results)
    peers = {peer.round: peer for peer in found.get((contender, mix, *_load(one)), ())}
    ratios = [
        mine.per_second / peers[mine.round].per_second
        for mine in found[one.contender, one.mix, *_load(one)]
        if mine.round in peers
    ]
    return statistics.median(ratios) if ratios else None


def _ms(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{seconds * 1000:.1f}"


def _targets(
    middle: Sequence["Result"], results: Sequence["Result"], alone: Mapping[str, float]
) -> str:
    """Hold the figures to what was asked of them, at a hundred chats."""
    rows = ["## Targets\n", "| of | asked | measured | |", "|---|---|---|---|"]
    ours = [one for one in middle if one.chats == _CHATS and one.contender.startswith("ours")]
    for one in ours:
        rows += _of_steady(one) if one.rate else _of_drained(one, results, alone)
    return "\n".join(rows) + "\n"


def _of_drained(
    one: "Result", results: Sequence["Result"], alone: Mapping[str, float]
) -> Iterator[str]:
    if one.mix == "questions" and not one.delay:
        share = alone[one.contender] / one.cpu
        yield _target(one, "matching alone, at least 0.80 of it", f"{share:.2f}", share >= _SHARE)
    elif one.mix == "navigation" and one.delay:
        told = f"{one.per_second:.0f}"
        yield _target(one, "more than 500 a second", told, one.per_second > _PACE)
    elif one.mix == "navigation":
        for peer, least in ((_PTB, 1.0), (_AIOGRAM, _SHARE)):
            ratio = _ratio(one, results, peer, "echo") or 0.0
            yield _target(one, f"{least:.1f} times the {peer}", f"{ratio:.2f}", ratio >= least)
    elif one.mix == "repeated":
        ratio = _ratio(one, results, one.contender, "navigation") or 0.0
        yield _target(one, "as fast as navigation", f"{ratio:.2f}", ratio >= 1)


def _of_steady(one: "Result") -> Iterator[str]:
    if one.mix == "navigation":
        yield _target(one, "p99 within 250 ms", _ms(one.p99), one.p99 <= _LATE)
    yield _target(one, "loop held 20 ms at most (p99)", _ms(one.lag), one.lag <= _HELD)


def _target(one: "Result", asked: str, measured: str, is_met: bool) -> str:  # noqa: FBT001
    pace = f" at {one.rate:.0f} a second" if one.rate else ""
    what = f"{one.contender}, {one.mix}{pace}, API {one.delay * 1000:.0f} ms"
    return f"| {what} | {asked} | {measured} | {'met' if is_met else '**not met**'} |"


def _steady(results: Sequence["Result"]) -> str:
    rows = [
        "\n## At a steady rate\n",
        "| bot | a second | API, ms | median, ms | p99, ms | loop, ms |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.contender}, {one.mix} | {one.rate:.0f} | {one.delay * 1000:.0f} "
            f"| {one.median * 1000:.1f} | {one.p99 * 1000:.1f} | {_ms(one.lag)} |"
            for one in results
        ),
    ]
    return "\n".join(rows) + "\n"


def _plot(results: Sequence["Result"]) -> None:
    delays = _delays(results)
    figure, axes = plt.subplots(1, len(delays), figsize=(6 * len(delays), 4), squeeze=False)
    for axis, delay in zip(axes[0], delays, strict=True):
        for name in dict.fromkeys(f"{one.contender}, {one.mix}" for one in results):
            points = [
                (one.chats, one.per_second)
                for one in results
                if f"{one.contender}, {one.mix}" == name and one.delay == delay
            ]
            axis.plot(*zip(*points, strict=True), marker="o", label=name)
        axis.set(xscale="log", yscale="log", xlabel="chats", ylabel="updates a second")
        axis.set_title(f"API delay {delay * 1000:.0f} ms")
    axes[0][0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "load.png", dpi=110)
