"""How like a question is to what each entry is asked by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz

from knowledge.model import Entry
from knowledge.normalising import normalise


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry and how well it fits, from 0 to 1."""

    id: str
    score: float


class Ranker(Protocol):
    """Orders all entries for a question; immutable once made."""

    def rank(self, question: str) -> tuple[Ranked, ...]:
        """Return every entry, best first, ties in the order of the file; the text is normalised."""


class FuzzyRanker:
    """The best of each entry's phrasings by rapidfuzz's token ratios.

    ``token_set_ratio`` alone gives 100 to a question that is one word of a phrasing, so
    ``token_sort_ratio``, which minds what is missing, counts as much.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        pairs = [(normalise(text), entry.id) for entry in entries for text in texts_of(entry)]
        self._texts = [text for text, _ in pairs]
        self._owners = [owner for _, owner in pairs]

    def rank(self, question: str) -> tuple[Ranked, ...]:
        """Return every entry with the score of its best phrasing."""
        scores = _all_scores(question, self._texts)
        best: dict[str, float] = {}
        for owner, score in zip(self._owners, scores, strict=True):
            best[owner] = max(score, best.get(owner, 0.0))
        ranked = [Ranked(owner, score) for owner, score in best.items()]
        return tuple(sorted(ranked, key=lambda one: -one.score))


def texts_of(entry: Entry) -> tuple[str, ...]:
    """Return all that an entry is asked by."""
    return (entry.question, entry.title, *entry.phrasings)


def _all_scores(question: str, texts: Sequence[str]) -> list[float]:
    return [
        (fuzz.token_set_ratio(question, text) + fuzz.token_sort_ratio(question, text)) / 200
        for text in texts
    ]
