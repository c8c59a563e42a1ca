"""Estimates how many of ten questions would find each entry, and tells what stands in its way.

An entry with many phrasings is judged by these: each is left out in turn, and asked. The few
phrasings of a newcomer are often written in one go, and find each other better than people's words
would: there, what was measured with unknown people is the start, which texts of others lower.
Where all entries are newcomers, each may be taken for any other; what counts is whether it would
still be among the choices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from knowledge.curation.aged_examples import AgedExample
from knowledge.curation.confusable_phrasings import JUDGED_FROM, LeftOut, takes
from knowledge.knowledge import Knowledge
from knowledge.model import Entry
from knowledge.ranking.ranker import CHOICES, TrainedRanker
from knowledge.ranking.training import labels_of

# From so many phrasings, besides the question and the title: how many of ten questions of people
# whom the facilitator does not know find a newcomer, answered or among the choices. The lower ones
# of what was measured: docs/matching.md, "How often an entry is found".
SHOWN_BY_PHRASINGS = ((0, 6), (5, 7), (8, 8))
# An entry found less often is worth work: the shipped ones reach 8 or 9.
WELL_FOUND = 8
_OF = 10
# The least score of what is shown. With it, the left-out phrasings of the shipped entries are shown
# for 0.91 on average; unknown people's questions were for 0.95.
_LEAST_SHOWN = 0.15
_USUAL = 0.9
# So many examples show what is usual between an entry and what has no answer.
_SAMPLE = 64
# By how many standard deviations more than usual an example out of scope is like a phrasing.
_UNUSUAL = 2.0
# The share of the likeness to its own from which another entry's text is worth reading. Measured on
# twenty fresh entries: at two thirds, most of what is found is on the same subject.
_NEARLY = 2 / 3
_MOST_OBSTACLES = 3

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A ``text`` of another entry or act that a phrasing of an entry resembles too much.

    ``owner`` is what the text asks for and ``title`` its title. ``takes``: the phrasing resembles
    the text more than the entry's own ones.
    """

    phrasing: str
    text: str
    owner: str
    title: str
    takes: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """About how many of ten questions would find an entry, and what stands in its way.

    ``phrasings``: all that were written for it, those of voices too, without question and title.
    ``outside``: the examples out of scope that it answers, the surest first.
    """

    id: str
    title: str
    tenths: int
    phrasings: int
    is_new: bool
    neighbours: tuple[Obstacle, ...] = ()
    outside: tuple[AgedExample, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether it is found less often than it could be."""
        return self.tenths < WELL_FOUND

    @property
    def neighbour(self) -> Obstacle | None:
        """The text of the entry that takes most from it, the nearest first."""
        owners = [each.owner for each in self.neighbours]
        return max(self.neighbours, key=lambda each: owners.count(each.owner), default=None)

    @property
    def more(self) -> tuple[int, int] | None:
        """The number of phrasings at which a newcomer can be found well, and how often at most."""
        enough = next(step for step in SHOWN_BY_PHRASINGS if step[1] >= WELL_FOUND)
        return enough if self.is_new and self.is_weak and self.phrasings < enough[0] else None


def shown_with(phrasings: int) -> int:
    """Return how many of ten questions find an entry with so few phrasings."""
    return next(shown for least, shown in reversed(SHOWN_BY_PHRASINGS) if phrasings >= least)


def newcomers_of(knowledge: Knowledge) -> dict[str, int]:
    """Return how many phrasings each entry in service has that has few, voices' ones included."""
    ranker = knowledge.ranker
    counts = ranker.newcomers if isinstance(ranker, TrainedRanker) else {}
    return {id_: _besides(count) for id_, count in counts.items() if count < JUDGED_FROM}


def _besides(examples: int) -> int:
    """Return how many of an entry's examples are phrasings besides its question and its title."""
    return max(examples - 2, 0)


def findings(
    knowledge: Knowledge, left_out: LeftOut, aged: Sequence[AgedExample] = ()
) -> tuple[Finding, ...]:
    """Return the estimate of each entry in service, weakest first.

    ``aged`` are the examples out of scope that one of them answers.
    """
    finder = _Finder(knowledge, left_out, aged)
    found = [finder.finding(entry) for entry in knowledge.entries if entry.id in finder.ids]
    return tuple(sorted(found, key=lambda each: each.tenths))


class _Finder:
    """Judges one entry after the other."""

    def __init__(
        self, knowledge: Knowledge, left_out: LeftOut, aged: Sequence[AgedExample]
    ) -> None:
        acts = {act.id: act.title for act in knowledge.acts if act.title}
        titled = {entry.id: entry.title for entry in knowledge.entries} | acts
        self.ids = left_out.material.ids
        self._titles, self._aged = titled, aged
        self._texts = tuple(each.text for each in left_out.material.examples)
        self._labels = labels_of(left_out.material)
        self._scores = left_out.scores
        self._is_choice = np.array([name in titled for name in self.ids])
        counts = np.bincount(self._labels, minlength=len(self.ids))
        entries = {entry.id for entry in knowledge.entries}
        self._all_new = all(
            count < JUDGED_FROM
            for name, count in zip(self.ids, counts.tolist(), strict=False)
            if name in entries
        )
        ranker = knowledge.ranker
        self._ranker = ranker if isinstance(ranker, TrainedRanker) else None

    def finding(self, entry: Entry) -> Finding:
        """Judge an entry by its phrasings, or by how many there are."""
        place = self.ids.index(entry.id)
        rows = np.flatnonzero(self._labels == place)
        is_new, phrasings = len(rows) < JUDGED_FROM, _besides(len(rows))
        if not is_new or self._ranker is None:
            share, obstacles = self._by_phrasings(place, rows)
        elif self._all_new:
            share, obstacles = self._beside_newcomers(place, rows)
        else:
            share, obstacles = self._by_curve(place, rows)
        return Finding(
            entry.id,
            entry.title,
            min(max(round(_OF * share), 1), _OF - 1),
            phrasings,
            is_new,
            _few(obstacles),
            tuple(each for each in self._aged if each.id == entry.id),
        )

    def _by_curve(self, place: int, rows: Rows) -> tuple[float, list[Obstacle]]:
        """Judge a newcomer by how many phrasings it has, less the share that others take."""
        taken = list(self._taken_from(place, rows))
        lost = len({row for row, each in taken if each is None or each.takes})
        kept = (1 - lost / len(rows)) * shown_with(_besides(len(rows))) / _OF
        return kept, [each for _, each in taken if each is not None]

    def _beside_newcomers(self, place: int, rows: Rows) -> tuple[float, list[Obstacle]]:
        """Judge a newcomer beside others by its phrasings that would still be among the choices."""
        scores = self._scores[rows]
        before = (scores[:, self._is_choice] > scores[:, [place]]).sum(axis=1)
        share = float((before < CHOICES).mean())
        lost = set(rows[before >= CHOICES].tolist())
        taken = [each for row, each in self._taken_from(place, rows) if each and row in lost]
        return min(share, shown_with(_besides(len(rows))) / _OF), taken

    def _by_phrasings(self, place: int, rows: Rows) -> tuple[float, list[Obstacle]]:
        """Judge an entry by the share of its phrasings that find it when they are left out."""
        shown = self._are_shown(place, rows)
        share = float(shown.mean())
        is_weak = round(_OF * share) < WELL_FOUND
        return share, list(self._taking(place, rows[~shown])) if is_weak else []

    def _are_shown(self, place: int, rows: Rows) -> npt.NDArray[np.bool_]:
        """Tell which phrasings, left out, would be answered or find their entry as a choice."""
        scores = self._scores[rows]
        own = scores[:, place]
        before = (scores[:, self._is_choice] > own[:, None]).sum(axis=1)
        shown: npt.NDArray[np.bool_] = (before < CHOICES) & (own >= _LEAST_SHOWN)
        return shown & ~takes(np.delete(scores, place, axis=1).max(axis=1, initial=0.0), own)

    def _taking(self, place: int, rows: Rows) -> Iterator[Obstacle]:
        """Yield what takes the phrasings of an entry that has many, the surest first."""
        scores = np.where(self._is_choice, self._scores[rows], -np.inf)
        scores[:, place] = -np.inf
        order = np.argsort(-scores.max(axis=1, initial=-np.inf), kind="stable")[:_MOST_OBSTACLES]
        if self._ranker is None or not len(order):
            return
        for row, likeness in zip(rows[order], self._ranker.between(rows[order]), strict=True):
            other = int(np.argmax(np.where(self._is_choice, self._scores[row], -np.inf)))
            if other != place:
                yield self._obstacle(row, self._nearest(likeness, self._labels == other))

    def _taken_from(self, place: int, rows: Rows) -> Iterator[tuple[int, Obstacle | None]]:
        """Yield the few phrasings of a newcomer that resemble the texts of others too much.

        With None, those that an example out of scope takes.
        """
        is_own, is_outside = self._labels == place, self._labels == len(self.ids)
        choices = np.append(self._is_choice, False)[self._labels] & ~is_own
        likenesses = self._ranker.between(rows) if self._ranker else ()
        for row, likeness in zip(rows.tolist(), likenesses, strict=True):
            others = is_own & (np.arange(len(is_own)) != row)
            own = float(likeness[others].max(initial=0.0))
            if choices.any() and (obstacle := self._neighbour(place, row, likeness, choices, own)):
                yield row, obstacle
            if likeness[is_outside].max(initial=0.0) > max(own, self._unlike):
                yield row, None

    def _neighbour(
        self,
        place: int,
        row: int,
        likeness: npt.NDArray[np.float32],
        choices: npt.NDArray[np.bool_],
        own: float,
    ) -> Obstacle | None:
        """Return the text of another entry that a phrasing resembles too much."""
        other = self._nearest(likeness, choices)
        is_like = bool(likeness[other] > self._unlike)
        is_taken = (is_like and bool(likeness[other] > own)) or self._is_taken(row, place)
        if is_taken or (is_like and likeness[other] >= _NEARLY * own):
            return self._obstacle(row, other, takes_it=is_taken)
        return None

    def _is_taken(self, row: int, place: int) -> bool:
        scores = self._scores[row]
        others = np.delete(scores, place).max(initial=0.0)
        return bool(takes(others, scores[place]))

    @cached_property
    def _unlike(self) -> float:
        """The likeness that hardly any phrasing reaches to what is about something else.

        Measured on the examples out of scope; 0 without any.
        """
        if self._ranker is None or not (self._labels == len(self.ids)).any():
            return 0.0
        known = np.flatnonzero(self._labels != len(self.ids))
        rows = known[np.linspace(0, len(known) - 1, min(_SAMPLE, len(known))).astype(np.intp)]
        likeness = self._ranker.between(rows)[:, self._labels == len(self.ids)].max(axis=1)
        return float(np.quantile(likeness, _USUAL) + _UNUSUAL * likeness.std())

    def _obstacle(self, row: int, other: int, *, takes_it: bool = True) -> Obstacle:
        owner = self.ids[int(self._labels[other])]
        title = self._titles.get(owner, owner)
        return Obstacle(self._texts[row], self._texts[other], owner, title, takes_it)

    @staticmethod
    def _nearest(likeness: npt.NDArray[np.float32], among: npt.NDArray[np.bool_]) -> int:
        return int(np.argmax(np.where(among, likeness, -np.inf)))


def _few(obstacles: Sequence[Obstacle]) -> tuple[Obstacle, ...]:
    """Return the first obstacles, those that take a phrasing before others; no text twice."""
    by_text: dict[str, Obstacle] = {}
    for each in sorted(obstacles, key=lambda one: not one.takes):
        by_text.setdefault(each.text, each)
    return tuple(by_text.values())[:_MOST_OBSTACLES]
