"""/tester: facilitators try a question and see the answer and the reasons for it."""

import asyncio
from dataclasses import dataclass

from telegram import Update

from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.keyboards import button, rows
from handlers.core.routing import Handler, command
from handlers.core.services import Services
from handlers.core.turn import BotContext
from handlers.curation.gap_buttons import AddPhrasing
from handlers.curation.hiding import card_buttons
from handlers.curation.received import ReceivedQuestion, received_for
from handlers.messages import Catalogue
from handlers.questions.choices import titles_of
from knowledge.curation.explain import Explanation, explain
from knowledge.curation.finding import newcomers_of, shown_with
from knowledge.model import Entry
from storage.database import Database

TEXT = Catalogue.of("trial")
_LONGEST_QUESTION = 1500


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a question would get and, if an answer with few phrasings is concerned, this answer.

    ``tenths``: how many of ten questions find an answer with so few ``phrasings``.
    """

    explanation: Explanation
    newcomer: Entry | None = None
    phrasings: int = 0
    tenths: int = 0
    received: tuple[ReceivedQuestion, ...] = ()


@requires(Authority.FACILITATORS)
async def try_question(_update: Update, context: BotContext) -> None:
    """Show how a question would be answered, and why; nothing is stored."""
    turn = context.turn
    question, trial = _question(turn.text), turn.ahead
    if not isinstance(trial, _Trial):
        turn.say(TEXT("how"))
        return
    found = trial.explanation
    shown = titles_of(turn, found.shown)
    said = TEXT("explained", question=question, found=found, shown=shown, trial=trial)
    adds = [
        [button(f"+ {number}. {each.text}", AddPhrasing(each.question_id, each.entry_id))]
        for number, each in enumerate(trial.received, 1)
    ]
    cards = card_buttons(turn, found.shown)
    keyboard = rows(*adds, *(cards or rows())["inline_keyboard"])
    quotes = frozenset(each.question_id for each in trial.received)
    turn.say(said, keyboard if keyboard["inline_keyboard"] else None, quotes=quotes)


async def _explain(database: Database, services: Services, update: Update) -> _Trial | None:
    """Explain the answer to the question, if there is one."""
    question = _question((update.message.text or "") if update.message else "")
    if not question:
        return None
    knowledge = services.knowledge
    explanation = await asyncio.to_thread(explain, knowledge, question)
    few = newcomers_of(knowledge)
    concerned = (*explanation.shown, *(each.id for each in explanation.ranking[:1]))
    entry = knowledge.entry(next((id_ for id_ in concerned if id_ in few), ""))
    if entry is None:
        return _Trial(explanation)
    received = await received_for(database, services, knowledge, [entry.id])
    return _Trial(explanation, entry, few[entry.id], shown_with(few[entry.id]), received)


def _question(text: str) -> str:
    return "".join(text.split(maxsplit=1)[1:])[:_LONGEST_QUESTION]


AHEAD: Works = {"/tester": Ahead(_explain)}
HANDLERS: tuple[Handler, ...] = (command("tester", try_question),)
