"""The answers as pages: a list of their themes, and a page for each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from handlers.messages import ENGLISH, FRENCH, LANGUAGES, language
from knowledge import start_links
from knowledge.files.telegram_html import plain
from knowledge.knowledge import Knowledge
from knowledge.model import Entry
from website import addresses, open_data, ways, weight
from website.facts import Facts
from website.pages import Page, PageKind, Values
from website.rendering import ROOM

# The entry on the area covered, as `handlers.questions.verdicts` knows it.
AREA_COVERED = "territoire"
# In the chat, one writes the name of a commune or of a trade; here, lists have them.
_LISTS = {AREA_COVERED: ways.AREAS, "filieres": ways.SECTORS}
# An answer may ask for proposals besides its own action.
_PROPOSE = re.compile(r"\bproposez\b", re.IGNORECASE)
# Where an answer speaks of the assistant that gives it in the chat.
_FIRST_PERSON = {
    FRENCH: re.compile(r"\b(?:je|moi|me)\b|\b[jm]['\u2019]|-moi\b", re.IGNORECASE),
    ENGLISH: re.compile(r"\b(?:I|me|my)\b"),
}
_COMMAND = re.compile(r"(?<![\w/<.:])/[a-z]{3,}\b")


def pages(knowledge: Knowledge, facts: Facts, today: date) -> Iterator[Page]:
    """Give the list of answers, and the page of each, in English where the file has it."""
    in_order = [each for own in by_owner(knowledge.entries).values() for each in own]
    parts = weight.cut(in_order, _weight_of, ROOM)
    for number, part in enumerate(parts, 1):
        path = addresses.numbered(addresses.ANSWERS, number)
        values = partial(_list, part, number, len(parts))
        yield Page(path, PageKind.ANSWERS, "answers", values, LANGUAGES)
    for entry in knowledge.entries:
        yield Page(
            addresses.answer(entry.id),
            PageKind.REFERRAL if entry.service else PageKind.ANSWER,
            "answer",
            partial(_answer, knowledge, entry, facts, today),
            languages_of(entry),
            changed=entry.verified_on,
        )


def has_commands(text: str) -> bool:
    """Tell whether a text speaks of commands, which mean nothing outside of the chat."""
    return bool(_COMMAND.search(text))


def languages_of(entry: Entry) -> tuple[str, ...]:
    """Return the languages that an entry is written in."""
    return LANGUAGES if entry.en is not None else (FRENCH,)


def by_owner(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Return our answers, then those of other services, in the file's order."""
    parts = {
        "answers_ours": [each for each in entries if not each.service],
        "answers_services": [each for each in entries if each.service],
    }
    return {name: own for name, own in parts.items() if own}


def _weight_of(entry: Entry) -> int:
    """Return the bytes of an answer in their list, in the language that takes more."""
    return max(
        weight.of_answer(entry.id, said.title, said.question)
        for said in map(entry.said_in, LANGUAGES)
    )


def _list(entries: Sequence[Entry], number: int, count: int) -> Values:
    return {
        "parts": by_owner(entries),
        "languages_of": languages_of,
        "number": number,
        "count": count,
    }


def _answer(knowledge: Knowledge, entry: Entry, facts: Facts, today: date) -> Values:
    expired = entry.valid_until is not None and entry.valid_until < today
    said, acts = entry.said_in(language()), _acts(entry, facts)
    text = plain(f"{said.answer}\n{said.rest}")
    related = [each for name in entry.see_also if (each := knowledge.entry(name))]
    return {
        "entry": entry,
        "related": related,
        "acts": acts,
        "team": ways.to_team(facts),
        "pages": _named(knowledge, entry),
        "has_first_person": bool(_FIRST_PERSON[language()].search(text)),
        "has_commands": has_commands(text),
        "telegram": facts.link(start_links.LinkKind.ANSWER, entry.id),
        "expired": expired,
        "languages_of": languages_of,
        # An answer that is out of date is offered to no search engine.
        "frequently_asked": None if expired else open_data.frequently_asked(entry),
    }


def _acts(entry: Entry, facts: Facts) -> Sequence[ways.Way]:
    """Return what an answer calls for, as it is done on the web."""
    found = [_LISTS.get(entry.id), ways.of_action(entry.action, facts)]
    if _PROPOSE.search(plain(f"{entry.answer}\n{entry.rest}")):
        found.append(ways.to_propose(facts))
    return list(dict.fromkeys(each for each in found if each))


def _named(knowledge: Knowledge, entry: Entry) -> Mapping[str, str]:
    """Return where the other answers stand in this language, by the titles that texts name."""
    spoken = language()
    return {
        each.said_in(spoken).title: addresses.answer(each.id)
        for each in knowledge.entries
        if each is not entry and spoken in languages_of(each)
    }
