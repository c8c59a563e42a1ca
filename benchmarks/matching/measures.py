"""What is measured of a peer: right entries, how sure it is, and what it costs."""

import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.peers import Peer, Ranker, Scores
from bot.commands.labelled_questions import LabelledQuestion
from knowledge.ranking.corpus import Example

_FALSE_ANSWERS = 0.1
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of one question: right entry first, right entry among three, how sure."""

    in_scope: bool
    first: bool
    among: bool
    sure: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares, from 0 to 1; what needs out-of-scope questions is None without any.

    ``first``: the right entry first; ``among``: among the first three; ``auroc``: in scope against
    out of scope; ``answered``: right, and answered at ten percent of false answers.
    """

    first: float
    among: float
    auroc: float | None = None
    answered: float | None = None

    @property
    def cells(self) -> list[str]:
        """The figures as a table shows them."""
        figures = (self.first, self.among, self.auroc, self.answered)
        return ["" if one is None else f"{one:.3f}" for one in figures]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds to learn, median and 99th percentile of microseconds a question, MiB that stay."""

    learnt: float
    median: float
    slow: float
    size: float

    @property
    def cells(self) -> list[str]:
        """The figures as a table shows them."""
        return [f"{self.learnt:.1f}", f"{self.median:.0f}", f"{self.slow:.0f}", f"{self.size:.1f}"]


def asked(
    rank: Ranker, questions: Sequence[LabelledQuestion], ids: Sequence[str]
) -> Iterator[Measured]:
    """Ask a ranker, and measure each question."""
    for question in questions:
        yield measure(*rank(question.text), question.expected, ids)


def measure(scores: Scores, sure: float, expected: Sequence[str], ids: Sequence[str]) -> Measured:
    """Measure one question by the scores of the ids."""
    best = [ids[i] for i in np.argsort(-scores, kind="stable")[:3]]
    right = set(expected)
    return Measured(bool(expected), best[0] in right, not right.isdisjoint(best), sure)


def quality(measured: Sequence[Measured]) -> Quality:
    """Return the shares of right entries, and how well sureness tells what is out of scope."""
    inside = [one for one in measured if one.in_scope]
    outside = sorted((one.sure for one in measured if not one.in_scope), reverse=True)
    right = (
        float(np.mean([one.first for one in inside])),
        float(np.mean([one.among for one in inside])),
    )
    if not outside:
        return Quality(*right)
    limit = outside[int(_FALSE_ANSWERS * len(outside))]
    auroc = roc_auc_score([one.in_scope for one in measured], [one.sure for one in measured])
    answered = float(np.mean([one.first and one.sure > limit for one in inside]))
    return Quality(*right, float(auroc), answered)


def cost(peer: Peer, examples: Sequence[Example], ids: Sequence[str]) -> Cost:
    """Learn twice, the second time to count what stays allocated; ask some examples in between."""
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
    return Cost(learnt, float(np.median(times)), float(np.percentile(times, 99)), size)
