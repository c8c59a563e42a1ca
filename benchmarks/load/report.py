"""Writes the tables and the plot of a run."""

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from benchmarks.load import targets
from benchmarks.load.results import Result, median, middle, ratio, times_alone

mpl.use("Agg")
from matplotlib import pyplot as plt

_HEAD = """\
# Under load, measured

`make bench`: all bots started on one core, one of them at work at a time; the API servers on
another; made-up updates. A backlog is drained as fast as it goes (updates a second; processor time
an update), then updates come at a steady rate (milliseconds from delivery to answer). Each load is
given to all in turn. *times PTB*, *times aiogram*: updates a second against the bare PTB echo on
its default transport, and the bare aiogram echo, by the same load of the same round.
Each load was given {rounds} times, a backlog of a hundred chats without delay {times} times;
figures and ratios are those in the middle.
*times matching*: against what matching alone, in a process of its own on that core just before and
just after, allows.
*loop lag*: how late the event loop woke when asked to, two hundred times a second: at worst but
for one time in a hundred, and (in brackets) at worst.

Ours does the whole work: durable inbox, handlers, matching, database, outbox. The echoes do none.
*navigation*: commands, buttons and a form, about a third each, 1.6 calls to Telegram an update;
*repeated*: some forty questions again and again; *questions*: all different, a hundred characters
each. In one chat, each message waits for the one before it to arrive; Telegram allows one a second
there.
"""
_DRAINED = """\
| bot | chats | a second | times PTB | times aiogram | times matching | CPU, ms \
| loop lag p99, ms | memory, MB |
|---|---|---|---|---|---|---|---|---|"""
_STEADY = """\
| bot | API, ms | asked, a second | answered | median, ms | p99, ms | loop lag p99, ms |
|---|---|---|---|---|---|---|"""
_NONE = "–"


def line(result: Result) -> str:
    """Return one result as a line for the terminal."""
    rate = f"at {result.rate:.0f}/s" if result.rate else ""
    return (
        f"{result.contender:30} {result.mix:10} delay {result.delay * 1000:2.0f} ms "
        f"{result.chats:5d} chats {rate:8}: "
        f"{result.per_second:7.1f}/s  median {result.median * 1000:7.1f} ms  "
        f"p99 {result.p99 * 1000:7.1f} ms  cpu {result.cpu * 1000:5.2f} ms  "
        f"{result.memory:4.0f} MB  loop {_lag(result)} ms  unanswered {result.unanswered}"
    )


def write(folder: Path, results: Sequence[Result]) -> None:
    """Write ``load-benchmark.md`` and its plot."""
    shown = middle(results)
    drained = [one for one in shown if not one.rate]
    times = len({one.round for one in results})
    rounds = len({one.round for one in results if one.rate})
    parts = [_HEAD.format(rounds=rounds, times=times), targets.table(results)]
    parts += [_drained(drained, results, delay) for delay in _delays(drained)]
    parts += [_steady([one for one in shown if one.rate])]
    parts += ["![Updates a second](images/load.png)\n"]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "load-benchmark.md").write_text("\n".join(parts), "utf-8")
    _plot(drained, folder / "images" / "load.png")


def _delays(results: Sequence[Result]) -> list[float]:
    return sorted({one.delay for one in results})


def _drained(shown: Sequence[Result], results: Sequence[Result], delay: float) -> str:
    rows = [f"\n## A backlog, the API answering after {delay * 1000:.0f} ms\n", _DRAINED]
    for one in shown:
        if one.delay == delay:
            peers = [ratio(one, results, peer, "echo") for peer in (targets.PTB, targets.AIOGRAM)]
            times = " | ".join(_times(value) for value in (*peers, times_alone(one, results)))
            rows.append(
                f"| {one.contender}, {one.mix} | {one.chats} | {one.per_second:.0f} | {times} "
                f"| {one.cpu * 1000:.2f} | {_lag(one)} | {one.memory:.0f} |"
            )
    rows += [
        f"| matching alone, as {name}, questions | {_NONE} | {1 / seconds:.0f} "
        f"| {_NONE} | {_NONE} | 1.00 | {seconds * 1000:.2f} | {_NONE} | {_NONE} |"
        for name, seconds in _alone(results, delay).items()
    ]
    return "\n".join(rows) + "\n"


def _alone(results: Sequence[Result], delay: float) -> dict[str, float]:
    seconds_of: dict[str, list[float]] = {}
    for one in results:
        if one.delay == delay and not math.isnan(one.alone):
            seconds_of.setdefault(one.contender, []).append(one.alone)
    return {name: median(seconds) for name, seconds in seconds_of.items()}


def _times(ratio: float | None) -> str:
    return _NONE if ratio is None else f"{ratio:.2f}"


def _lag(one: Result) -> str:
    if math.isnan(one.lag):
        return _NONE
    return f"{one.lag * 1000:.1f} ({one.longest_lag * 1000:.0f})"


def _steady(shown: Sequence[Result]) -> str:
    rows = [
        "\n## At a steady rate\n",
        _STEADY,
        *(
            f"| {one.contender}, {one.mix} | {one.delay * 1000:.0f} | {one.rate:.0f} "
            f"| {one.per_second:.0f} | {one.median * 1000:.1f} | {one.p99 * 1000:.1f} "
            f"| {_lag(one)} |"
            for one in shown
        ),
    ]
    return "\n".join(rows) + "\n"


def _plot(results: Sequence[Result], file: Path) -> None:
    """Draw the updates a second at a hundred chats, one bar for each contender and mix."""
    delays = _delays(results)
    figure, axes = plt.subplots(1, len(delays), figsize=(7 * len(delays), 5), squeeze=False)
    for axis, delay in zip(axes[0], delays, strict=True):
        # Reversed, because a horizontal bar chart begins at the bottom.
        shown = [one for one in results if (one.delay, one.chats) == (delay, targets.CHATS)][::-1]
        colours = ["tab:blue" if one.contender.startswith("ours") else "silver" for one in shown]
        names = [f"{one.contender}, {one.mix}" for one in shown]
        bars = axis.barh(names, [one.per_second for one in shown], color=colours)
        axis.bar_label(bars, fmt="%.0f", padding=3)
        axis.set(xscale="log", xlabel="updates a second", xlim=(5, 80_000))
        axis.set_title(f"{targets.CHATS} chats, the API answering after {delay * 1000:.0f} ms")
    figure.tight_layout()
    figure.savefig(file, dpi=110)
