"""The recap of a question to hand over: sent alone, or tapped when its moment has passed."""

from dataclasses import dataclass, replace

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Button, button
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.forms.tapping import say_ended
from handlers.handoff.before import unpacked
from handlers.messages import Catalogue
from storage.records.drafts import Draft

TEXT = Catalogue.of("handoff")
# The form's name; the subject of one whose question the bot has not seen yet.
FORM = "handoff"
UNWRITTEN = "0"
# A longer number would not fit the database's integers.
_MOST_DIGITS = 18


@dataclass(frozen=True)
class HandOverAlone(CallbackData, prefix="qa"):
    """Hand over the question of the recap without the exchanges before it."""

    subject: ItemId


def alone(draft: Draft) -> list[Button]:
    """Return the button that leaves out the exchanges before, where there are some."""
    if not unpacked(draft.answers.get("before")):
        return []
    return [button(TEXT.label("submit_alone"), HandOverAlone(draft.subject))]


@requires(Authority.PERSON)
async def hand_over_alone(update: Update, context: BotContext) -> None:
    """Hand over the question of the recap without the exchanges before it."""
    turn, subject = context.turn, HandOverAlone.of(update).subject
    draft = await engine.current(turn)
    if draft is None or (draft.form, draft.subject) != (FORM, subject):
        await say_ended(turn, FORM, subject)
        return
    answers = {key: value for key, value in draft.answers.items() if key != "before"}
    await engine.hand_over(turn, replace(draft, answers=answers))


async def ended(turn: Turn, subject: str) -> str:
    """Return what became of the question of an old recap."""
    is_id = subject.isascii() and subject.isdecimal() and len(subject) <= _MOST_DIGITS
    question_id = int(subject) if is_id else 0
    standing = await turn.work.conversations.about_question(question_id)
    if standing is not None and standing.person_id == (await turn.person()).id:
        return TEXT.label("already_toast", conversation=standing)
    return TEXT.label("ended_toast" if subject == UNWRITTEN else "never_handed_over_toast")


HANDLERS: tuple[Handler, ...] = (tap(HandOverAlone, hand_over_alone),)
