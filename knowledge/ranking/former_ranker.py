"""Ranking with what was learnt before, for the seconds that learning anew takes."""

from collections.abc import Iterable

from knowledge.ranking.ranker import Ranker, Ranking


class PreviousRanker:
    """The former ranker, without the entries that are no more; new ones are met word for word."""

    def __init__(self, former: Ranker, entries: Iterable[str]) -> None:
        # Of one that already stands in for another, only the learnt one is kept.
        self.learnt: Ranker = former.learnt if isinstance(former, PreviousRanker) else former
        self._entries = frozenset(entries)

    def rank(self, question: str) -> Ranking:
        """Rank as before; where the best entry is gone, nothing is sure."""
        ranking = self.learnt.rank(question)
        kept = tuple(one for one in ranking.entries if one.id in self._entries)
        if kept[:1] == ranking.entries[:1]:
            return Ranking(kept, ranking.sure, ranking.among, ranking.nearest)
        return Ranking(kept, 0.0, ranking.among if kept else 0.0, ranking.nearest)

    def knows_any(self) -> bool:
        """Whether any entry is left to rank."""
        return bool(self.rank("").entries)
