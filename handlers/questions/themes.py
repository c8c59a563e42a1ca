"""The list of all that the bot can answer, and one answer chosen from a button."""

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListThemes, ShowEntry
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.messages import Catalogue
from handlers.questions import answer
from knowledge.matcher.matcher import Outcome

TEXT = Catalogue.of("questions")


@requires(Authority.PERSON)
@reminding
async def list_themes(_update: Update, context: BotContext) -> None:
    """Show one button for each entry."""
    show_list(context.turn, TEXT("themes"))


def show_list(turn: Turn, introduction: str) -> None:
    """Say something, with the themes under it."""
    entries = turn.services.knowledge.entries
    turn.say(introduction, column(button(e.title, ShowEntry(e.id)) for e in entries))


@requires(Authority.PERSON)
async def show_entry(update: Update, context: BotContext) -> None:
    """Answer from a theme or from a related question."""
    entry = context.turn.services.knowledge.entry(ShowEntry.of(update).entry_id)
    if entry is None:
        show_list(context.turn, TEXT("entry_gone"))
        return
    question_id = await answer.remember(context.turn, "", Outcome.ANSWER, (entry.id,))
    answer.show(context.turn, entry, question_id)


HANDLERS: tuple[Handler, ...] = (
    command("themes", list_themes),
    tap(ListThemes, list_themes),
    tap(ShowEntry, show_entry),
)
