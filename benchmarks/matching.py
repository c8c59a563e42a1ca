"""Compares our matcher with its peers on the same knowledge and the same questions, in one run.

``make bench-matching`` writes ``docs/matching-benchmark.md`` and ``docs/images/matching.png``.
Quality is measured by leaving out each voice in turn, and also on a file of questions if one is
given: ``python -m benchmarks.matching [FILE.jsonl]``.
"""

import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from sklearn.metrics import roc_auc_score

mpl.use("Agg")
from matplotlib import pyplot as plt

import knowledge
from benchmarks.peers import Peer, all_peers, ours
from benchmarks.remembering import Remembering
from bot.commands.labelled_questions import LabelledQuestion, read_questions
from knowledge.loading import material_of
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.encoder import Encoder, shipped_encoder

DOCS = Path(knowledge.__file__).parent.parent / "docs"
_HEAD = """\
# Matching, measured

`make bench-matching`, on {inside} phrasings of {voices} voices and the everyday file, and {outside}
out-of-scope examples; each voice asks what was learnt from all others. *first*: the right entry
first; *three*: among the first three; *auroc*: in scope against out of scope; *at 10 %*: right, and
answered where a tenth of the out-of-scope questions is answered wrongly.
"""
_FOOT = """\
Ours puts {ratio:.2f} times as many right entries first as the best peer, at {median:.1f} ms a
question.
"""
_FALSE_ANSWERS = 0.1
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one question: right entry first, right entry among three, how sure."""

    in_scope: bool
    first: bool
    among: bool
    sure: float


def leave_one_voice_out(
    peer: Peer, examples: Sequence[Example], ids: Sequence[str]
) -> Iterator[Measured]:
    """Rank the questions of each voice by what was learnt from all others."""
    for voice in dict.fromkeys(one.voice for one in examples if one.voice != HOUSE):
        rank = peer([one for one in examples if one.voice != voice], ids)
        for one in examples:
            if one.voice == voice:
                expected = (one.entry,) if one.entry else ()
                yield _measure(*rank(one.text), expected, ids)


def on_questions(
    peer: Peer,
    examples: Sequence[Example],
    ids: Sequence[str],
    questions: Sequence[LabelledQuestion],
) -> Iterator[Measured]:
    """Rank questions of another origin by what was learnt from all examples."""
    rank = peer(examples, ids)
    for question in questions:
        yield _measure(*rank(question.text), question.expected, ids)


def _measure(
    scores: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    sure: float,
    expected: Sequence[str],
    ids: Sequence[str],
) -> Measured:
    best = [ids[i] for i in np.argsort(-scores, kind="stable")[:3]]
    right = set(expected)
    return Measured(bool(expected), best[0] in right, not right.isdisjoint(best), sure)


def figures(measured: Sequence[Measured]) -> tuple[float, float, float, float]:
    """Return right first, right among three, AUROC, right and answered at 10 % false answers."""
    inside = [one for one in measured if one.in_scope]
    outside = sorted((one.sure for one in measured if not one.in_scope), reverse=True)
    limit = outside[int(_FALSE_ANSWERS * len(outside))]
    return (
        float(np.mean([one.first for one in inside])),
        float(np.mean([one.among for one in inside])),
        float(roc_auc_score([one.in_scope for one in measured], [one.sure for one in measured])),
        float(np.mean([one.first and one.sure > limit for one in inside])),
    )


def cost(peer: Peer, examples: Sequence[Example], ids: Sequence[str]) -> tuple[float, ...]:
    """Return seconds to learn, median and p99 microseconds a question, MiB that stay allocated."""
    start = time.perf_counter()
    rank = peer(examples, ids)
    learnt = time.perf_counter() - start
    times = []
    for one in examples[:: max(1, len(examples) // _SAMPLE)]:
        start = time.perf_counter()
        rank(f"{one.text} svp")
        times.append((time.perf_counter() - start) * 1e6)
    tracemalloc.start()
    kept = peer(examples, ids)
    size = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    del kept
    return learnt, float(np.median(times)), float(np.percentile(times, 99)), size


def curve(material: Material, encoder: Encoder) -> list[tuple[int, float]]:
    """Return the share of right entries first, on held-out voices, by phrasings an entry."""
    points = []
    for count in (3, 6, 12, 24, 48, 96):
        kept = list(_at_most(material.examples, count))
        measured = [
            one for voice in _voices(material) for one in _fold(voice, kept, material, encoder)
        ]
        points.append((count, figures(measured)[0]))
    return points


def by_entries(material: Material, encoder: Encoder) -> list[tuple[int, float]]:
    """Return the share of right entries first, on held-out voices, by number of entries."""
    points = []
    for count in (2, 4, 7, 10, len(material.ids)):
        ids = material.ids[:count]
        examples = tuple(one for one in material.examples if one.entry in {*ids, None})
        fewer = Material(examples, ids, material.lexicon)
        folds = [_fold(voice, fewer.examples, fewer, encoder) for voice in _voices(fewer)]
        points.append((count, figures([one for fold in folds for one in fold])[0]))
    return points


def _voices(material: Material) -> list[str]:
    return [v for v in dict.fromkeys(one.voice for one in material.examples) if v != HOUSE]


def _fold(
    voice: str, kept: Sequence[Example], material: Material, encoder: Encoder
) -> Iterator[Measured]:
    others = [one for one in kept if one.voice != voice]
    rank = ours(material.lexicon, encoder)(others, material.ids)
    for one in material.examples:
        if one.voice == voice:
            yield _measure(*rank(one.text), (one.entry,) if one.entry else (), material.ids)


def _at_most(examples: Sequence[Example], count: int) -> Iterator[Example]:
    """Yield ``count`` phrasings an entry at most, spread over the voices; all out-of-scope ones."""
    taken: dict[str, int] = {}
    by_turn: dict[tuple[str, str], int] = {}
    turns = []
    for one in examples:
        key = (one.voice, one.entry or "")
        by_turn[key] = by_turn.get(key, 0) + 1
        turns.append((by_turn[key], one))
    for _, one in sorted(turns, key=lambda pair: pair[0]):
        if one.entry is None:
            yield one
        elif taken.get(one.entry, 0) < count:
            taken[one.entry] = taken.get(one.entry, 0) + 1
            yield one


def main() -> None:
    """Measure, and write the table and the picture."""
    material = material_of(Path(knowledge.__file__).parent)
    examples, ids, lexicon = material.examples, material.ids, material.lexicon
    encoder = shipped_encoder()
    if encoder is None:
        sys.exit("the extra [semantic] is needed")
    questions = read_questions(Path(sys.argv[1])) if len(sys.argv) > 1 else ()
    remembering = Remembering(encoder)
    rows = []
    for (name, peer), timed in zip(
        all_peers(lexicon, remembering).items(), all_peers(lexicon, encoder).values(), strict=True
    ):
        quality = figures(list(leave_one_voice_out(peer, examples, ids)))
        other = figures(list(on_questions(peer, examples, ids, questions))) if questions else None
        rows.append((name, quality, other, cost(timed, examples, ids)))
        print(name, [round(value, 3) for value in quality], flush=True)
    curves = (curve(material, remembering), by_entries(material, remembering))
    (DOCS / "matching-benchmark.md").write_text(_table(rows, curves, material, questions), "utf-8")
    _draw(rows, curves)


Points = Sequence[tuple[int, float]]
Row = tuple[str, tuple[float, ...], tuple[float, ...] | None, tuple[float, ...]]


def _table(
    rows: Sequence[Row],
    curves: tuple[Points, Points],
    material: Material,
    questions: Sequence[LabelledQuestion],
) -> str:
    inside = sum(1 for one in material.examples if one.entry)
    outside = len(material.examples) - inside
    best_peer = max(row[1][0] for row in rows if not row[0].startswith("ours"))
    first, median = rows[-1][1][0], rows[-1][3][1]
    others = [
        f"On {len(questions)} questions of other hands, learnt from all:",
        "",
        *_lines(rows, 2),
        "",
    ]
    return "\n".join(
        [
            _HEAD.format(
                inside=inside,
                outside=outside,
                voices=len(_voices(material)),
            ),
            *_lines(rows, 1),
            "",
            *(others if questions else []),
            _FOOT.format(ratio=first / best_peer, median=median / 1000),
            *_curve_lines("phrasings an entry", curves[0]),
            *_curve_lines("entries to choose from", curves[1]),
            "![Quality by peer, and against the number of phrasings](images/matching.png)",
            "",
        ]
    )


def _curve_lines(what: str, points: Points) -> list[str]:
    return [
        f"| {what} | " + " | ".join(str(count) for count, _ in points) + " |",
        "|---|" + "--:|" * len(points),
        "| right first, unknown voice | " + " | ".join(f"{v:.3f}" for _, v in points) + " |",
        "",
    ]


def _lines(rows: Sequence[Row], part: int) -> list[str]:
    lines = [
        "| matcher | first | three | auroc | at 10 % | learn s | median µs | p99 µs | MiB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        quality = row[part] or ()
        shares = " | ".join(f"{value:.3f}" for value in quality)
        learnt, median, slow, size = row[3]
        lines.append(
            f"| {row[0]} | {shares} | {learnt:.1f} | {median:.0f} | {slow:.0f} | {size:.1f} |"
        )
    return lines


def _draw(rows: Sequence[Row], curves: tuple[Points, Points]) -> None:
    figure, (left, *others) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    names = [row[0] for row in rows]
    colours = ["#7a9e9a" if not name.startswith("ours") else "#0b5d55" for name in names]
    left.barh(names, [row[1][0] for row in rows], color=colours)
    left.invert_yaxis()
    left.set(xlim=(0, 1), xlabel="right entry first, unknown voice")
    for axes, points, what in zip(
        others, curves, ("phrasings an entry", "entries to choose from"), strict=True
    ):
        axes.plot(*zip(*points, strict=True), marker="o", color="#0b5d55")
        axes.set(xscale="log", xlabel=what, ylabel="right entry first, unknown voice")
        axes.set_xticks([count for count, _ in points], [str(count) for count, _ in points])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.3)
    (DOCS / "images").mkdir(exist_ok=True)
    figure.savefig(DOCS / "images" / "matching.png", dpi=110)


if __name__ == "__main__":
    main()
