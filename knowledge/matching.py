"""From a question to what is shown: normalise, exact, rank, decide. A pure function."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from knowledge.census import Census
from knowledge.model import Entry, SmallTalk
from knowledge.normalising import normalise
from knowledge.ranking import FuzzyRanker, Ranked, Ranker, texts_of

# The entry that the projects named by a question are shown under.
FIND_PROJECTS = "trouver-rejoindre-projets"
_COURTESIES = re.compile(
    r"^(?:(?:bonjour|bonsoir|salut|coucou|hello|bjr|slt|hey|madame|monsieur|et|a tous)\b\s*)+"
    r"|(?:\s*\b(?:merci(?: d avance| beaucoup)?|svp|stp|s il (?:vous|te) plait|please"
    r"|cordialement))+$"
)
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
    ``projects`` those of the census that the question names.
    """

    outcome: Outcome
    shown: tuple[str, ...]
    ranking: tuple[Ranked, ...]
    projects: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where an answer is sure enough, and where a choice still is, in scores from 0 to 1.

    Set by hand on the shipped phrasings for the first, fuzzy ranker.
    """

    answer: float = 0.68
    margin: float = 0.06
    choice: float = 0.5
    small_talk: float = 0.86
    most_choices: int = 3


class Matcher:
    """Questions to decisions; immutable once compiled, the same answer for the same question."""

    def __init__(
        self,
        exact: dict[str, str],
        small_talk: dict[str, str],
        ranker: Ranker,
        census: Census,
        thresholds: Thresholds,
    ) -> None:
        self._exact = exact
        self._small_talk = small_talk
        self._ranker = ranker
        self._census = census
        self._thresholds = thresholds

    @classmethod
    def compile(
        cls,
        entries: Iterable[Entry],
        small_talk: Iterable[SmallTalk],
        census: Census,
        thresholds: Thresholds | None = None,
    ) -> "Matcher":
        """Prepare all that matching needs from what the files say."""
        entries = tuple(entries)
        return cls(
            # Titles and questions win over nothing: a phrasing written by hand comes first.
            {normalise(t): e.id for e in entries for t in reversed(texts_of(e))},
            {normalise(phrase): talk.id for talk in small_talk for phrase in talk.phrasings},
            FuzzyRanker(entries),
            census,
            thresholds or Thresholds(),
        )

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

    def _match_exactly(self, said: str, asked: str, ranking: tuple[Ranked, ...]) -> Decision | None:
        for text in (said, asked):
            if text in self._exact:
                found = self._exact[text]
                first = Ranked(found, 1.0)
                others = tuple(one for one in ranking if one.id != found)
                ranking = (first, *others)[:_RANKING_LENGTH]
                projects = self._named(text)
                return Decision(Outcome.ANSWER, (found,), ranking, projects, "exact phrasing")
        return None

    def _match_small_talk(self, said: str, ranking: tuple[Ranked, ...]) -> Decision | None:
        best = ranking[:_RANKING_LENGTH]
        if said in self._small_talk:
            return Decision(Outcome.SMALLTALK, (self._small_talk[said],), best, (), "small talk")
        if not self._small_talk or len(said.split()) > _LONGEST_SMALL_TALK:
            return None
        phrase, score, _ = process.extractOne(said, self._small_talk.keys(), scorer=fuzz.ratio)
        if score / 100 < self._thresholds.small_talk:
            return None
        talk = (self._small_talk[phrase],)
        return Decision(Outcome.SMALLTALK, talk, best, (), f"nearly small talk: {phrase}")

    def _match_projects(self, asked: str, ranking: tuple[Ranked, ...]) -> Decision | None:
        """Show the projects that a question about projects names."""
        words = asked.split()
        if not {"projet", "projets", "project", "projects"} & set(words):
            return None
        named = self._census.named_by(asked, places=True)
        sure = ranking and ranking[0].score >= self._thresholds.answer
        if not named or sure or FIND_PROJECTS not in {one.id for one in ranking}:
            return None
        reason = "names projects of the census"
        shown = (FIND_PROJECTS,)
        return Decision(Outcome.ANSWER, shown, ranking[:_RANKING_LENGTH], named, reason)

    def _decide(self, asked: str, ranking: tuple[Ranked, ...]) -> Decision:
        limits = self._thresholds
        best = ranking[:_RANKING_LENGTH]
        near = [one.id for one in ranking if one.score >= limits.choice][: limits.most_choices]
        lead = ranking[0].score - ranking[1].score if len(ranking) > 1 else 1.0
        projects = self._named(asked)
        sure = near and ranking[0].score >= limits.answer and lead >= limits.margin
        if sure and len(asked.split()) > 1:
            return Decision(Outcome.ANSWER, (near[0],), best, projects, "sure")
        if near:
            return Decision(Outcome.CHOICES, tuple(near), best, projects, "not sure")
        return Decision(Outcome.NONE, (), best, projects, "nothing like it")

    def _named(self, asked: str) -> tuple[str, ...]:
        return self._census.named_by(asked)
