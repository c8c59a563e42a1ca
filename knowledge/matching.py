"""From a question to what is shown: normalise, exact, rank, decide. A pure function."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from knowledge.census import Census
from knowledge.corpus import Example
from knowledge.model import SmallTalk
from knowledge.normalising import normalise
from knowledge.ranking import Ranked, Ranker, Ranking

# The entry that the projects named by a question are shown under.
FIND_PROJECTS = "trouver-rejoindre-projets"
_COURTESIES = re.compile(
    r"^(?:(?:bonjour|bonsoir|salut|coucou|hello|bjr|slt|hey|madame|monsieur|et|a tous)\b\s*)+"
    r"|(?:\s*\b(?:merci(?: d avance| beaucoup)?|svp|stp|s il (?:vous|te) plait|please"
    r"|cordialement))+$"
)
_PROJECT_WORDS = frozenset({"projet", "projets", "project", "projects"})
_LONGEST_SMALL_TALK = 5  # words
_RANKING_LENGTH = 5


class Outcome(StrEnum):
    """What comes of a question."""

    ANSWER = "answer"
    CHOICES = "choices"
    NONE = "none"
    SMALLTALK = "smalltalk"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to show for a question, and why.

    ``shown`` holds entry ids (for small talk, its id); ``ranking`` the five best entries;
    ``projects`` those of the census that the question names; ``nearest`` the example most like it.
    """

    outcome: Outcome
    shown: tuple[str, ...]
    ranking: tuple[Ranked, ...]
    projects: tuple[str, ...] = ()
    reason: str = ""
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where an answer is sure enough, and where a choice still is, in calibrated probabilities.

    They follow from what each mistake costs a person. Take one more tap as 1. A wrong answer given
    with confidence costs about 4 (read it, doubt, ask again): answer directly where
    (1 - p) * 4 < 1, so from p = 0.75. A choice in vain costs about 1, silence where an answer
    existed about 4: offer choices from p = 0.2.
    """

    answer: float = 0.75
    choice: float = 0.2
    small_talk: float = 0.86
    most_choices: int = 3


class Matcher:
    """Questions to decisions; immutable once made, the same answer for the same question."""

    def __init__(
        self,
        examples: Iterable[Example],
        small_talk: Iterable[SmallTalk],
        ranker: Ranker,
        census: Census,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._exact = {normalise(e.text): e.entry for e in examples if e.entry}
        self._small_talk = {
            normalise(phrase): talk.id for talk in small_talk for phrase in talk.phrasings
        }
        self._ranker = ranker
        self._census = census
        self._thresholds = thresholds or Thresholds()

    def match(self, question: str) -> Decision:
        """Decide what to show for a question; never raises, whatever the text."""
        said = normalise(question)
        if not said:
            return Decision(Outcome.NONE, (), (), reason="no words")
        asked = _COURTESIES.sub("", said).strip() or said
        ranking = self._ranker.rank(asked)
        return (
            self._match_exactly(said, asked, ranking)
            or self._match_small_talk(said, ranking)
            or self._match_projects(asked, ranking)
            or self._decide(asked, ranking)
        )

    def _match_exactly(self, said: str, asked: str, ranking: Ranking) -> Decision | None:
        found = self._exact.get(said) or self._exact.get(asked)
        if found is None:
            return None
        others = tuple(one for one in ranking.entries if one.id != found)
        best = (Ranked(found, 1.0), *others)[:_RANKING_LENGTH]
        return Decision(Outcome.ANSWER, (found,), best, self._named(asked), "exact phrasing")

    def _match_small_talk(self, said: str, ranking: Ranking) -> Decision | None:
        best = ranking.entries[:_RANKING_LENGTH]
        if said in self._small_talk:
            return Decision(Outcome.SMALLTALK, (self._small_talk[said],), best, (), "small talk")
        if not self._small_talk or len(said.split()) > _LONGEST_SMALL_TALK:
            return None
        phrase, score, _ = process.extractOne(said, self._small_talk.keys(), scorer=fuzz.ratio)
        if score / 100 < self._thresholds.small_talk:
            return None
        talk = (self._small_talk[phrase],)
        return Decision(Outcome.SMALLTALK, talk, best, (), f"nearly small talk: {phrase}")

    def _match_projects(self, asked: str, ranking: Ranking) -> Decision | None:
        """Show the projects that a question about projects names."""
        if not _PROJECT_WORDS & set(asked.split()):
            return None
        named = self._census.named_by(asked, places=True)
        sure = ranking.sure >= self._thresholds.answer
        if not named or sure or FIND_PROJECTS not in {one.id for one in ranking.entries}:
            return None
        best = ranking.entries[:_RANKING_LENGTH]
        reason = "names projects of the census"
        return Decision(Outcome.ANSWER, (FIND_PROJECTS,), best, named, reason)

    def _decide(self, asked: str, ranking: Ranking) -> Decision:
        limits = self._thresholds
        best, projects = ranking.entries[:_RANKING_LENGTH], self._named(asked)
        reason = (
            f"first right with probability {ranking.sure:.2f}, one of three {ranking.among:.2f}"
        )
        lone = len(asked.split()) == 1
        outcome = Outcome.NONE
        if ranking.sure >= limits.answer and not lone:
            outcome = Outcome.ANSWER
        elif ranking.among >= limits.choice:
            outcome = Outcome.CHOICES
        count = {Outcome.ANSWER: 1, Outcome.CHOICES: limits.most_choices}.get(outcome, 0)
        shown = tuple(one.id for one in best[:count])
        return Decision(outcome, shown, best, projects, reason, ranking.nearest)

    def _named(self, asked: str) -> tuple[str, ...]:
        return self._census.named_by(asked)
