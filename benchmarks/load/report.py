"""The table and the plot of a run."""

from collections.abc import Sequence
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
drained as fast as it goes (updates a second; processor time an update), then answered at
{rate:.0f} a second (milliseconds from delivery to answer). *times PTB*, *times aiogram*: updates a
second against the bare PTB echo on its default transport, and the bare aiogram echo.

Ours does the whole work: durable inbox, handlers, matching, database, outbox. The echoes do none.
*navigation*: commands and buttons; *questions*: all different.
"""


def line(result: "Result") -> str:
    """Return one result in a line."""
    rate = f"at {result.rate:.0f}/s" if result.rate else ""
    return (
        f"{result.contender:30} {result.mix:10} delay {result.delay * 1000:2.0f} ms "
        f"{result.chats:5d} chats {rate:8}: "
        f"{result.per_second:7.1f}/s  median {result.median * 1000:7.1f} ms  "
        f"p99 {result.p99 * 1000:7.1f} ms  cpu {result.cpu * 1000:5.2f} ms  "
        f"{result.memory:4.0f} MB  unanswered {result.unanswered}"
    )


def write(results: Sequence["Result"]) -> None:
    """Write ``load-benchmark.md`` and its plot."""
    steady = [one for one in results if one.rate]
    drained = [one for one in results if not one.rate]
    rate = steady[0].rate if steady else 0
    parts = [_HEAD.format(rate=rate), *(_drained(drained, d) for d in _delays(drained))]
    parts.append(_steady(steady))
    parts.append("![Updates a second](images/load.png)\n")
    (DOCS / "load-benchmark.md").write_text("\n".join(parts), "utf-8")
    _plot(drained)


def _delays(results: Sequence["Result"]) -> list[float]:
    return sorted({one.delay for one in results})


def _drained(results: Sequence["Result"], delay: float) -> str:
    rows = [
        f"\n## A backlog, the API answering after {delay * 1000:.0f} ms\n",
        "| bot | chats | updates a second | times PTB | times aiogram | CPU, ms | memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        if one.delay == delay:
            peers = [_ratio(one, results, name) for name in ("PTB echo", "aiogram echo")]
            rows.append(
                f"| {one.contender}, {one.mix} | {one.chats} | {one.per_second:.0f} | {peers[0]} "
                f"| {peers[1]} | {one.cpu * 1000:.2f} | {one.memory:.0f} |"
            )
    return "\n".join(rows) + "\n"


def _ratio(one: "Result", results: Sequence["Result"], name: str) -> str:
    for peer in results:
        if (peer.contender, peer.delay, peer.chats) == (name, one.delay, one.chats):
            return f"{one.per_second / peer.per_second:.2f}"
    return "–"


def _steady(results: Sequence["Result"]) -> str:
    rows = [
        "\n## At a steady rate\n",
        "| bot | API, ms | median, ms | p99, ms |",
        "|---|---|---|---|",
        *(
            f"| {one.contender}, {one.mix} | {one.delay * 1000:.0f} | {one.median * 1000:.1f} "
            f"| {one.p99 * 1000:.1f} |"
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
