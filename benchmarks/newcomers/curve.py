"""How an entry is found as its phrasings come: ``python -m benchmarks.newcomers --curve``.

A fifth of the voices is left out of the learning, and asks. Three curves: the twenty fresh entries
beside what is shipped; the shipped entries, a few at a time left with so many phrasings beside all
others; all our own answers with so many phrasings, and nothing else. With seventy examples an entry
is no newcomer any more, and the regression alone finds it: no curve may fall there.

The table is printed, and drawn as ``docs/images/newcomers.png``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import knowledge
from benchmarks.newcomers import worlds
from benchmarks.newcomers.worlds import Documents
from bot.commands.evaluation import EvaluatedQuestion, figures
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.loading import FAQ, Compiling, build
from knowledge.ranking.corpus import FEWEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Its question and its title are examples too.
SWITCH = FEWEST - 2
FRESH, GROWN, ALONE = "twenty fresh", "shipped, a few at a time", "our own answers alone"
_FRESH_COUNTS = (0, 1, 3, 5, 8)
# The last count of a newcomer and the first of an entry like all others are both measured.
_COUNTS = (0, 1, 3, 5, 8, 12, 18, 27, 40, SWITCH - 1, SWITCH, 100)
_ONE_IN = 5
_TURNS = 5
# So many questions at most are asked of the others each time, and half of all of the entries.
_OTHERS, _ONE_QUESTION_IN = 60, 2
_PICTURE = Path(knowledge.__file__).parent.parent / "docs" / "images" / "newcomers.png"
_COLOURS = {FRESH: "#c2571a", GROWN: "#1f8a80", ALONE: "#7a6fd0"}
_GREY = "#808080"
_TICKS = (0, 1, 3, 8, 18, 40, SWITCH, 100)
_HEAD = """\
| knowledge | phrasings | asked | first | shown | wrong | others: first | shown |
|---|--:|--:|--:|--:|--:|--:|--:|"""


# As bot/commands/evaluation.py tells them.
Shares = Mapping[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Point:
    """How questions about the entries with so many phrasings fared, and those about all others."""

    curve: str
    phrasings: int
    own: Shares
    others: Shares = field(default_factory=lambda: figures(()))


def measured(compiling: Compiling) -> Iterator[Point]:
    """Yield the points of all curves, as they are measured: a quarter of an hour in all."""
    documents = worlds.shipped()
    writing = [one for one in worlds.voices_of(documents) if one["formulations"]]
    asking = writing[::_ONE_IN]
    fewer = worlds.without_voices(documents, [one["nom"] for one in asking])
    ids = [one["id"] for one in documents[FAQ].data["entrees"] if "service" not in one]
    questions = _questions(asking, ids)
    yield from _alone(fewer, questions, compiling)
    yield from _fresh(fewer, questions, compiling)
    yield from _grown(fewer, ids, questions, compiling)


def _questions(asking: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> list[LabelledQuestion]:
    said = [
        LabelledQuestion(text, (id_,), "")
        for voice in asking
        for id_ in ids
        for text in voice["formulations"].get(id_, ())
    ]
    return said[::_ONE_QUESTION_IN]


def _alone(
    documents: Documents, questions: Sequence[LabelledQuestion], compiling: Compiling
) -> Iterator[Point]:
    for count in _COUNTS:
        known = build(worlds.alone_with(documents, count), compiling)
        yield Point(ALONE, count, figures(worlds.ask(known, questions)))


def _fresh(
    documents: Documents, questions: Sequence[LabelledQuestion], compiling: Compiling
) -> Iterator[Point]:
    own = worlds.fresh_questions()
    for count in _FRESH_COUNTS:
        known = build(worlds.with_fresh(documents, count), compiling)
        theirs = figures(worlds.ask(known, _some(questions)))
        yield Point(FRESH, count, figures(worlds.ask(known, own)), theirs)


def _grown(
    documents: Documents,
    ids: Sequence[str],
    questions: Sequence[LabelledQuestion],
    compiling: Compiling,
) -> Iterator[Point]:
    for count in _COUNTS:
        own: list[EvaluatedQuestion] = []
        others: list[EvaluatedQuestion] = []
        for turn in range(_TURNS):
            chosen = ids[turn::_TURNS]
            known = build(worlds.with_phrasings(documents, chosen, count), compiling)
            theirs = [one for one in questions if one.expected[0] not in chosen]
            own += worlds.ask(known, [one for one in questions if one.expected[0] in chosen])
            others += worlds.ask(known, _some(theirs))
        yield Point(GROWN, count, figures(own), figures(others))


def _some(questions: Sequence[LabelledQuestion]) -> Sequence[LabelledQuestion]:
    return questions[:: max(1, len(questions) // _OTHERS)]


def print_curve(compiling: Compiling) -> None:
    """Measure, print the table line by line, and draw."""
    points = []
    print(_HEAD)
    for point in measured(compiling):
        print(line(point), flush=True)
        points.append(point)
    draw(points)


def line(point: Point) -> str:
    """Return a line of the table."""
    own, others = point.own, point.others
    shares = (
        *(own[name] for name in ("right_first", "right_shown", "wrong_direct")),
        *(others[name] for name in ("right_first", "right_shown")),
    )
    cells = ["" if share is None else f"{share:.3f}" for share in shares]
    told = (point.curve, str(point.phrasings), str(own["in_scope"]), *cells)
    return f"| {' | '.join(told)} |"


def draw(points: Sequence[Point], path: Path = _PICTURE) -> None:
    """Draw the curves on no ground, in colours that a light page and a dark one both show."""
    # Here, as who reads the figures alone would wait for it.
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    with plt.rc_context({"text.color": _GREY, "axes.labelcolor": _GREY, "axes.edgecolor": _GREY}):
        figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
        for axes, name, title in zip(
            panels,
            ("right_shown", "right_first"),
            ("right one shown", "right one first"),
            strict=True,
        ):
            _panel(axes, points, name)
            axes.set_title(title)
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=3,
            framealpha=0,
        )
        figure.savefig(path, dpi=110, transparent=True)
        plt.close(figure)


def _panel(axes: "Axes", points: Sequence[Point], name: str) -> None:
    for curve in dict.fromkeys(one.curve for one in points):
        of_curve = [one for one in points if one.curve == curve]
        for asked, style in (("own", "-"), ("others", ":")):
            shares = [(one.phrasings, getattr(one, asked)[name]) for one in of_curve]
            known = [(count, share) for count, share in shares if share is not None]
            if known:
                label = curve if asked == "own" else f"{curve}: all others"
                axes.plot(
                    *zip(*known, strict=True), style, marker=".", color=_COLOURS[curve], label=label
                )
    axes.axvline(SWITCH - 0.5, color=_GREY, linestyle="--", linewidth=1)
    axes.annotate(
        "a newcomer up to here",
        (SWITCH - 0.5, 0.03),
        xytext=(-4, 0),
        textcoords="offset points",
        color=_GREY,
        ha="right",
        fontsize=8,
    )
    # What matters happens among the first phrasings, and nothing has no logarithm: their root.
    axes.set_xscale("function", functions=(np.sqrt, np.square))
    axes.set_xticks(_TICKS, [str(one) for one in _TICKS])
    axes.minorticks_off()
    axes.tick_params(colors=_GREY)
    axes.set(xlabel="phrasings of the entry", ylim=(0, 1), xlim=(0, 105))
    axes.grid(visible=True, alpha=0.3)
