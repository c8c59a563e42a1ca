"""/tester: facilitators try a question and see the answer and the reasons for it."""

import asyncio

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, command
from handlers.core.turn import BotContext
from handlers.messages import Catalogue
from knowledge.curation.explain import explain

TEXT = Catalogue.of("trial")
_LONGEST_QUESTION = 1500


@requires(Authority.FACILITATORS)
async def try_question(_update: Update, context: BotContext) -> None:
    """Show how a question would be answered, and why; nothing is stored."""
    turn = context.turn
    question = "".join(turn.text.split(maxsplit=1)[1:])[:_LONGEST_QUESTION]
    if not question:
        turn.say(TEXT("how"))
        return
    knowledge = turn.services.knowledge
    # In a thread: the encoder takes milliseconds, and other chats must not wait for it.
    explanation = await asyncio.to_thread(explain, knowledge, question)
    shown = [entry.title for entry in map(knowledge.entry, explanation.shown) if entry]
    turn.say(TEXT("explained", question=question, found=explanation, shown=shown))


HANDLERS: tuple[Handler, ...] = (command("tester", try_question),)
