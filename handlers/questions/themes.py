"""The list of themes, which is everything the bot can answer, and answers chosen by button."""

from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListThemes, ShowEntry, with_person
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.paging import BUTTON_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.messages import Catalogue, language
from handlers.questions import answer
from knowledge.matcher.matcher import Outcome
from knowledge.model import Entry

TEXT = Catalogue.of("questions")


@dataclass(frozen=True)
class TurnThemes(CallbackData, prefix="tp", few=True):
    """Another page of the themes, in place of the one that is shown."""

    page: int


@requires(Authority.PERSON)
@reminding
async def list_themes(_update: Update, context: BotContext) -> None:
    """Show one button for each entry, a page at a time."""
    show_list(context.turn)


def show_list(turn: Turn, introduction: str = "") -> None:
    """Send an introduction, as HTML, above the numbered themes with their buttons."""
    if introduction:
        turn.begin_with(introduction)
    turn.say(*_page(turn, 0))


@requires(Authority.PERSON)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of the themes."""
    turn = context.turn
    turn.rewrite(*_page(turn, TurnThemes.of(update).page))


def _page(turn: Turn, index: int) -> tuple[str, Keyboard]:
    page = ListPage.of(turn.services.knowledge.entries, index, BUTTON_ITEMS)
    titles = {entry.id: entry.said_in(language()).title for entry in page.items}
    entries = (
        [button(f"{number}. {titles[entry.id]}", ShowEntry(entry.id))]
        for number, entry in page.numbered()
    )
    text = TEXT("themes", page=page, titles=titles, place=page.place())
    return text, with_person(rows(*entries, page.steps(TurnThemes)))


@requires(Authority.PERSON)
async def show_entry(update: Update, context: BotContext) -> None:
    """Show the answer of a tapped theme or related question."""
    entry = context.turn.services.knowledge.entry(ShowEntry.of(update).entry_id)
    if entry is None:
        show_list(context.turn, TEXT("entry_gone"))
        return
    await open_entry(context.turn, entry)


async def open_entry(turn: Turn, entry: Entry) -> None:
    """Show an answer that was chosen, not asked for in words."""
    question_id = await answer.remember(turn, "", Outcome.ANSWER, (entry.id,))
    answer.show(turn, entry, question_id)


HANDLERS: tuple[Handler, ...] = (
    command("themes", list_themes),
    tap(ListThemes, list_themes),
    tap(TurnThemes, turn_page),
    tap(ShowEntry, show_entry),
)
