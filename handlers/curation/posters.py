"""/affiche: the poster of a project, for facilitators who put it up: drawn while it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.paging import BUTTON_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.projects.browse import why_closed
from knowledge.model import Project
from knowledge.projects import code_of
from knowledge.text.project_codes import typed_code
from storage.queues.outbox import Making

TEXT = Catalogue.of("posters")
# What is sent, in this order, and how each file's name ends.
_FILES = {
    Making.POSTER_A4: "-A4.pdf",
    Making.POSTER_A5: "-A5.pdf",
    Making.POSTER_SVG: ".svg",
}


@dataclass(frozen=True)
class ListPosters(CallbackData, prefix="po"):
    """One page of the open projects, each of which can be put on a poster."""

    page: int = 0


@dataclass(frozen=True)
class SendPoster(CallbackData, prefix="ap"):
    """Send the poster of a project."""

    project_id: ItemId


@requires(Authority.FACILITATORS)
async def offer_posters(_update: Update, context: BotContext) -> None:
    """Send the poster of the project named after the command, or show the list of the open ones."""
    turn = context.turn
    wanted = "".join(turn.text.split(maxsplit=1)[1:]).strip()
    found = _found(turn, wanted) if wanted else ()
    if len(found) == 1:
        await _send(turn, found[0])
    elif found:
        turn.say(TEXT("several", wanted=wanted, count=len(found)), _choices(found[:BUTTON_ITEMS]))
    else:
        _list(turn, 0, wanted)


@requires(Authority.FACILITATORS)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of the list in place of this one."""
    _list(context.turn, ListPosters.of(update).page, in_place=True)


@requires(Authority.FACILITATORS)
async def send_poster(update: Update, context: BotContext) -> None:
    """Send the poster of the project whose button was tapped."""
    turn = context.turn
    project = turn.services.knowledge.project(SendPoster.of(update).project_id)
    if project is None:
        turn.toast(TEXT.label("gone"), alert=True)
        return
    await _send(turn, project)


async def _send(turn: Turn, project: Project) -> None:
    """Queue the files, unless the project is closed or they are on their way."""
    if closed := why_closed(turn, project):
        turn.say(TEXT("closed", project=project, closed=closed))
        return
    if await turn.work.outbox.is_making(Making.POSTER_SVG, turn.chat_id, of=project.id):
        turn.toast(TEXT.label("waits"))
        return
    if not await caps.allows(turn, caps.POSTERS, turn.user.id):
        return
    turn.toast(TEXT.label("coming"))
    name = f"affiche-{code_of(project)}-{project.id}"
    for making, ending in _FILES.items():
        caption = TEXT(f"caption_{making}", project=project, code=code_of(project))
        turn.send_made(making, f"{name}{ending}", caption, of=project.id)


def _found(turn: Turn, wanted: str) -> Sequence[Project]:
    """Return the projects that a code, an id or words mean."""
    knowledge, typed = turn.services.knowledge, typed_code(wanted)
    coded = knowledge.projects_coded(typed.code) if typed else ()
    if coded:
        return coded
    project = knowledge.project(wanted.lower())
    if project is not None:
        return (project,)
    return knowledge.census.search(wanted, turn.services.today()).projects


def _list(turn: Turn, index: int, wanted: str = "", *, in_place: bool = False) -> None:
    listed = turn.services.knowledge.census.listed(turn.services.today())
    page = ListPage.of(listed, index, BUTTON_ITEMS)
    text = TEXT("list", page=page, place=page.place(), wanted=wanted)
    keyboard = rows(*_choices(page.items)["inline_keyboard"], page.steps(ListPosters))
    show = turn.rewrite if in_place else turn.say
    show(text, keyboard if page.items else None)


def _choices(projects: Sequence[Project]) -> Keyboard:
    return rows(
        *([button(f"{code_of(each)} {each.title}", SendPoster(each.id))] for each in projects)
    )


HANDLERS: tuple[Handler, ...] = (
    command("affiche", offer_posters),
    tap(ListPosters, turn_page),
    tap(SendPoster, send_poster),
)
