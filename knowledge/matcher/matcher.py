"""From a question to what is shown: normalise, exact, rank, decide. A pure function."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from knowledge.matcher.small_talk import SmallTalkFinder
from knowledge.matcher.thresholds import Thresholds
from knowledge.model import SmallTalk
from knowledge.projects import Census
from knowledge.ranking.corpus import Example
from knowledge.ranking.ranker import Ranked, Ranker, Ranking
from knowledge.text.courtesies import without_courtesies
from knowledge.text.language_id import is_foreign
from knowledge.text.normalise import normalise
from knowledge.text.word_lists import wording

# The entry that the projects named by a question are shown under.
FIND_PROJECTS = "trouver-rejoindre-projets"
_RANKING_LENGTH = 5
# Where one question ends and another begins, in a message short enough to be two questions.
_PARTS = re.compile(r"[?!;,.]+|\b(?:et|puis|and)\b", re.IGNORECASE)
_FEWEST_PARTS = 2
_LONGEST_IN_PARTS = 160


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
    ``has_words`` is false for a text of signs alone; ``is_foreign`` where it is plainly not French.
    """

    outcome: Outcome
    shown: tuple[str, ...]
    ranking: tuple[Ranked, ...]
    projects: tuple[str, ...] = ()
    reason: str = ""
    nearest: str = ""
    has_words: bool = True
    is_foreign: bool = False


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
        self._exact = _exact_phrasings(examples)
        self._small_talk = SmallTalkFinder(small_talk)
        self._ranker = ranker
        self._census = census
        self._thresholds = thresholds or Thresholds()

    def match(self, question: str) -> Decision:
        """Decide what to show for a question; never raises, whatever the text."""
        said = normalise(question)
        if not said:
            return Decision(Outcome.NONE, (), (), reason="no words", has_words=False)
        decision = self._match(question, said)
        return replace(decision, is_foreign=True) if is_foreign(said) else decision

    def _match(self, question: str, said: str) -> Decision:
        bare = without_courtesies(said)
        asked = bare or said
        ranking = self._ranker.rank(asked)
        return (
            self._match_exactly(said, asked, ranking)
            or self._match_small_talk(said, bare, ranking)
            or self._match_projects(asked, ranking)
            or self._match_themes(question, ranking)
            or self._decide(asked, ranking)
        )

    def _match_exactly(self, said: str, asked: str, ranking: Ranking) -> Decision | None:
        found = self._exact.get(said) or self._exact.get(asked)
        if found is None:
            return None
        others = tuple(one for one in ranking.entries if one.id != found)
        best = (Ranked(found, 1.0), *others)[:_RANKING_LENGTH]
        return Decision(Outcome.ANSWER, (found,), best, self._named(asked), "exact phrasing")

    def _match_small_talk(self, said: str, bare: str, ranking: Ranking) -> Decision | None:
        """Tell small talk, among courtesies too; ``bare`` is empty where there is nothing else."""
        known, least = self._small_talk, self._thresholds.small_talk
        best = ranking.entries[:_RANKING_LENGTH]
        # "Rappelez-moi au 06…" is the same whatever the number.
        unnumbered = " ".join(word for word in said.split() if not word.isdigit())
        if talk := known.exact(said) or known.exact(bare) or known.exact(unnumbered):
            return Decision(Outcome.SMALLTALK, (talk,), best, (), "small talk")
        if not bare and (talk := known.within(said)):
            return Decision(Outcome.SMALLTALK, (talk,), best, (), "courtesies alone")
        if talk := known.near(said, least) or known.near(bare, least):
            return Decision(Outcome.SMALLTALK, (talk,), best, (), "nearly small talk")
        return None

    def _match_projects(self, asked: str, ranking: Ranking) -> Decision | None:
        """Show the projects that a question about projects names."""
        about_projects = _is_about_projects(asked) or self._census.says_nothing_else(asked)
        named = self._census.named_by(asked, places=True) if about_projects else ()
        sure = ranking.sure >= self._thresholds.answer
        if not named or sure or FIND_PROJECTS not in {one.id for one in ranking.entries}:
            return None
        first = Ranked(FIND_PROJECTS, max(one.score for one in ranking.entries))
        others = (one for one in ranking.entries if one.id != FIND_PROJECTS)
        best = (first, *others)[:_RANKING_LENGTH]
        if len(asked.split()) > 1:
            reason = "names projects of the census"
            return Decision(Outcome.ANSWER, (FIND_PROJECTS,), best, named, reason)
        reason = "a lone word of the census"
        shown = tuple(one.id for one in best[: self._thresholds.most_choices])
        return Decision(Outcome.CHOICES, shown, best, named, reason)

    def _match_themes(self, question: str, ranking: Ranking) -> Decision | None:
        """Show the themes of a question that names more than one, each surely."""
        parts = [part for part in _PARTS.split(question) if len(normalise(part).split()) > 1]
        if len(normalise(question)) > _LONGEST_IN_PARTS or len(parts) < _FEWEST_PARTS:
            return None
        ranked = [self._ranker.rank(part) for part in parts[: self._thresholds.most_choices]]
        sure = [one.entries[0].id for one in ranked if one.sure >= self._thresholds.theme]
        themes = tuple(dict.fromkeys(sure))
        if len(themes) < _FEWEST_PARTS:
            return None
        others = (one for one in ranking.entries if one.id not in themes)
        named = (one for one in ranking.entries if one.id in themes)
        best = (*named, *others)[:_RANKING_LENGTH]
        reason = "names more than one theme"
        return Decision(
            Outcome.CHOICES, themes, best, self._named(question), reason, ranking.nearest
        )

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
        # Elsewhere, a word that a project happens to share would show it for no reason.
        return self._census.named_by(asked, places=True) if _is_about_projects(asked) else ()


def _is_about_projects(asked: str) -> bool:
    return not wording().census.isdisjoint(asked.split())


def _exact_phrasings(examples: Iterable[Example]) -> Mapping[str, str]:
    """Return the entry of each normalised text; the checks refuse a text that has two."""
    texts = [(normalise(one.text), one.entry) for one in examples if one.entry]
    exact: dict[str, str] = {}
    # A text that has a courtesy of its own is met without it; what is written whole comes first.
    for text, entry in (*texts, *((without_courtesies(text), entry) for text, entry in texts)):
        if text:
            exact.setdefault(text, entry)
    return MappingProxyType(exact)
