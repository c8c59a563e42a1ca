"""/demandes Dupont: the requests of a firm, by its name, also where that is typed wrong.

Other than the lists (see ``lists``), what was found names the firms, so that one of two can be
chosen. An erasure finds the message by the requests that it quotes. Where contacts are shown in
private alone, no firm is named here either.
"""

import asyncio
from collections.abc import Sequence

from rapidfuzz import fuzz
from telegram import Update

from handlers.administration import cards
from handlers.administration.list_page import list_keyboard, words_of_list
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority
from handlers.core.full_text import full_text
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from storage.database import Database
from storage.subject import Kind, Subject

TEXT = Catalogue.of("request_lists")
COMMAND = "/demandes"
# The latest requests are compared: some years of them.
_MOST_COMPARED = 5_000
# A word of five letters with two exchanged is as like as this (rapidfuzz's ratio, 0 to 100).
_ALIKE = 80
_SHORTEST_BEGINNING = 3
_LONGEST_WORDS = 80


async def _search(database: Database, _services: Services, update: Update) -> object:
    """Return the ids of the requests of the firm that a command names, the likest first."""
    words = _typed(update)
    if not words:
        return ()
    async with database.begin() as work:
        firms = await work.request_lists.firms(_MOST_COMPARED)
    return await asyncio.to_thread(alike, words, firms)


def _typed(update: Update) -> str:
    parts = full_text(update.message).split(maxsplit=1)
    return normalise(parts[1])[:_LONGEST_WORDS] if len(parts) > 1 else ""


def alike(words: str, firms: Sequence[tuple[int, str]]) -> tuple[int, ...]:
    """Return the ids of the firms whose name is like these words, the likest first.

    ``words`` are normalised. All of them must be in the name, each perhaps with a slip.
    """
    typed = words.split()
    scored = ((_score(typed, normalise(company).split()), firm_id) for firm_id, company in firms)
    found = sorted((each for each in scored if each[0] >= _ALIKE), reverse=True)
    return tuple(firm_id for _likest, firm_id in found[:TEXT_ITEMS])


def _score(typed: Sequence[str], name: Sequence[str]) -> float:
    """Return how like the least like of the words is, from 0 to 100."""
    if not typed or not name:
        return 0
    return min(max(_likeness(word, each) for each in name) for word in typed)


def _likeness(word: str, other: str) -> float:
    begins = len(word) >= _SHORTEST_BEGINNING and other.startswith(word)
    return 100 if begins else fuzz.ratio(word, other, score_cutoff=_ALIKE)


async def show(turn: Turn) -> None:
    """Show what was found: the card where it is one request, else a list."""
    ids = turn.ahead if isinstance(turn.ahead, tuple) else ()
    found = await turn.work.request_lists.several(ids)
    if not found:
        turn.say(TEXT("no_such_firm"))
    elif len(found) == 1:
        await cards.show(turn, found[0])
    else:
        page = ListPage.of(found, 0, TEXT_ITEMS)
        names = not turn.services.details_in_private
        text = words_of_list("found_firms", page, turn.work.now, names=names)
        named = [each.id for each in found]
        about = Subject(Kind.FOUND, min(named))
        turn.say(text, list_keyboard(page, []), about=about, quotes=named if names else ())


AHEAD: Works = {COMMAND: Ahead(_search, Authority.ADMINISTRATORS)}
