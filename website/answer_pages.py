"""The answers as pages: what can be asked, by theme, and a page for each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from handlers.messages import FRENCH, LANGUAGES
from knowledge.knowledge import Knowledge
from knowledge.model import Action, Entry
from website import addresses, open_data
from website.facts import Facts
from website.pages import Kind, Page, Values

# What a theme gathers: the answers that lead on to the same thing. Those of other services come
# last, whatever they lead to.
_THEMES: Mapping[str, tuple[Action | None, ...]] = {
    "theme_initiative": (None, Action.THEMES, Action.HELP),
    "theme_projects": (Action.PROJECTS, Action.INTEREST, Action.REQUESTS),
    "theme_propose": (Action.PROPOSE, Action.SHARE, Action.LEAD),
    "theme_team": (Action.CONTACT, Action.CALL_BACK, Action.PHONE),
}
_OTHERS, _SERVICES = "theme_others", "theme_services"


def pages(knowledge: Knowledge, facts: Facts, today: date) -> Iterator[Page]:
    """Give the list of answers, and the page of each, in English where the file has it."""
    yield Page(addresses.ANSWERS, Kind.ANSWERS, "answers", partial(_list, knowledge), LANGUAGES)
    for entry in knowledge.entries:
        yield Page(
            addresses.answer(entry.id),
            Kind.REFERRAL if entry.service else Kind.ANSWER,
            "answer",
            partial(_answer, knowledge, entry, facts, today),
            languages_of(entry),
            changed=entry.verified_on,
        )


def languages_of(entry: Entry) -> tuple[str, ...]:
    """Return the languages that an entry is written in."""
    return LANGUAGES if entry.en is not None else (FRENCH,)


def by_theme(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Return the entries of each theme that has any, in the file's order."""
    themes: dict[str, list[Entry]] = {name: [] for name in (*_THEMES, _OTHERS, _SERVICES)}
    for entry in entries:
        themes[_theme_of(entry)].append(entry)
    return {name: own for name, own in themes.items() if own}


def _theme_of(entry: Entry) -> str:
    if entry.service:
        return _SERVICES
    return next((name for name, own in _THEMES.items() if entry.action in own), _OTHERS)


def _list(knowledge: Knowledge) -> Values:
    return {"themes": by_theme(knowledge.entries), "languages_of": languages_of}


def _answer(knowledge: Knowledge, entry: Entry, facts: Facts, today: date) -> Values:
    expired = entry.valid_until is not None and entry.valid_until < today
    related = [each for name in entry.see_also if (each := knowledge.entry(name))]
    return {
        "entry": entry,
        "related": related,
        "telegram": facts.link(),
        "expired": expired,
        "languages_of": languages_of,
        # An answer that is out of date is offered to no search engine.
        "frequently_asked": None if expired else open_data.frequently_asked(entry),
    }
