"""/stats: what a period brought, as a picture and in words, for both groups of the team.

It stands here for the groups of unanswered questions. The picture shows none of them: what a person
typed can be taken out of a message later, and not out of a picture.
"""

from dataclasses import dataclass
from functools import partial

from telegram import Update

from handlers.administration import in_french
from handlers.administration.periods import PeriodError, period_of
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, command
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation.gaps import (
    MOST_READ,
    READ_LENGTH,
    Gap,
    compare_ahead,
    grouped,
    quoted_first,
)
from handlers.messages import Catalogue
from storage.database import Database
from storage.queues.outbox import Making
from storage.records.figures import Figures

TEXT = Catalogue.of("figures")
_PICTURE = "chiffres.png"
# A message is read on a phone: the first of each list are enough.
_MOST = 5


@dataclass(frozen=True, slots=True)
class FoundFigures:
    """The figures of a period, and its unanswered questions, those asked most first."""

    figures: Figures
    gaps: tuple[Gap, ...]


@requires(Authority.TEAM)
async def show_figures(_update: Update, context: BotContext) -> None:
    """Send the picture of a period's figures, and the same in words below it."""
    turn, found = context.turn, context.turn.ahead
    if isinstance(found, PeriodError):
        turn.say(TEXT(f"bad_period_{found.trouble}", command="/stats"))
    elif isinstance(found, FoundFigures):
        await _send_picture(turn, found.figures)
        turn.say(_in_words(turn, found), quotes=quoted_first(found.gaps))


async def _send_picture(turn: Turn, figures: Figures) -> None:
    """Queue the picture, unless there is nothing to draw or one is on its way."""
    if figures.is_empty or await turn.work.outbox.is_making(Making.FIGURES, turn.chat_id):
        return
    caption = TEXT("picture_caption", figures=figures, french=in_french)
    turn.send_made(Making.FIGURES, _PICTURE, caption, of=figures.days.packed)


def _in_words(turn: Turn, found: FoundFigures) -> str:
    return TEXT(
        "stats",
        found=found,
        most=_MOST,
        title_of=partial(in_french.title_of, turn.services.knowledge),
        words=TEXT.label,
        wait=in_french.wait,
        french=in_french,
    )


async def _read(
    database: Database, services: Services, update: Update
) -> FoundFigures | PeriodError:
    """Read the figures of the period that was typed, or tell why it is none."""
    text = (update.message.text or "") if update.message else ""
    try:
        days = period_of("".join(text.split(maxsplit=1)[1:]), services.today())
    except PeriodError as error:
        return error
    async with database.begin() as work:
        figures = await work.figures.read(days)
    await compare_ahead(database, services)
    async with database.begin() as work:
        since = await work.questions.unanswered(MOST_READ, days.begins_at, length=READ_LENGTH)
    within = [question for question in since if question.asked_at < days.ends_at]
    return FoundFigures(figures, grouped(services.likeness, within)[:_MOST])


AHEAD: Works = {"/stats": Ahead(_read, Authority.TEAM)}
HANDLERS: tuple[Handler, ...] = (command("stats", show_figures),)
