"""Ranks with the previous ranker, for the seconds that training the new one takes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from knowledge.ranking.ranker import Ranker, Ranking


class PreviousRanker(Ranker):
    """The previous ranker, without the entries that were removed.

    It does not know new entries: the matcher finds those by their exact phrasings alone.
    """

    def __init__(self, former: Ranker, entries: Iterable[str]) -> None:
        # Unwrap a ranker that is itself a stand-in: stand-ins must not pile up.
        self.learnt: Ranker = former.learnt if isinstance(former, PreviousRanker) else former
        self._entries = frozenset(entries)

    def rank(self, question: str, written: str = "") -> Ranking:
        """Rank as before; when the best entry was removed, nothing is sure."""
        return self._without_removed(self.learnt.rank(question, written))

    def rank_all(self, questions: Sequence[tuple[str, str]]) -> tuple[Ranking, ...]:
        """Rank for several questions at once, as ``rank`` does."""
        return tuple(map(self._without_removed, self.learnt.rank_all(questions)))

    def _without_removed(self, ranking: Ranking) -> Ranking:
        entries = tuple(ranked for ranked in ranking.entries if ranked.id in self._entries)
        if entries[:1] == ranking.entries[:1]:
            return replace(ranking, entries=entries)
        among = ranking.among if entries else 0.0
        return replace(ranking, entries=entries, sure=0.0, among=among)

    def knows_any(self) -> bool:
        """Whether any entry is left to rank."""
        return bool(self.rank("").entries)
