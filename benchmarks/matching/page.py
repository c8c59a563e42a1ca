"""The page and the picture of the comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

import knowledge
from benchmarks.matching.few import Result
from benchmarks.matching.measures import Cost, Quality
from benchmarks.matching.voices import ONE_IN, Points, voices
from knowledge.ranking.corpus import Material

DOCS = Path(knowledge.__file__).parent.parent / "docs"
_HEAD = """\
# Matching, measured

`make bench-matching`, on {inside} phrasings of {voices} voices and the everyday file, and
{outside} out-of-scope examples. One voice in {one_in} asks what was learnt from all others.
*first*: the right entry first; *three*: among the first three; *auroc*: in scope against out of
scope; *at 10 %*: right, and answered where a tenth of the out-of-scope questions is answered
wrongly. The second encoder had read the examples before (25 ms each): its seconds are not counted.
"""
_FOOT = """\
Ours puts {ratio:.2f} times as many right entries first as the best peer, at {median:.1f} ms a
question.
"""
_FEW = """\
## Few phrasings

What is new has few phrasings yet. All learn the same, and rank the same entries (acts are learnt
too, but not ranked here): our 14 answers alone with so many phrasings each (no voices, no
out-of-scope examples), and twenty fresh entries of other themes beside all that is shipped, asked
{fresh} questions by people who had read the answers alone. Each cell: right *first*, and right
among the first *three*.
"""
_DECIDED = """\
By the whole of its decisions, what ours shows: the right answer, or choices among which it is; and
what it gives wrongly without a choice:
"""
_ROW_PARTS = ("first", "three", "auroc", "at 10 %")
_SHOWN = ("shown", "wrong", "out answered", "out choices")


@dataclass(frozen=True, slots=True)
class Row:
    """A matcher: its quality with unknown voices and, if measured, on other questions; its cost."""

    name: str
    voices: Quality
    questions: Quality | None
    cost: Cost


def page(
    rows: Sequence[Row],
    curves: Mapping[str, Points],
    few: Sequence[Result],
    material: Material,
    questions: int,
) -> str:
    """Return the whole page; ``questions``: how many of other hands were asked."""
    inside = sum(1 for one in material.examples if one.entry)
    numbers = {"inside": inside, "outside": len(material.examples) - inside}
    best_peer = max(row.voices.first for row in rows if not row.name.startswith("ours"))
    ours = rows[-1]
    others = [f"On {questions} questions of other hands, learnt from all:", "", *_others(rows), ""]
    return "\n".join(
        [
            _HEAD.format(**numbers, voices=len(voices(material.examples)), one_in=ONE_IN),
            *_rows(rows),
            "",
            *(others if questions else []),
            _FOOT.format(ratio=ours.voices.first / best_peer, median=ours.cost.median / 1000),
            *(text for what, points in curves.items() for text in _curve(what, points)),
            "![Quality by peer, and against the number of phrasings](images/matching.png)",
            "",
            few_section(few),
        ]
    )


def few_section(few: Sequence[Result]) -> str:
    """Return the section on few phrasings."""
    fresh = next(one.count for one in few if one.world.startswith("fresh"))
    return "\n".join([_FEW.format(fresh=fresh), *_few(few), "", _DECIDED, *_decided(few), ""])


def set_section(name: str, entries: int, results: Sequence[Result]) -> str:
    """Return what was measured on a public set."""
    names = ("matcher", *_ROW_PARTS, *_SHOWN)
    lines = [
        [one.matcher, *one.ranked.cells, *(_share(each) for each in one.decided or [None] * 4)]
        for one in results
    ]
    title = f"**{name}**: {entries} entries, {results[0].count} questions"
    return "\n".join([title, "", *_table(names, lines), ""])


def _few(few: Sequence[Result]) -> list[str]:
    asked = list(dict.fromkeys((one.world, one.asked) for one in few))
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for one in few:
        told = f"{one.ranked.first:.3f} {one.ranked.among:.3f}"
        cells.setdefault(one.matcher, {})[one.world, one.asked] = told
    names = ("matcher", *(f"{world}: {what}" for world, what in asked))
    return _table(names, [[name, *(own[key] for key in asked)] for name, own in cells.items()])


def _decided(few: Sequence[Result]) -> list[str]:
    lines = [
        [one.matcher, f"{one.world}: {one.asked}", *map(_share, one.decided[:2])]
        for one in few
        if one.decided
    ]
    return _table(("matcher", "knowledge: asked", *_SHOWN[:2]), lines)


def _curve(what: str, points: Points) -> list[str]:
    shares = ["right first, unknown voice", *(f"{share:.3f}" for _, share in points)]
    return [*_table((what, *(str(count) for count, _ in points)), [shares]), ""]


def _rows(rows: Sequence[Row]) -> list[str]:
    names = ("matcher", *_ROW_PARTS, "learn s", "median µs", "p99 µs", "MiB")
    return _table(names, [[row.name, *row.voices.cells, *row.cost.cells] for row in rows])


def _others(rows: Sequence[Row]) -> list[str]:
    lines = [[row.name, *row.questions.cells] for row in rows if row.questions]
    return _table(("matcher", *_ROW_PARTS), lines)


def _table(names: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    ruler = "|---|" + "--:|" * (len(names) - 1)
    return [f"| {' | '.join(names)} |", ruler, *(f"| {' | '.join(one)} |" for one in lines)]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"


def draw(rows: Sequence[Row], curves: Mapping[str, Points]) -> None:
    """Draw the quality of all, and the curves of ours."""
    figure, (left, *others) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    names = [row.name for row in rows]
    colours = ["#7a9e9a" if not name.startswith("ours") else "#0b5d55" for name in names]
    left.barh(names, [row.voices.first for row in rows], color=colours)
    left.invert_yaxis()
    left.set(xlim=(0, 1), xlabel="right entry first, unknown voice")
    for axes, (what, points) in zip(others, curves.items(), strict=True):
        axes.plot(*zip(*points, strict=True), marker="o", color="#0b5d55")
        axes.set(xscale="log", xlabel=what, ylabel="right entry first, unknown voice")
        axes.set_xticks([count for count, _ in points], [str(count) for count, _ in points])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.3)
    (DOCS / "images").mkdir(exist_ok=True)
    figure.savefig(DOCS / "images" / "matching.png", dpi=110)
