"""Decides what to show for a message: exact phrasing, act, questions, projects, ranking.

A pure function of the knowledge, the message, and what was shown before it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from knowledge.matcher.act_finder import ActFinder
from knowledge.matcher.ellipses import is_elliptic, points_back
from knowledge.matcher.hidden_answers import HiddenAnswers
from knowledge.matcher.likely_acts import LikelyActs
from knowledge.matcher.needs import Fit, Needs
from knowledge.matcher.pieces import Piece, pieces_of
from knowledge.matcher.thresholds import Thresholds
from knowledge.model import Act, Action, Entry
from knowledge.projects import Census
from knowledge.ranking.corpus import Example
from knowledge.ranking.ranker import Ranked, Ranker, Ranking
from knowledge.text.courtesies import without_courtesies, without_introduction
from knowledge.text.language_id import FRENCH, language_in
from knowledge.text.normalise import normalise
from knowledge.text.word_lists import wording

# The entry that a question about projects asks for, besides the projects that it names.
FIND_PROJECTS = "trouver-rejoindre-projets"
_PROJECT = "project:"
_HIDDEN = "hidden answer"
_RANKING_LENGTH = 5
_FEWEST_PARTS = 2
_LEAST_SCORE_OF_ACTS = 0.1
# A word that as many examples have is an ordinary one, even where it stands in a project.
_ORDINARY = 10
_MOST_PROJECTS_UNDER_AN_ANSWER = 2


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
    when the decision needed what was shown before. ``likely`` is true when it is shown because a
    mistake costs little, not because it is sure: what reads a message otherwise comes first.
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
    likely: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a message that asks several, and its decision."""

    text: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Judged:
    """A decision, and the probability that what it shows first is right."""

    decision: Decision
    sure: float


class Matcher:
    """Decides on messages; immutable once made, so a message always gets the same decision."""

    def __init__(  # noqa: PLR0913 - all that a decision is a function of
        self,
        entries: Iterable[Entry],
        acts: Iterable[Act],
        examples: Iterable[Example],
        ranker: Ranker,
        census: Census,
        thresholds: Thresholds | None = None,
        *,
        needs: Needs | None = None,
        hidden: HiddenAnswers | None = None,
    ) -> None:
        acts, examples = tuple(acts), tuple(examples)
        entries = tuple(entries)
        self._titles = MappingProxyType(
            {entry.id: entry.title for entry in entries}
            | {act.id: act.title for act in acts if act.title}
        )
        self._referrals = frozenset(entry.id for entry in entries if entry.service)
        self._act_ids = frozenset(act.id for act in acts)
        self._doing = frozenset(act.id for act in acts if act.action)
        finding = (act.id for act in acts if act.action is Action.PROJECTS)
        self._on_projects = frozenset({FIND_PROJECTS, *finding})
        self._exact = _exact_phrasings(examples)
        words = Counter(word for each in examples for word in set(normalise(each.text).split()))
        self._ordinary = frozenset(word for word, often in words.items() if often >= _ORDINARY)
        self._acts = ActFinder(acts)
        self._ranker = ranker
        self._census = census
        self._needs = needs or Needs((), ())
        self._likely = LikelyActs(entries, acts, examples)
        self._thresholds = thresholds or Thresholds()
        self._hidden = hidden or HiddenAnswers()

    def match(self, question: str, *, after: str = "") -> Decision:
        """Decide what to show for a question; never raises, whatever the text.

        ``after`` is what was last shown to this person: the id of an entry or act, or
        ``project:<id>``; empty when nothing was.
        """
        normalised = normalise(question)
        if not normalised:
            return Decision(Outcome.NONE, (), (), reason="no words", has_words=False)
        if not self._is_exact(normalised):
            question = without_introduction(question)
        judged = self._alone(question, normalise(question))
        decision = self._following(normalised, after, judged) or judged.decision
        # The rest of something said says too little by itself to be sure of.
        alone = is_elliptic(normalised) and not decision.follows and not self._is_exact(normalised)
        return replace(decision, language=language_in(normalised), likely=decision.likely or alone)

    def fitting(self, told: str) -> tuple[Fit, ...]:
        """Return all projects that may be open, those that fit best what somebody tells first."""
        asked = normalise(told)
        return self._needs.fitting(asked, self._ranker.rank(asked).meaning) if asked else ()

    def _alone(self, question: str, normalised: str) -> _Judged:
        pieces = () if self._is_exact(normalised) else pieces_of(question)
        if [normalise(each.text) for each in pieces] == [normalised]:
            pieces = ()
        whole, *judged = self._each([question, *(piece.text for piece in pieces)])
        # Whoever is upset is answered to that first, whatever else the message asks.
        upset = self._likely.is_mood(whole.decision.shown[:1])
        if not pieces or upset or whole.decision.reason == _HIDDEN:
            return whole
        parts = self._parts(zip(pieces, judged, strict=True))
        if len(parts) >= _FEWEST_PARTS:
            return self._several(parts, whole) or whole
        # Thanks, or a greeting, may hide the question beside them.
        if parts and self._says_nothing(whole.decision):
            return parts[0][1]
        found = parts and _settles(parts[0][1].decision) and not _is_sure(whole.decision)
        return parts[0][1] if found else whole

    def _each(self, written: Sequence[str]) -> list[_Judged]:
        """Decide on texts, each by itself; they are ranked together, which is quicker."""
        normalised = [normalise(text) for text in written]
        bare = [without_courtesies(text) for text in normalised]
        asked = [short or text for short, text in zip(bare, normalised, strict=True)]
        rankings = self._ranker.rank_all(list(zip(asked, written, strict=True)))
        return [self._one(*told) for told in zip(normalised, bare, rankings, strict=True)]

    def _one(self, normalised: str, bare: str, ranking: Ranking) -> _Judged:
        """Decide on a text; ``bare`` is the text without courtesies, perhaps empty."""
        asked = bare or normalised
        if exact := self._match_exactly(normalised, ranking):
            return _Judged(exact, 1.0)
        if act := self._match_act(normalised, bare, ranking):
            return self._unless_hidden(normalised, _Judged(act, 1.0), ranking)
        decision = self._match_projects(asked, ranking) or self._decide(asked, ranking)
        return self._unless_hidden(normalised, _Judged(decision, ranking.sure), ranking)

    def _unless_hidden(self, normalised: str, judged: _Judged, ranking: Ranking) -> _Judged:
        """Give no answer, but what the hidden one refers to, to who asks for what is hidden."""
        entry = self._hidden.asked(normalised, ranking.nearest)
        # Whoever is upset is answered to that all the same.
        if entry is None or self._likely.is_mood(judged.decision.shown[:1]):
            return judged
        shown = tuple(each for each in entry.see_also if each in self._titles)
        best = judged.decision.ranking
        return replace(judged, decision=Decision(Outcome.NONE, shown, best, (), _HIDDEN))

    def _is_exact(self, normalised: str) -> str | None:
        """Return the id of the entry or act that somebody wrote this phrasing for."""
        return self._exact.get(normalised) or self._exact.get(without_courtesies(normalised))

    def _match_exactly(self, normalised: str, ranking: Ranking) -> Decision | None:
        found = self._is_exact(normalised)
        if found is None:
            return None
        reason = "an act" if found in self._act_ids else "exact phrasing"
        best = _promoted(ranking, (found,), score=1.0)
        return Decision(self._kind(found), (found,), best, self._near(found, normalised), reason)

    def _match_act(self, normalised: str, bare: str, ranking: Ranking) -> Decision | None:
        """Decide on an act; ``bare`` is the message without courtesies, perhaps empty."""
        finder, least = self._acts, self._thresholds.acts
        best = ranking.entries[:_RANKING_LENGTH]
        # Numbers are ignored: "Rappelez-moi au 06…" asks the same with any phone number.
        unnumbered = " ".join(word for word in normalised.split() if not word.isdigit())
        if talk := finder.exact(normalised) or finder.exact(bare) or finder.exact(unnumbered):
            return Decision(Outcome.ACT, (talk,), best, (), "an act")
        if not bare and (talk := finder.within(normalised)):
            return Decision(Outcome.ACT, (talk,), best, (), "courtesies alone")
        near = finder.near(normalised, least) or finder.near(bare, least)
        # Two letters may part an act from a question that is well known.
        if near is None or (ranking.sure >= self._thresholds.answer and best[0].id != near):
            return None
        return Decision(Outcome.ACT, (near,), best, (), "nearly an act")

    def _match_projects(self, asked: str, ranking: Ranking) -> Decision | None:
        """Decide on a message that names projects, unless something else answers it surely."""
        first = ranking.entries[0].id if ranking.entries else ""
        only_names, about = self._census.says_nothing_else(asked), _is_about_projects(asked)
        # What names projects and nothing else is better served by them than by another service.
        plain = only_names and first in self._referrals
        if ranking.sure >= self._thresholds.answer and not plain and first not in self._on_projects:
            return None
        named = self._census.named_by(asked, places=True) if about or only_names else ()
        if not named:
            return None
        best = _promoted(ranking, tuple({FIND_PROJECTS} & self._titles.keys()))
        reason = "names projects of the census"
        return Decision(Outcome.PROJECTS, (), best, named, reason, ranking.nearest)

    def _parts(self, pieces: Iterable[tuple[Piece, _Judged]]) -> list[tuple[str, _Judged]]:
        """Return the pieces that are questions, each with its decision, and none twice."""
        parts: list[tuple[str, _Judged]] = []
        for piece, judged in pieces:
            known = any(_same(judged.decision, other.decision) for _, other in parts)
            if not known and self._is_a_question(piece, judged):
                parts.append((piece.text, judged))
        return parts[: self._thresholds.most_choices]

    def _several(self, parts: list[tuple[str, _Judged]], whole: _Judged) -> _Judged | None:
        """Decide on a message of several questions; None if it asks nothing surely."""
        kept = tuple(Part(text, judged.decision) for text, judged in parts)
        sure = [part.decision for part in kept if _is_sure(part.decision)]
        if not sure:
            return None
        shown = tuple(dict.fromkeys(id_ for decision in sure for id_ in decision.shown))
        ranking = Ranking(whole.decision.ranking, 0.0, 0.0, "")
        best, reason = _promoted(ranking, shown), "asks several questions"
        return _Judged(Decision(Outcome.SEVERAL, shown, best, (), reason, parts=kept), 1.0)

    def _is_a_question(self, piece: Piece, judged: _Judged) -> bool:
        """Tell a question from a courtesy, and from what is told around the question."""
        if self._says_nothing(judged.decision):
            return False
        if piece.asks and not piece.linked:
            return True
        # Half of one question, or part of a story: it must be plain by itself.
        least = self._thresholds.answer if piece.linked else self._thresholds.theme
        return _is_sure(judged.decision) and judged.sure >= least

    def _says_nothing(self, decision: Decision) -> bool:
        """Tell a courtesy or a mood: an act without a title."""
        return decision.outcome is Outcome.ACT and decision.shown[0] not in self._titles

    def _following(self, normalised: str, after: str, alone: _Judged) -> Decision | None:
        """Decide with what was shown before; None for a message that says all by itself."""
        if self._is_exact(normalised) in self._doing:
            # "et en anglais ?" is short, and asks for something by itself.
            return None
        elliptic = is_elliptic(normalised)
        if not (elliptic or (points_back(normalised) and not _settles(alone.decision))):
            return None
        if after.startswith(_PROJECT):
            best, reason = alone.decision.ranking, "follows a project"
            project = (after.removeprefix(_PROJECT),)
            return Decision(Outcome.PROJECTS, (), best, project, reason, follows=True)
        title = self._titles.get(after)
        if title is None:
            return None
        ranking = self._ranker.rank(f"{normalise(title)} {normalised}")
        first = ranking.entries[0].id if ranking.sure >= self._thresholds.answer else after
        best, reason = _promoted(ranking, (first,)), "follows what was shown"
        projects = self._near(first, normalised)
        return Decision(self._kind(first), (first,), best, projects, reason, follows=True)

    def _decide(self, asked: str, ranking: Ranking) -> Decision:
        limits, best = self._thresholds, ranking.entries[:_RANKING_LENGTH]
        reason = (
            f"first right with probability {ranking.sure:.2f}, one of three {ranking.among:.2f}"
        )
        fits = self._needs.fitting(asked, ranking.meaning)
        fitting = self._probable(fits, limits.choice)
        if found := self._surely(asked, ranking, reason):
            return self._with_projects(found, fitting)
        if surely := self._probable(fits, limits.answer):
            reason = "fits what projects are about"
            best = _promoted(ranking, tuple({FIND_PROJECTS} & self._titles.keys()))
            return Decision(
                Outcome.PROJECTS, (), best, surely, reason, ranking.nearest, likely=True
            )
        if any(self._likely.gives(ranked.id) for ranked in best[: limits.most_choices]):
            # Who may offer or seek something tells of a need more often than others do.
            fitting = self._probable(fits, limits.choice / 2)
        projects = fitting[:1] or self._named(asked)
        titled = [ranked.id for ranked in best if self._may_be_chosen(ranked)]
        if ranking.among < limits.choice or not titled:
            return Decision(Outcome.NONE, (), best, projects, reason, ranking.nearest)
        # In doubt, what we answer ourselves comes first: an answer also has the button of its act.
        most = max(limits.most_choices, ranking.choices)
        shown = tuple(sorted(titled[:most], key=self._is_elsewhere))
        best = _promoted(ranking, shown[:1])
        return Decision(Outcome.CHOICES, shown, best, projects, reason, ranking.nearest)

    def _surely(self, asked: str, ranking: Ranking, reason: str) -> Decision | None:
        """Return the decision on what is sure enough to be shown without a choice."""
        best, lone = ranking.entries[:_RANKING_LENGTH], len(asked.split()) == 1
        found = self._first_shown(asked, ranking, may_be_mistaken=not lone)
        if not found or (lone and found not in self._act_ids):
            return None
        found = self._likely.unhidden(found)
        shown = best if found == best[0].id else _promoted(ranking, (found,))
        near = self._near(found, asked)
        likely, kind = ranking.sure < self._thresholds.answer, self._kind(found)
        return Decision(kind, (found,), shown, near, reason, ranking.nearest, likely=likely)

    def _first_shown(self, asked: str, ranking: Ranking, *, may_be_mistaken: bool) -> str | None:
        """Return the entry or act to show by itself; a mistake must cost little to be allowed."""
        best = ranking.entries[:_RANKING_LENGTH]
        first = best[0].id if best else None
        if first is None or ranking.sure >= self._thresholds.answer:
            return first
        if not may_be_mistaken:
            return None
        if found := self._likely.mood_in(best) or self._likely.of_twins(best, asked):
            return found
        cheap = self._likely.costs_little(first) and ranking.sure >= self._thresholds.cheap_act
        return first if cheap else None

    def _with_projects(self, found: Decision, fitting: tuple[str, ...]) -> Decision:
        """Add the projects that fit to an answer that names none, or to what one would share."""
        answered = found.outcome in {Outcome.ANSWER, Outcome.REFERRAL}
        if found.projects or not (answered or self._likely.gives(found.shown[0])):
            return found
        return replace(found, projects=fitting[:_MOST_PROJECTS_UNDER_AN_ANSWER])

    def _probable(self, fits: Sequence[Fit], least: float) -> tuple[str, ...]:
        """Return the projects that a need fits with this probability at least, best first."""
        sure = tuple(fit.project for fit in fits if fit.probability >= least)
        return sure[: self._thresholds.most_choices]

    def _may_be_chosen(self, ranked: Ranked) -> bool:
        """Tell whether to offer it: an act that hardly fits would be a strange choice."""
        unlikely = ranked.id in self._act_ids and ranked.score < _LEAST_SCORE_OF_ACTS
        return ranked.id in self._titles and not unlikely

    def _is_elsewhere(self, id_: str) -> bool:
        return id_ in self._act_ids or id_ in self._referrals

    def _kind(self, id_: str) -> Outcome:
        if id_ in self._act_ids:
            return Outcome.ACT
        return Outcome.REFERRAL if id_ in self._referrals else Outcome.ANSWER

    def _named(self, asked: str) -> tuple[str, ...]:
        # In a question that is not about projects, a word shared with a project means nothing.
        return self._census.named_by(asked, places=True) if _is_about_projects(asked) else ()

    def _near(self, shown: str, asked: str) -> tuple[str, ...]:
        """Return the projects nearest to a question that is answered."""
        if self._kind(shown) is not Outcome.ANSWER:
            return ()
        rare = " ".join(word for word in asked.split() if word not in self._ordinary)
        named = self._named(asked) or self._census.named_by(rare)
        return named[:_MOST_PROJECTS_UNDER_AN_ANSWER]


def _is_sure(decision: Decision) -> bool:
    return decision.outcome not in {Outcome.CHOICES, Outcome.NONE}


def _settles(decision: Decision) -> bool:
    """Tell whether a decision is certain, be it that there is no answer to give."""
    return _is_sure(decision) or decision.reason == _HIDDEN


def _same(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions show the same, as far as one can know."""
    return _is_sure(one) and (one.shown, one.projects) == (other.shown, other.projects)


def _promoted(ranking: Ranking, ids: tuple[str, ...], score: float = 0.0) -> tuple[Ranked, ...]:
    """Return the best of a ranking with these ids put first, no worse than what they pass."""
    best = max([score, *(ranked.score for ranked in ranking.entries)])
    first = tuple(Ranked(id_, best) for id_ in ids)
    others = (ranked for ranked in ranking.entries if ranked.id not in ids)
    return (*first, *others)[:_RANKING_LENGTH]


def _is_about_projects(asked: str) -> bool:
    return not wording().census.isdisjoint(asked.split())


def _exact_phrasings(examples: Iterable[Example]) -> Mapping[str, str]:
    """Return what each normalised text asks for; the checks refuse a text that asks for two."""
    texts = [(normalise(example.text), example.entry) for example in examples if example.entry]
    exact: dict[str, str] = {}
    # Questions are looked up without their courtesies, so a phrasing that holds some is filed a
    # second time without them. Phrasings as they are written take precedence.
    for text, entry in (*texts, *((without_courtesies(text), entry) for text, entry in texts)):
        if text:
            exact.setdefault(text, entry)
    return MappingProxyType(exact)
