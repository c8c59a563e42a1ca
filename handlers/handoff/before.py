"""What goes with a question that is handed over: the exchanges before it, if the person agrees.

The texts are those of the stored questions, which are masked. They are kept in the form as they
were shown to the person, so that nothing else is passed on than what they agreed to.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from handlers.core.keyboards import shorten
from handlers.core.turn import Turn
from handlers.messages import Catalogue, language
from knowledge.knowledge import Knowledge
from storage.records.conversation_values import Exchange
from storage.records.conversations import exchanges
from storage.records.questions import NONE_CHOSEN, Question

TEXT = Catalogue.of("handoff")
MOST = 2
# What was asked longer ago than this belongs to another matter.
_WITHIN = timedelta(days=1)
# Some of what was asked is left out, such as thanks: read enough to find two others.
_READ = 8
# Acts with so few words are greetings, thanks, yes and no.
_FEW_WORDS = 2
# Together with the question, all of it must fit one message.
_LONGEST_ASKED = 160
_LONGEST_SHOWN = 120
_ACT = "act"


async def before(turn: Turn, question: Question | None) -> tuple[Exchange, ...]:
    """Return the last exchanges before a question, or before now, oldest first."""
    person = await turn.person()
    earlier = await turn.work.questions.before(
        person.id, question.id if question else None, turn.work.now - _WITHIN, _READ
    )
    kept: dict[str, Exchange] = {}
    for one in earlier:
        if _matters(one) and not (question and one.text == question.text):
            # Asked again, a question counts once, where it was asked last.
            kept.pop(one.text, None)
            shown = shorten(_shown(turn.services.knowledge, one), _LONGEST_SHOWN)
            kept[one.text] = Exchange(shorten(one.text, _LONGEST_ASKED), shown)
    return tuple(kept.values())[-MOST:]


def packed(found: Sequence[Exchange]) -> str:
    """Return exchanges as the text that a form carries; empty for none."""
    return json.dumps([[one.asked, one.shown] for one in found]) if found else ""


def unpacked(text: str | None) -> tuple[Exchange, ...]:
    """Return the exchanges that a form carries; none where the text is of another version."""
    try:
        stored = json.loads(text or "[]")
    except ValueError:
        return ()
    return exchanges(stored)[-MOST:] if isinstance(stored, list) else ()


def _matters(question: Question) -> bool:
    return question.outcome != _ACT or len(question.text.split()) > _FEW_WORDS


def _shown(knowledge: Knowledge, question: Question) -> str:
    """Return what the bot showed, by title as the person read it; empty without an answer."""
    chosen = question.chosen if question.chosen != NONE_CHOSEN else None
    shown = [chosen] if chosen else question.shown
    known = [title for each in shown if (title := knowledge.title_of(each, language()))]
    if question.outcome == _ACT and not known:
        return TEXT.label("before_act")
    return TEXT.label("before_or", titles=known)
