"""The answers as pages: a list of their themes, and a page for each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from handlers.messages import FRENCH, LANGUAGES
from knowledge import start_links
from knowledge.knowledge import Knowledge
from knowledge.model import Entry
from website import addresses, open_data
from website.facts import Facts
from website.pages import Kind, Page, Values


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


def by_owner(entries: Sequence[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Return our answers, then those of other services, in the file's order."""
    parts = {
        "answers_ours": [each for each in entries if not each.service],
        "answers_services": [each for each in entries if each.service],
    }
    return {name: own for name, own in parts.items() if own}


def _list(knowledge: Knowledge) -> Values:
    return {"parts": by_owner(knowledge.entries), "languages_of": languages_of}


def _answer(knowledge: Knowledge, entry: Entry, facts: Facts, today: date) -> Values:
    expired = entry.valid_until is not None and entry.valid_until < today
    related = [each for name in entry.see_also if (each := knowledge.entry(name))]
    return {
        "entry": entry,
        "related": related,
        "telegram": facts.link(start_links.Kind.ANSWER, entry.id),
        "expired": expired,
        "languages_of": languages_of,
        # An answer that is out of date is offered to no search engine.
        "frequently_asked": None if expired else open_data.frequently_asked(entry),
    }
