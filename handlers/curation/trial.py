"""/tester: facilitators try a question and see the answer and the reasons for it."""

import asyncio

from telegram import Update

from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, command
from handlers.core.services import Services
from handlers.core.turn import BotContext
from handlers.curation.hiding import card_buttons
from handlers.messages import Catalogue
from handlers.questions.choices import titles_of
from knowledge.curation.explain import Explanation, explain
from storage.database import Database

TEXT = Catalogue.of("trial")
_LONGEST_QUESTION = 1500


@requires(Authority.FACILITATORS)
async def try_question(_update: Update, context: BotContext) -> None:
    """Show how a question would be answered, and why; nothing is stored."""
    turn = context.turn
    question, explanation = _question(turn.text), turn.ahead
    if not isinstance(explanation, Explanation):
        turn.say(TEXT("how"))
        return
    shown = titles_of(turn, explanation.shown)
    said = TEXT("explained", question=question, found=explanation, shown=shown)
    turn.say(said, card_buttons(turn, explanation.shown))


async def _explain(_database: Database, services: Services, update: Update) -> Explanation | None:
    """Explain the answer to the question, if there is one."""
    question = _question((update.message.text or "") if update.message else "")
    return await asyncio.to_thread(explain, services.knowledge, question) if question else None


def _question(text: str) -> str:
    return "".join(text.split(maxsplit=1)[1:])[:_LONGEST_QUESTION]


AHEAD: Works = {"/tester": Ahead(_explain)}
HANDLERS: tuple[Handler, ...] = (command("tester", try_question),)
