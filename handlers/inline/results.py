"""An inline answer as the Bot API takes it: a page of results, each with a link into the bot.

Telegram gives the results for some words to everybody who types them within five minutes. So they
are in the language of the words. Where only the app's language tells it, they are kept for whoever
asked: nobody else gets English for words that may be French.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from handlers.core.keyboards import shorten
from handlers.core.paging import TEXT_ITEMS
from handlers.core.services import Services
from handlers.inline.finding import Found, found
from handlers.messages import ENGLISH, FRENCH, Catalogue, language, speaking
from handlers.projects.browse import why_closed_on
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision
from knowledge.model import Entry, Project
from knowledge.start_links import LinkKind, Source, parameter_of
from knowledge.text.language_id import language_of
from knowledge.text.normalise import normalise
from storage.queues.measure import LONGEST_TEXT, cut

TEXT, PROJECTS, QUESTIONS = (Catalogue.of(each) for each in ("inline", "projects", "questions"))
Parameters: TypeAlias = dict[str, Any]
# Of one answer; Telegram takes 50 (Bot API, answerInlineQuery). More follow when scrolled to.
PAGE = 4 * TEXT_ITEMS
CACHE_SECONDS = 300
_LONGEST_TITLE = 100
_LONGEST_DESCRIPTION = 160
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class InlineQuery:
    """What somebody typed behind the bot's name, in any chat; ``offset`` is our own of before."""

    words: str
    offset: str = ""
    # Of the app, as Telegram tells it; empty where it does not.
    app_language: str = ""


@dataclass(frozen=True, slots=True)
class _Spoken:
    language: str
    is_personal: bool


def answer_to(
    services: Services, knowledge: Knowledge, query: InlineQuery, decision: Decision
) -> Parameters:
    """Return the parameters of `answerInlineQuery`, but for whose query it is. For a thread."""
    today = services.today()
    items = found(knowledge, query.words, decision, today)
    first = int(query.offset) if _is_number(query.offset) else 0
    page, end = items[first : first + PAGE], first + PAGE
    spoken = _spoken(query)
    with speaking(spoken.language):
        return {
            "results": [_result(services, knowledge, each, today) for each in page],
            "cache_time": CACHE_SECONDS,
            "is_personal": spoken.is_personal,
            "next_offset": str(end) if items[end:] else "",
            "button": _way_in(items),
        }


def _spoken(query: InlineQuery) -> _Spoken:
    typed = language_of(normalise(query.words))
    if typed is not None:
        return _Spoken(ENGLISH if typed == ENGLISH else FRENCH, is_personal=False)
    is_english = query.app_language.startswith(ENGLISH)
    return _Spoken(ENGLISH if is_english else FRENCH, is_personal=is_english)


def _way_in(items: Sequence[Found]) -> Parameters:
    """Return the button above the results, which opens the bot itself."""
    name = "ask_bot" if items else "nothing_found"
    return {
        "text": TEXT.label(name),
        "start_parameter": parameter_of(LinkKind.HOME, source=Source.INLINE),
    }


def _result(services: Services, knowledge: Knowledge, one: Found, today: date) -> Parameters:
    item = one.item
    kind = LinkKind.PROJECT if isinstance(item, Project) else LinkKind.ANSWER
    link = services.link_to(kind, item.id, Source.INLINE)
    if isinstance(item, Project):
        told = _project(knowledge, item, today, link)
    else:
        told = _answer(item, today)
    near = TEXT.label("near", told=told.description)
    # In somebody else's chat, the words would be taken for those of whoever sends them.
    text = TEXT("who_answers", name=knowledge.initiative.name) + f"\n\n{told.text}"
    return {
        "type": "article",
        # Each once in an answer: kinds and ids are.
        "id": parameter_of(kind, item.id),
        "title": shorten(told.title, _LONGEST_TITLE),
        "description": shorten(near if one.is_near else told.description, _LONGEST_DESCRIPTION),
        "input_message_content": {
            "message_text": cut(text, LONGEST_TEXT, markup=True),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        },
        "reply_markup": {"inline_keyboard": [[{"text": TEXT.label("open_in_bot"), "url": link}]]},
    }


@dataclass(frozen=True, slots=True)
class _Told:
    """A result in words: two lines of the list, and the message that it sends (HTML)."""

    title: str
    description: str
    text: str


def _project(knowledge: Knowledge, project: Project, today: date, link: str) -> _Told:
    closed = why_closed_on(today, project)
    card = PROJECTS("card", project=project, closed=closed, link=link, interest=None)
    name = knowledge.initiative.name
    return _Told(
        TEXT.label("closed_title", title=project.title) if closed else project.title,
        TEXT.label("about_project", project=project, closed=closed),
        TEXT("project", card=card, name=name),
    )


def _answer(entry: Entry, today: date) -> _Told:
    said = entry.said_in(language())
    expired = entry.valid_until is not None and entry.valid_until < today
    values = {"projects": 0, "vote": "", "named": (), "rest": "", "whole": False}
    return _Told(
        said.title,
        TEXT.label("about_answer", entry=entry),
        QUESTIONS("answer", entry=entry, said=said, expired=expired, **values),
    )


def _is_number(offset: str) -> bool:
    return offset.isascii() and offset.isdigit() and len(offset) <= _MOST_DIGITS
