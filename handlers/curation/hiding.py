"""Hiding, showing again and removing an answer or a project, from the list of all of them.

A tap asks for the change; the publisher examines it and shows the difference, which a facilitator
publishes or abandons, as for a file that was sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.callback_data import ItemId
from handlers.core.keyboards import Button, Keyboard, button, rows
from handlers.core.paging import ListPage
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation.publish_buttons import AskChange, ListItems, ShowItem
from handlers.messages import Catalogue
from knowledge.knowledge import Knowledge
from knowledge.loading import FAQ, PROJECTS
from knowledge.model import Entry, Project
from storage.records.change_requests import ChangeKind, NewChangeRequest

TEXT = Catalogue.of("hiding")
# What a phone shows, with the words above and the buttons that turn pages.
_A_PAGE = 10
_FILES: Mapping[ItemId, str] = {"faq": FAQ, "projets": PROJECTS}


@dataclass(frozen=True, slots=True)
class _Listed:
    """An answer or a project, and whether it is hidden, closed or in service."""

    what: Entry | Project
    state: str


@requires(Authority.FACILITATORS)
async def list_items(update: Update, context: BotContext) -> None:
    """Show a page of all answers, or of all projects, with those that are hidden."""
    choice = ListItems.of(update)
    _list(context.turn, choice.kind, choice.page)


def _list(turn: Turn, kind: ItemId, index: int) -> None:
    page = ListPage.of(_items(turn.services, kind), index, _A_PAGE)
    other = "projets" if kind == "faq" else "faq"
    turn.rewrite(
        TEXT("items", kind=kind, page=page, place=page.place()),
        rows(
            *([_line(number, each, kind)] for number, each in page.numbered()),
            page.steps(lambda number: ListItems(kind, number)),
            [button(TEXT.label("other_list", kind=kind), ListItems(other, 0))],
        ),
    )


def _line(number: int, listed: _Listed, kind: ItemId) -> Button:
    label = TEXT.label("item_line", number=number, item=listed.what, state=listed.state)
    return button(label, ShowItem(kind, listed.what.id))


def list_button(file: str | None) -> Button:
    """Return the button that opens the list: of the projects below their file, else of answers."""
    kind: ItemId = "projets" if file == PROJECTS else "faq"
    return button(TEXT.label("button_items", kind=kind), ListItems(kind, 0))


def card_buttons(turn: Turn, ids: Sequence[str]) -> Keyboard | None:
    """Return a button to the card of each of these answers that there is; None without any."""
    entries = filter(None, map(turn.services.knowledge.entry, ids))
    lines = [
        [button(TEXT.label("button_card", item=entry), ShowItem("faq", entry.id))]
        for entry in entries
    ]
    return rows(*lines) if lines else None


@requires(Authority.FACILITATORS)
async def show_item(update: Update, context: BotContext) -> None:
    """Show an answer or a project as people read it, and what can be done with it."""
    choice = ShowItem.of(update)
    show_card(context.turn, choice.kind, choice.item_id)


def show_card(turn: Turn, kind: ItemId, item_id: str) -> None:
    """Show one card in place of the list; say so where the item is gone."""
    listed = _find(turn, kind, item_id)
    if listed is None:
        return
    index = _items(turn.services, kind).index(listed) // _A_PAGE
    back = [button(TEXT.label("back"), ListItems(kind, index))]
    turn.rewrite(
        TEXT("card", kind=kind, item=listed.what, state=listed.state),
        rows(*([each] for each in _acts(kind, listed)), back),
    )


def _acts(kind: ItemId, listed: _Listed) -> list[Button]:
    """Return what can be done with an item, as it stands."""
    item_id = listed.what.id
    hidden = listed.state == "hidden"
    toggle = ChangeKind.UNHIDE if hidden else ChangeKind.HIDE
    label = "button_unhide" if hidden else "button_hide"
    acts = [button(TEXT.label(label), AskChange(toggle, kind, item_id))]
    if listed.state != "closed":
        label = "button_close" if kind == "projets" else "button_remove"
        acts.append(button(TEXT.label(label), AskChange(ChangeKind.REMOVE, kind, item_id)))
    return acts


@requires(Authority.FACILITATORS)
async def ask_change(update: Update, context: BotContext) -> None:
    """Request the examination of a change; the first who asks for it counts."""
    turn, choice = context.turn, AskChange.of(update)
    listed = _find(turn, choice.kind, choice.item_id)
    if listed is None or choice.change not in _CHANGES:
        return
    request = NewChangeRequest(
        choice.change,
        turn.user.id,
        turn.user.full_name,
        turn.chat_id,
        file=_FILES[choice.kind],
        subject=listed.what.id,
        topic_id=turn.topic,
    )
    if await turn.work.change_requests.is_asked(request):
        turn.toast(TEXT.label("asked_already"), alert=True)
        return
    if not await caps.allows(turn, caps.EXAMINATIONS, turn.user.id):
        return
    await turn.work.change_requests.ask(request)
    said = TEXT("asked", change=choice.change.value, kind=choice.kind, item=listed.what)
    turn.rewrite(said, rows([button(TEXT.label("back"), ListItems(choice.kind, 0))]))


def _find(turn: Turn, kind: ItemId, item_id: str) -> _Listed | None:
    items = _items(turn.services, kind)
    found = next((each for each in items if each.what.id == item_id), None)
    if found is None:
        turn.toast(TEXT.label("item_gone"), alert=True)
    return found


def _items(services: Services, kind: ItemId) -> list[_Listed]:
    """Return all items of a kind: the hidden ones first, since they wait for somebody."""
    knowledge = services.knowledge
    if kind == "faq":
        return [
            *_hidden(knowledge.hidden_entries),
            *(_Listed(e, "served") for e in knowledge.entries),
        ]
    return [*_hidden(_real(knowledge.hidden_projects)), *_projects(knowledge)]


def _projects(knowledge: Knowledge) -> list[_Listed]:
    return [
        _Listed(each, "closed" if each.withdrawn_on else "served")
        for each in _real(knowledge.projects)
    ]


def _hidden(items: Sequence[Entry | Project]) -> list[_Listed]:
    return [_Listed(each, "hidden") for each in items]


def _real(projects: Sequence[Project]) -> list[Project]:
    """Leave out the invented projects of the preview: their file is published by nobody."""
    return [each for each in projects if not each.fictitious]


_CHANGES = frozenset({ChangeKind.HIDE, ChangeKind.UNHIDE, ChangeKind.REMOVE})
HANDLERS: tuple[Handler, ...] = (
    tap(ListItems, list_items),
    tap(ShowItem, show_item),
    tap(AskChange, ask_change),
)
