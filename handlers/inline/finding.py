"""What inline words find: projects and answers, by the matcher that answers questions.

While somebody types, the last word is seldom whole: what begins with it is found too. The code of a
poster finds its project, as in the chat.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

from handlers.projects.coded import near_to
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Entry, Project
from knowledge.projects import code_of, telling_words
from knowledge.text.normalise import normalise
from knowledge.text.project_codes import typed_code

Item: TypeAlias = Project | Entry
# Of more words, any project has some: the matcher knows better which is meant.
_MOST_WORDS = 3
_SHORTEST_BEGINNING = 3
# With these, the answers shown are meant; with the others, they may but come near.
_SURE = frozenset({Outcome.ANSWER, Outcome.REFERRAL, Outcome.SEVERAL})


class Found(NamedTuple):
    """A project or an answer; ``is_near``: it may be what is meant, and nothing says that it is."""

    item: Item
    is_near: bool = False


def found(knowledge: Knowledge, words: str, decision: Decision, today: date) -> tuple[Found, ...]:
    """Return what is found, then what only comes near, each once; closed projects last in both.

    Without a word, the open projects, the newest first.
    """
    if not normalise(words):
        return tuple(map(Found, knowledge.census.listed(today)))
    coded = _coded(knowledge, words, today)
    if coded is not None:
        return coded
    all_found = (
        *_projects(knowledge, words, decision, today),
        *_answers(knowledge, words, decision),
    )
    is_sure = decision.outcome in _SURE

    def place(one: Found) -> tuple[bool, bool, bool]:
        is_project = isinstance(one.item, Project)
        is_closed = isinstance(one.item, Project) and not one.item.open_on(today)
        return one.is_near, is_closed, is_project if is_sure else not is_project

    # What is near by one way may be found by another: the first stands.
    first: dict[tuple[bool, str], Found] = {}
    for one in sorted(all_found, key=place):
        first.setdefault((isinstance(one.item, Project), one.item.id), one)
    return tuple(first.values())


def _coded(knowledge: Knowledge, words: str, today: date) -> tuple[Found, ...] | None:
    """Return what a code finds, or nearly finds; None for words that are no code."""
    typed = typed_code(words)
    if typed is None:
        return None
    coded = knowledge.projects_coded(typed.code)
    if coded:
        return tuple(map(Found, coded))
    if not typed.is_sure:
        return None
    listed = knowledge.census.listed(today)
    begun = (each for each in listed if code_of(each).startswith(typed.code))
    near = {each.id: each for each in (*begun, *near_to(typed.code, knowledge, today))}
    return tuple(Found(each, is_near=True) for each in near.values())


def _projects(knowledge: Knowledge, words: str, decision: Decision, today: date) -> Iterator[Found]:
    for each in _decisions(decision):
        is_near = not (each.outcome in _SURE or _shows_projects(each))
        named = filter(None, map(knowledge.project, each.projects))
        yield from (Found(project, is_near) for project in named)
    telling = telling_words(words)
    if 0 < len(telling) <= _MOST_WORDS:
        result = knowledge.census.search(" ".join(telling), today)
        for place, project in enumerate(result.projects):
            yield Found(project, is_near=place >= result.complete)
    yield from _begun(words, ((each, _of_project(each)) for each in knowledge.projects))


def _shows_projects(decision: Decision) -> bool:
    return decision.outcome is Outcome.PROJECTS and not decision.likely


def _answers(knowledge: Knowledge, words: str, decision: Decision) -> Iterator[Found]:
    is_sure = decision.outcome in _SURE
    shown = [
        Found(entry, is_near=each.outcome not in _SURE)
        for each in _decisions(decision)
        for entry in filter(None, map(knowledge.entry, each.shown))
    ]
    begun = _begun(words, ((each, _of_entry(each)) for each in knowledge.entries))
    yield from (*shown, *begun) if is_sure else (*begun, *shown)


def _decisions(decision: Decision) -> Iterator[Decision]:
    yield decision
    yield from (part.decision for part in decision.parts)


def _begun(words: str, written: Iterable[tuple[Item, tuple[str, ...]]]) -> Iterator[Found]:
    """Yield what holds a word that begins as the last one; without the words before, it is near."""
    beginning = _beginning(words)
    if not beginning:
        return
    before = [word for word in telling_words(words) if word != beginning]
    for item, texts in written:
        own = {word for text in texts for word in normalise(text).split()}
        if any(word.startswith(beginning) for word in own):
            yield Found(item, is_near=not own.issuperset(before))


def _beginning(words: str) -> str:
    """Return the last word, which may be half typed; empty where it is too short to tell."""
    last = normalise(words).split()[-1]
    has_digit = not (last.isalpha() or last.isdigit())
    return last if len(last) >= _SHORTEST_BEGINNING or has_digit else ""


def _of_project(project: Project) -> tuple[str, ...]:
    return (project.title, *project.keywords, *project.sectors, *project.territories)


def _of_entry(entry: Entry) -> tuple[str, ...]:
    return (entry.title, entry.en.title) if entry.en else (entry.title,)
