"""What inline words find: projects and answers, by the matcher that answers questions.

While somebody types, the last word is seldom whole: what begins with it is found too.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Entry, Project
from knowledge.projects import telling_words
from knowledge.text.normalise import normalise

Item: TypeAlias = Project | Entry
# Of more words, any project has some: the matcher knows better which is meant.
_MOST_WORDS = 3
_SHORTEST_BEGINNING = 3
# With these, the answers shown are meant; with the others, they may but come near.
_SURE = frozenset({Outcome.ANSWER, Outcome.REFERRAL, Outcome.SEVERAL})


def found(knowledge: Knowledge, words: str, decision: Decision, today: date) -> tuple[Item, ...]:
    """Return what is found, best first, each once; closed projects last.

    Without a word, the open projects, the newest first.
    """
    if not normalise(words):
        return knowledge.census.listed(today)
    projects = _projects(knowledge, words, decision, today)
    is_open = [each for each in projects if each.open_on(today)]
    closed = [each for each in projects if not each.open_on(today)]
    answers = _answers(knowledge, words, decision)
    if decision.outcome in _SURE:
        return (*answers, *is_open, *closed)
    return (*is_open, *answers, *closed)


def _projects(
    knowledge: Knowledge, words: str, decision: Decision, today: date
) -> tuple[Project, ...]:
    ids = [id_ for each in _decisions(decision) for id_ in each.projects]
    named = list(filter(None, map(knowledge.project, ids)))
    telling = telling_words(words)
    if 0 < len(telling) <= _MOST_WORDS:
        named += knowledge.census.search(" ".join(telling), today).projects
    beginning = _beginning(words)
    named += [each for each in knowledge.projects if _begins(_of_project(each), beginning)]
    return tuple({each.id: each for each in named}.values())


def _answers(knowledge: Knowledge, words: str, decision: Decision) -> tuple[Entry, ...]:
    ids = [id_ for each in _decisions(decision) for id_ in each.shown]
    shown = list(filter(None, map(knowledge.entry, ids)))
    beginning = _beginning(words)
    begun = [each for each in knowledge.entries if _begins(_of_entry(each), beginning)]
    in_order = (*shown, *begun) if decision.outcome in _SURE else (*begun, *shown)
    return tuple({each.id: each for each in in_order}.values())


def _decisions(decision: Decision) -> Iterator[Decision]:
    yield decision
    yield from (part.decision for part in decision.parts)


def _beginning(words: str) -> str:
    """Return the last word, which may be half typed; empty where it is too short to tell."""
    last = normalise(words).split()[-1]
    return last if len(last) >= _SHORTEST_BEGINNING else ""


def _begins(texts: Iterable[str], beginning: str) -> bool:
    if not beginning:
        return False
    return any(word.startswith(beginning) for text in texts for word in normalise(text).split())


def _of_project(project: Project) -> tuple[str, ...]:
    return (project.title, *project.keywords, *project.sectors, *project.territories)


def _of_entry(entry: Entry) -> tuple[str, ...]:
    return (entry.title, entry.en.title) if entry.en else (entry.title,)
