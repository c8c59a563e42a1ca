"""Typed texts: an answer in the form under way, or else whatever the first reading makes of it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from telegram import Update
from telegram.ext import MessageHandler

from handlers.conversation import (
    contact_said,
    following,
    request_replies,
    team_answers,
    typed_taps,
)
from handlers.core import spoken
from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine as forms
from handlers.handoff import person as handoff
from handlers.messages import language
from handlers.projects import coded, subscriptions
from handlers.questions import ask, town
from handlers.requests import leads, named
from knowledge.matcher.matcher import Outcome
from knowledge.model import Action
from storage.records.drafts import Draft
from storage.records.questions import as_kept

_SURE = (Outcome.ANSWER, Outcome.REFERRAL, Outcome.ACT, Outcome.SEVERAL)
# Handles the text of the turn and returns True, or leaves it to the next reading.
Reading: TypeAlias = Callable[[Turn], Awaitable[bool]]

# What a text can be besides a question, in the order in which it is tried.
READINGS: tuple[Reading, ...] = (
    # What is typed just after a question of the team answers it, whatever was shown before.
    team_answers.answer,
    # After a message of several questions, and before the number of a choice: "the 3rd one".
    following.go_on_with_part,
    # Before "stop" declines what is in sight: where news of projects can be stopped, it does that.
    subscriptions.take_stop,
    # Before what declines the buttons in sight: "non, personne" under a request says who called.
    contact_said.hear_that_nobody_called,
    # A number or a label of what is in sight is nothing else.
    typed_taps.take,
    # "projet 2" is the second of a list in sight, and the code of a poster where there is none.
    coded.show,
    # Whether a contact happened is answered in one's own words, and a word may follow.
    contact_said.hear,
    # It answers what else a text asks, before its number or contact is taken.
    following.answer_the_rest,
    named.show,
    # Before all that reads contacts and places: the team may have asked for them.
    team_answers.offer,
    # After our own numbers, which hold digits too.
    leads.take_contact,
    # Before towns: "is it far from Istres?" is about the project in sight.
    following.go_on_with_project,
    # After the numbers of requests: five digits that are none of those are a postal code.
    # "The one in Gard" chooses among communes of a name, and names no other town.
    town.choose_by_department,
    town.show_verdict,
    # What no town and no list takes: a yes or no wanted, a number alone.
    following.repeat_verdict,
    following.find_another_project,
    following.read_correction,
    following.say_how_to_reach,
    following.meet_number,
)


_OF_THE_TEAM = frozenset({team_answers.answer, team_answers.offer})


@requires(Authority.PERSON)
async def hear(_update: Update, context: BotContext) -> None:
    """Handle a text as an answer in the form under way, or else afresh."""
    turn = context.turn
    await spoken.keep_language(turn, language())
    if await handoff.take_reply(turn):
        return
    if await request_replies.take(turn):
        await _go_on_with_form(turn)
        return
    draft = await forms.current(turn)
    if draft is None:
        await hear_afresh(turn)
    elif await typed_taps.tap_label(turn):
        return
    elif await named.show_within(turn, draft):
        forms.remind(turn, draft)
    elif forms.sounds_like_a_question(turn, draft, turn.text) or await _is_surely_asked(
        turn, draft
    ):
        if await _asks_to_repeat(turn):
            forms.ask_again(turn, draft)
            return
        await answer_question(turn)
        forms.remind(turn, draft)
    else:
        await forms.hear(turn, draft, turn.text)


async def _go_on_with_form(turn: Turn) -> None:
    """Ask again what the form under way asks, if one is."""
    draft = await forms.current(turn)
    if draft is not None:
        forms.ask_again(turn, draft)


async def hear_afresh(turn: Turn) -> None:
    """Try each reading of a text while no form is open; what none takes is a question."""
    for reading in READINGS:
        if await reading(turn):
            return
    await ask.ask(turn)


async def answer_question(turn: Turn) -> None:
    """Answer a text that is surely a question: on a town, or on anything else."""
    if not await town.show_verdict(turn):
        await ask.ask(turn)


async def hear_otherwise(turn: Turn) -> None:
    """Hear a text of which the person said that it is no answer to the team."""
    for reading in READINGS:
        if reading not in _OF_THE_TEAM and await reading(turn):
            return
    await ask.ask(turn)


async def _asks_to_repeat(turn: Turn) -> bool:
    """Tell whether a text typed within a form asks to hear again what the form said last."""
    decision = ask.decide(turn.services, turn.text, await turn.topic_before())
    act = turn.services.knowledge.act(decision.shown[0]) if decision.shown else None
    return decision.outcome is Outcome.ACT and act is not None and act.action is Action.REPEAT


async def _is_surely_asked(turn: Turn, draft: Draft) -> bool:
    """Tell whether a text typed as a name is a question that has an answer.

    The same text sent twice in a row is accepted as the name.
    """
    if not forms.may_be_a_question(turn, draft, turn.text):
        return False
    decision = ask.decide(turn.services, turn.text)
    # Words of a project may be those of a name: they do not make a question.
    if decision.outcome not in _SURE or decision.likely:
        return False
    previous = await turn.work.questions.latest(draft.person_id)
    return previous is None or previous.text != as_kept(turn.text, turn.services.question_limits)


HEARING: Handler = MessageHandler(ask.TEXT_IN_PRIVATE, hear)
