"""/demandes: how many requests stand how, then lists of them, by status, age, project, person.

A list names no firm: a message about many requests could not be blanked when one of them is
erased. The firm stands on the card, which an erasure finds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeAlias

from telegram import Update

from handlers.administration import firm_search
from handlers.administration.list_page import (
    ShowStandings,
    list_keyboard,
    to_all,
    words_of_list,
)
from handlers.administration.meeting import for_administrators
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, rows
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from storage.records.interests import OPEN, Interest, Status
from storage.records.request_lists import RequestGroup, Wanted

TEXT = Catalogue.of("request_lists")
# What a phone shows under a few lines.
_MOST_BUTTONS = 6
# A project's id, a person's number, a status, or nothing.
Key: TypeAlias = Annotated[str, "[A-Za-z0-9_-]{0,48}"]


class By(StrEnum):
    """What the requests of a list have in common; by age: all that are open."""

    STATUS = "s"
    AGE = "a"
    OWNER = "o"
    PROJECT = "p"


@dataclass(frozen=True)
class ListOffice(CallbackData, prefix="al"):
    """A page of a list of requests."""

    by: By
    key: Key = ""
    page: int = 0


@dataclass(frozen=True)
class ListGroups(CallbackData, prefix="ak"):
    """The projects, or the people in charge, that have open requests."""

    by: By
    page: int = 0


@dataclass(frozen=True)
class OtherLists(CallbackData, prefix="aj"):
    """The lists that have no room under the counts."""


@for_administrators
async def list_requests(_update: Update, context: BotContext) -> None:
    """Say how many requests stand how, or find those of a firm: ``/demandes Dupont``."""
    turn = context.turn
    if context.args:
        await firm_search.show(turn)
    else:
        turn.say(*await _standings(turn))


@for_administrators
async def show_standings(_update: Update, context: BotContext) -> None:
    """Go back to how many requests stand how."""
    turn = context.turn
    turn.rewrite(*await _standings(turn))


async def _standings(turn: Turn) -> tuple[str, Keyboard | None]:
    counts = await turn.work.request_lists.counts()
    names = {status: TEXT.label(f"status_{status}") for status in Status}
    text = TEXT("standings", counts=counts, names=names, total=sum(counts.values()))
    if not any(counts.values()):
        return text, None
    first, others = await _lists(turn, counts)
    if len(first) + len(others) <= _MOST_BUTTONS:
        return text, _in_two_columns([*first, *others])
    # Under the text as much as a phone shows: what is open, and how to find the rest.
    return text, _in_two_columns([*first, button(TEXT.label("other_lists"), OtherLists())])


async def _lists(turn: Turn, counts: Mapping[Status, int]) -> tuple[list[Button], list[Button]]:
    """Return the buttons of what is open, and those of the other lists."""
    count = await turn.work.request_lists.count(Wanted(owner_id=turn.user.id))
    own = ListOffice(By.OWNER, str(turn.user.id))
    mine = [button(TEXT.label("list_mine", count=count), own)] if count else []
    still_open = [_by_status(each, count) for each, count in counts.items() if each in OPEN]
    ended = [_by_status(each, count) for each, count in counts.items() if each not in OPEN]
    others = [
        button(TEXT.label("list_by_age"), ListOffice(By.AGE)),
        button(TEXT.label("list_by_project"), ListGroups(By.PROJECT)),
        button(TEXT.label("list_by_owner"), ListGroups(By.OWNER)),
    ]
    return [*filter(None, still_open), *mine], [*filter(None, ended), *others]


def _in_two_columns(buttons: Sequence[Button]) -> Keyboard:
    return rows(*(buttons[at : at + 2] for at in range(0, len(buttons), 2)))


@for_administrators
async def show_other_lists(_update: Update, context: BotContext) -> None:
    """Show the lists that have no room under the counts."""
    turn = context.turn
    _, others = await _lists(turn, await turn.work.request_lists.counts())
    turn.rewrite(TEXT("others"), _in_two_columns([*others, to_all()]))


def _by_status(status: Status, count: int) -> Button | None:
    if not count:
        return None
    name = TEXT.label(f"status_{status}")
    label = TEXT.label("list_status", name=name, count=count)
    return button(label, ListOffice(By.STATUS, status.value))


@for_administrators
async def show_groups(update: Update, context: BotContext) -> None:
    """Show the projects, or the people in charge, that have open requests."""
    turn, choice = context.turn, ListGroups.of(update)
    by = choice.by
    lists = turn.work.request_lists
    groups = await (lists.projects() if by is By.PROJECT else lists.owners())
    page = ListPage.of(groups, choice.page, TEXT_ITEMS)
    text = TEXT("groups_project" if by is By.PROJECT else "groups_owner", page=page)
    if not groups:
        text = TEXT("groups_none")
    choices = ([_group_button(by, group)] for group in page.items)
    steps = page.steps(lambda number: ListGroups(by, number))
    turn.rewrite(text, rows(*choices, steps, [to_all()]))


def _group_button(by: By, group: RequestGroup) -> Button:
    name = _name_of_project(group) if by is By.PROJECT else group.name
    label = TEXT.label("list_status", name=name, count=group.count)
    return button(label, ListOffice(by, group.key))


def _name_of_project(group: RequestGroup) -> str:
    return group.name if group.key else TEXT.label("without_project")


@for_administrators
async def show_list(update: Update, context: BotContext) -> None:
    """Show a page of a list."""
    turn, choice = context.turn, ListOffice.of(update)
    wanted = _wanted(choice)
    lists = turn.work.request_lists
    total = await lists.count(wanted)
    # Its numbers alone: the requests of the other pages are not read.
    place = ListPage.of(range(total), choice.page, TEXT_ITEMS)
    items = await lists.page(wanted, place.first - 1, TEXT_ITEMS)
    page = ListPage(items, place.first, place.number, place.count, total)
    title = await _title(turn, choice, items)
    steps = page.steps(lambda number: ListOffice(choice.by, choice.key, number))
    turn.rewrite(
        words_of_list("list", page, turn.work.now, title=title), list_keyboard(page, steps)
    )


def _wanted(choice: ListOffice) -> Wanted:
    statuses = {status.value: status for status in Status}
    match choice.by:
        case By.STATUS if choice.key in statuses:
            return Wanted(status=statuses[choice.key])
        case By.OWNER if choice.key.isdecimal():
            return Wanted(owner_id=int(choice.key[:18]))
        case By.PROJECT:
            return Wanted(project_id=choice.key)
    return Wanted()


async def _title(turn: Turn, choice: ListOffice, items: tuple[Interest, ...]) -> str:
    wanted = _wanted(choice)
    if wanted.status is not None:
        return TEXT.label(f"status_{wanted.status}")
    if wanted.owner_id is not None:
        return TEXT.label("title_owner", name=await _name_of_owner(turn, wanted.owner_id, items))
    if wanted.project_id is not None:
        named = items[0].project_title if items and wanted.project_id else ""
        return named or TEXT.label("without_project")
    return TEXT.label("title_age")


async def _name_of_owner(turn: Turn, owner_id: int, items: tuple[Interest, ...]) -> str:
    if owner_id == turn.user.id:
        return turn.user.full_name
    colleague = await turn.work.colleagues.get(owner_id)
    named = colleague.name if colleague else items[0].owner_name if items else None
    return named or TEXT.label("nobody_known")


HANDLERS: tuple[Handler, ...] = (
    command("demandes", list_requests),
    tap(ShowStandings, show_standings),
    tap(OtherLists, show_other_lists),
    tap(ListGroups, show_groups),
    tap(ListOffice, show_list),
)
