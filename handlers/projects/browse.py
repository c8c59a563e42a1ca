"""Browsing the census: pages of open projects, filters, word search, and project cards."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    DeclareInterest,
    ListProjects,
    Propose,
    ShowProject,
    ShowRequest,
    news_button,
    person_button,
    with_person,
)
from handlers.core.callback_data import CallbackData, ListKey, SearchWords
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.core.paging import BUTTON_ITEMS, TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.sharing import share_button
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.messages import Catalogue
from knowledge.model import Project, Stage
from knowledge.projects import SearchResult
from knowledge.start_links import LinkKind
from knowledge.text.normalise import normalise
from knowledge.text.project_codes import typed_code
from storage.records.interests import Status

TEXT = Catalogue.of("projects")
# Before the id of a project, where entries, acts and projects are named alike.
PROJECT = "project:"
# The search words must fit in 64 bytes of callback data beside the other fields.
_WORDS_LENGTH = 30
_MOST_NEAR = 3


@dataclass(frozen=True)
class ChooseFilter(CallbackData, prefix="f"):
    """One page of the territories or sectors to filter by; the other filters are kept."""

    facet: Annotated[str, "[ts]"]
    territory: ListKey = ""
    sector: ListKey = ""
    seeks_lead: bool = False
    words: SearchWords = ""
    page: int = 0


def key_of(label: str) -> str:
    """Return a short key of a territory or sector, which does not depend on the list's order."""
    return format(zlib.crc32(normalise(label).encode()), "x")


@requires(Authority.PERSON)
@reminding
async def list_projects(_update: Update, context: BotContext) -> None:
    """Show the first page; the words after the command are search words."""
    typed = " ".join(context.args or ())
    code = typed_code(typed)
    coded = context.turn.services.knowledge.projects_coded(code.code) if code else ()
    if len(coded) == 1:
        await show(context.turn, coded[0].id)
        return
    words = _searchable(typed)
    show_page(context.turn, ListProjects(words=words))


@requires(Authority.PERSON)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page or apply another filter, in place of the tapped message."""
    show_page(context.turn, ListProjects.of(update), in_place=True)


def _searchable(words: str) -> str:
    folded = normalise(words).replace(":", " ").encode("ascii", "ignore").decode()
    return folded[:_WORDS_LENGTH].strip()


def show_page(turn: Turn, query: ListProjects, *, in_place: bool = False) -> None:
    """Show one page of the projects that match a query."""
    show = turn.rewrite if in_place else turn.say
    if not turn.services.has_projects:
        show(TEXT("none_yet"), with_person(rows([news_button()], [_propose()])))
        return
    result = _find(turn, query)
    page = ListPage.of(result.projects, query.page, TEXT_ITEMS)
    text = TEXT(
        "page",
        page=page,
        filters=_filters(turn, query),
        words=query.words,
        searched=result.words,
        complete=result.complete,
    )
    keyboard = _page_keyboard(query, page) if page.items else _empty_keyboard(query)
    show(text, with_person(keyboard))


def _find(turn: Turn, query: ListProjects) -> SearchResult:
    census, today = turn.services.knowledge.census, turn.services.today()
    territory = _label(query.territory, census.territories, today)
    sector = _label(query.sector, census.sectors, today)
    if query.words:
        return census.search(
            query.words, today, territory=territory, sector=sector, seeks_lead=query.seeks_lead
        )
    listed = census.listed(today, territory=territory, sector=sector, seeks_lead=query.seeks_lead)
    return SearchResult(listed, 0, 0)


def _label(key: str, labels: Callable[[date], Iterable[str]], today: date) -> str | None:
    """Return the label of a key; the key itself if the census no longer has that label."""
    if not key:
        return None
    return next((label for label in labels(today) if key_of(label) == key), key)


def _filters(turn: Turn, query: ListProjects) -> list[str]:
    census, today = turn.services.knowledge.census, turn.services.today()
    chosen = (
        (query.territory, census.territories),
        (query.sector, census.sectors),
    )
    named = [
        TEXT.label("gone_filter") if label == key else label
        for key, labels in chosen
        if (label := _label(key, labels, today))
    ]
    return [*named, TEXT.label("seeking_lead")] if query.seeks_lead else named


def _page_keyboard(query: ListProjects, page: ListPage[Project]) -> Keyboard:
    cards = [
        [button(f"{number}. {project.title}", ShowProject(project.id))]
        for number, project in page.numbered()
    ]
    steps = page.steps(lambda index: replace(query, page=index))
    return rows(
        *cards,
        steps,
        *_filter_buttons(query),
        *_way_out(query),
        [news_button(query.territory, query.sector)],
    )


def _empty_keyboard(query: ListProjects) -> Keyboard:
    """Return the ways out of an empty result: fewer filters, the words alone, all projects."""
    filtered = bool(query.territory or query.sector or query.seeks_lead)
    without = [[button(TEXT.label("same_words"), ListProjects(words=query.words))]]
    return rows(
        *(_filter_buttons(query) if filtered else ()),
        *(without if filtered and query.words else ()),
        *_way_out(query),
        [news_button(query.territory, query.sector)],
        [_propose()],
    )


def _propose() -> Button:
    return button(TEXT.label("propose"), Propose())


def _filter_buttons(query: ListProjects) -> Iterator[list[Button]]:
    filters = (query.territory, query.sector, query.seeks_lead, query.words)
    yield [
        button(TEXT.label("by_territory"), ChooseFilter("t", *filters)),
        button(TEXT.label("by_sector"), ChooseFilter("s", *filters)),
    ]
    toggle = "with_lead_too" if query.seeks_lead else "only_seeking_lead"
    yield [button(TEXT.label(toggle), replace(query, page=0, seeks_lead=not query.seeks_lead))]


def _way_out(query: ListProjects) -> Iterator[list[Button]]:
    if replace(query, page=0) != ListProjects():
        yield [button(TEXT.label("all_projects"), ListProjects())]


@requires(Authority.PERSON)
async def choose_filter(update: Update, context: BotContext) -> None:
    """Show the territories, or the sectors, that have open projects."""
    turn, choice = context.turn, ChooseFilter.of(update)
    census, today = turn.services.knowledge.census, turn.services.today()
    query = ListProjects(0, choice.territory, choice.sector, choice.seeks_lead, choice.words)
    if choice.facet == "t":
        options = [
            (name, replace(query, territory=key_of(name))) for name in census.territories(today)
        ]
        everywhere = ("every_territory", replace(query, territory=""))
    else:
        options = [(name, replace(query, sector=key_of(name))) for name in census.sectors(today)]
        everywhere = ("every_sector", replace(query, sector=""))
    page = ListPage.of(options, choice.page, BUTTON_ITEMS)
    keyboard = rows(
        [button(TEXT.label(everywhere[0]), everywhere[1])],
        *([button(f"{number}. {name}", target)] for number, (name, target) in page.numbered()),
        page.steps(lambda index: replace(choice, page=index)),
    )
    name = "choose_territory" if choice.facet == "t" else "choose_sector"
    turn.rewrite(TEXT(name, page=page, place=page.place()), with_person(keyboard))


@requires(Authority.PERSON)
async def show_card(update: Update, context: BotContext) -> None:
    """Show the card of the project whose button was tapped."""
    await show(context.turn, ShowProject.of(update).project_id)


async def show(turn: Turn, project_id: str) -> None:
    """Show the card of a project, or say that it is no longer in the census."""
    project = turn.services.knowledge.project(project_id)
    if project is None:
        await _say_gone(turn, project_id)
        return
    turn.is_about(f"{PROJECT}{project.id}")
    person = await turn.person()
    interest = await turn.work.read_ahead.interest(person.id, project.id)
    active = interest if interest and interest.status is not Status.WITHDRAWN else None
    text = TEXT(
        "card",
        project=project,
        closed=why_closed(turn, project),
        link=turn.services.link_to(LinkKind.PROJECT, project.id),
        interest=active,
    )
    turn.say(text, _card_keyboard(turn, project, active.id if active else None))


async def _say_gone(turn: Turn, project_id: str) -> None:
    """Say that there is no such card; of a hidden one, to whom has a request, that it is amended.

    Nobody else learns of a project that is being prepared.
    """
    person = await turn.person()
    interest = await turn.work.read_ahead.interest(person.id, project_id)
    if interest is None or turn.services.knowledge.hidden_project(project_id) is None:
        _say_near(turn, project_id)
        return
    see = button(TEXT.label("my_request"), ShowRequest(interest.id))
    keyboard = with_person(column([see, button(TEXT.label("back"), ListProjects())]))
    turn.say(TEXT("amended", interest=interest), keyboard)


def _say_near(turn: Turn, project_id: str) -> None:
    """Say that a project is gone, with the open ones that share words with its id."""
    services = turn.services
    found = services.knowledge.census.search(project_id.replace("-", " "), services.today())
    near = found.projects[:_MOST_NEAR]
    text = TEXT("gone", has_projects=services.has_projects, near=near)
    cards = [
        [button(f"{number}. {each.title}", ShowProject(each.id))]
        for number, each in enumerate(near, 1)
    ]
    turn.say(text, rows(*cards, *_back()["inline_keyboard"]))


async def say_about(turn: Turn, project: Project, name: str) -> None:
    """Say what the card tells about what was asked, under the buttons of the card."""
    turn.is_about(f"{PROJECT}{project.id}")
    person = await turn.person()
    interest = await turn.work.read_ahead.interest(person.id, project.id)
    active = interest if interest and interest.status is not Status.WITHDRAWN else None
    reach = TEXT("reach", identity=turn.services.identity)
    text = TEXT(name, project=project, closed=why_closed(turn, project), reach=reach)
    turn.say(text, _card_keyboard(turn, project, active.id if active else None))


def in_sight(turn: Turn, topic: str) -> Project | None:
    """Return the project that a topic names; None for another topic."""
    id_ = topic.removeprefix(PROJECT)
    return turn.services.knowledge.project(id_) if topic.startswith(PROJECT) else None


def why_closed(turn: Turn, project: Project) -> str | None:
    """Return why a project accepts no new interest; None if it is open."""
    return why_closed_on(turn.services.today(), project)


def why_closed_on(day: date, project: Project) -> str | None:
    """Return why a project accepts no new interest on a day; None if it does."""
    if project.open_on(day):
        return None
    if project.withdrawn_on:
        return TEXT.label("withdrawn", project=project)
    name = "closed" if project.stage is Stage.CLOSED else "past_deadline"
    return TEXT.label(name, project=project)


def _card_keyboard(turn: Turn, project: Project, interest_id: int | None) -> Keyboard:
    lines: list[list[Button]] = []
    if interest_id is not None:
        lines.append([button(TEXT.label("my_request"), ShowRequest(interest_id))])
    elif project.open_on(turn.services.today()):
        lines.append([button(TEXT.label("interested"), DeclareInterest(project.id))])
    lines.append([button(TEXT.label("back"), ListProjects())])
    share = share_button(turn.services, LinkKind.PROJECT, project.id, project.title)
    return rows(*lines, [share, person_button()])


def _back() -> Keyboard:
    ways_on = [
        button(TEXT.label("back"), ListProjects()),
        _propose(),
    ]
    return with_person(column(ways_on))


HANDLERS: tuple[Handler, ...] = (
    command("projets", list_projects),
    tap(ListProjects, turn_page),
    tap(ChooseFilter, choose_filter),
    tap(ShowProject, show_card),
)
