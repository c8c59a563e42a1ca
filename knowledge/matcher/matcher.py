"""Decides what to show for a question: exact phrasing, act, ranking. A pure function."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from knowledge.matcher.act_finder import ActFinder
from knowledge.matcher.thresholds import Thresholds
from knowledge.model import Act
from knowledge.projects import Census
from knowledge.ranking.corpus import Example
from knowledge.ranking.ranker import Ranked, Ranker, Ranking
from knowledge.text.courtesies import without_courtesies
from knowledge.text.language_id import FRENCH, language_in
from knowledge.text.normalise import normalise
from knowledge.text.word_lists import wording

# The entry under which the projects named by a question are shown.
FIND_PROJECTS = "trouver-rejoindre-projets"
_RANKING_LENGTH = 5
# What separates two questions in one message; tried only on messages up to _LONGEST_IN_PARTS
# characters.
_PARTS = re.compile(r"[?!;,.]+|\b(?:et|puis|and)\b", re.IGNORECASE)
_FEWEST_PARTS = 2
_LONGEST_IN_PARTS = 160


class Outcome(StrEnum):
    """The kinds of decision on a question."""

    ANSWER = "answer"
    REFERRAL = "referral"
    CHOICES = "choices"
    NONE = "none"
    ACT = "act"
    PROJECTS = "projects"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to show for a question, and why.

    ``shown``: ids of entries and acts, which have one space of ids; ``ranking``: the five best of
    them; ``projects``: ids of the projects of the census that the question names, best first;
    ``nearest``: the example most similar to the question. ``has_words`` is false when the question
    has neither letters nor digits; ``language`` is the code of the language that it is in, French
    in doubt. ``parts``: the questions of a message that asks several, in order; ``follows`` is true
    when the decision needed what was shown before.
    """

    outcome: Outcome
    shown: tuple[str, ...]
    ranking: tuple[Ranked, ...]
    projects: tuple[str, ...] = ()
    reason: str = ""
    nearest: str = ""
    has_words: bool = True
    language: str = FRENCH
    parts: "tuple[Part, ...]" = ()
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a message that asks several, and its decision."""

    text: str
    decision: Decision


class Matcher:
    """Decides on questions; immutable once made, so a question always gets the same decision."""

    def __init__(
        self,
        examples: Iterable[Example],
        acts: Iterable[Act],
        ranker: Ranker,
        census: Census,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._exact = _exact_phrasings(examples)
        self._acts = ActFinder(acts)
        self._ranker = ranker
        self._census = census
        self._thresholds = thresholds or Thresholds()

    def match(self, question: str, *, after: str = "") -> Decision:  # noqa: ARG002 - what follows is decided later
        """Decide what to show for a question; never raises, whatever the text.

        ``after`` is what was last shown to this person: the id of an entry or act, or
        ``project:<id>``; empty when nothing was.
        """
        normalised = normalise(question)
        if not normalised:
            return Decision(Outcome.NONE, (), (), reason="no words", has_words=False)
        decision = self._match(question, normalised)
        return replace(decision, language=language_in(normalised))

    def _match(self, question: str, normalised: str) -> Decision:
        bare = without_courtesies(normalised)
        asked = bare or normalised
        ranking = self._ranker.rank(asked)
        return (
            self._match_exactly(normalised, asked, ranking)
            or self._match_act(normalised, bare, ranking)
            or self._match_projects(asked, ranking)
            or self._match_themes(question, ranking)
            or self._decide(asked, ranking)
        )

    def _match_exactly(self, normalised: str, asked: str, ranking: Ranking) -> Decision | None:
        entry_id = self._exact.get(normalised) or self._exact.get(asked)
        if entry_id is None:
            return None
        others = tuple(ranked for ranked in ranking.entries if ranked.id != entry_id)
        best = (Ranked(entry_id, 1.0), *others)[:_RANKING_LENGTH]
        return Decision(Outcome.ANSWER, (entry_id,), best, self._named(asked), "exact phrasing")

    def _match_act(self, normalised: str, bare: str, ranking: Ranking) -> Decision | None:
        """Decide on act; ``bare`` is the message without courtesies, perhaps empty."""
        finder, least = self._acts, self._thresholds.acts
        best = ranking.entries[:_RANKING_LENGTH]
        # Numbers are ignored: "Rappelez-moi au 06…" asks the same with any phone number.
        unnumbered = " ".join(word for word in normalised.split() if not word.isdigit())
        if talk := finder.exact(normalised) or finder.exact(bare) or finder.exact(unnumbered):
            return Decision(Outcome.ACT, (talk,), best, (), "an act")
        if not bare and (talk := finder.within(normalised)):
            return Decision(Outcome.ACT, (talk,), best, (), "courtesies alone")
        if talk := finder.near(normalised, least) or finder.near(bare, least):
            return Decision(Outcome.ACT, (talk,), best, (), "nearly an act")
        return None

    def _match_projects(self, asked: str, ranking: Ranking) -> Decision | None:
        """Decide on a question that names projects, unless an entry answers it surely."""
        about_projects = _is_about_projects(asked) or self._census.says_nothing_else(asked)
        named = self._census.named_by(asked, places=True) if about_projects else ()
        sure = ranking.sure >= self._thresholds.answer
        if not named or sure or FIND_PROJECTS not in {ranked.id for ranked in ranking.entries}:
            return None
        first = Ranked(FIND_PROJECTS, max(ranked.score for ranked in ranking.entries))
        others = (ranked for ranked in ranking.entries if ranked.id != FIND_PROJECTS)
        best = (first, *others)[:_RANKING_LENGTH]
        if len(asked.split()) > 1:
            reason = "names projects of the census"
            return Decision(Outcome.ANSWER, (FIND_PROJECTS,), best, named, reason)
        reason = "a lone word of the census"
        shown = tuple(ranked.id for ranked in best[: self._thresholds.most_choices])
        return Decision(Outcome.CHOICES, shown, best, named, reason)

    def _match_themes(self, question: str, ranking: Ranking) -> Decision | None:
        """Offer one choice for each part of a message, when two or more parts are surely right."""
        parts = [part for part in _PARTS.split(question) if len(normalise(part).split()) > 1]
        if len(normalise(question)) > _LONGEST_IN_PARTS or len(parts) < _FEWEST_PARTS:
            return None
        rankings = [self._ranker.rank(part) for part in parts[: self._thresholds.most_choices]]
        sure = [each.entries[0].id for each in rankings if each.sure >= self._thresholds.theme]
        themes = tuple(dict.fromkeys(sure))
        if len(themes) < _FEWEST_PARTS:
            return None
        others = (ranked for ranked in ranking.entries if ranked.id not in themes)
        named = (ranked for ranked in ranking.entries if ranked.id in themes)
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
        shown = tuple(ranked.id for ranked in best[:count])
        return Decision(outcome, shown, best, projects, reason, ranking.nearest)

    def _named(self, asked: str) -> tuple[str, ...]:
        # In a question that is not about projects, a word shared with a project means nothing.
        return self._census.named_by(asked, places=True) if _is_about_projects(asked) else ()


def _is_about_projects(asked: str) -> bool:
    return not wording().census.isdisjoint(asked.split())


def _exact_phrasings(examples: Iterable[Example]) -> Mapping[str, str]:
    """Return the entry of each normalised text; the checks refuse a text that has two."""
    texts = [(normalise(example.text), example.entry) for example in examples if example.entry]
    exact: dict[str, str] = {}
    # Questions are looked up without their courtesies, so a phrasing that holds some is filed a
    # second time without them. Phrasings as they are written take precedence.
    for text, entry in (*texts, *((without_courtesies(text), entry) for text, entry in texts)):
        if text:
            exact.setdefault(text, entry)
    return MappingProxyType(exact)
