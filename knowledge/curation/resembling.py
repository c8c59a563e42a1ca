"""Finds the received questions that resemble some entries most: phrasings that people wrote."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from knowledge.knowledge import Knowledge
from knowledge.ranking.ranker import Ranker
from knowledge.text.normalise import normalise

# An entry that is not among the first choices for a question is about something else; so is one
# that hardly anything tells for. Half of what offers a choice: whoever reads it decides.
_WITHIN = 3
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Resembling:
    """A question, by its place among those given, the entry that it resembles, and how much."""

    place: int
    id: str
    score: float


def resembling(
    knowledge: Knowledge, ids: Collection[str], asked: Sequence[str]
) -> tuple[Resembling, ...]:
    """Return the questions that resemble one of some entries, the most alike first.

    Takes milliseconds a question, with an encoder tens of them.
    """
    ranker = knowledge.ranker
    found = _found(ranker, ids, asked) if ids and ranker else ()
    return tuple(sorted(found, key=lambda each: (-each.score, each.place)))


def _found(ranker: Ranker, ids: Collection[str], asked: Sequence[str]) -> Iterator[Resembling]:
    for place, question in enumerate(asked):
        normalised = normalise(question)
        ranking = ranker.rank(normalised, question) if normalised else None
        best = ranking.entries[:_WITHIN] if ranking else ()
        fitting = [each for each in best if each.id in ids and each.score >= _LEAST]
        if fitting:
            yield Resembling(place, fitting[0].id, fitting[0].score)
