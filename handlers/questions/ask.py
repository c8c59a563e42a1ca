"""A question in the person's own words: an answer, a choice of two or three, or an honest no."""

import asyncio
from dataclasses import dataclass

from telegram import Update, User
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine as forms
from handlers.messages import Catalogue
from handlers.questions import answer
from handlers.requests import own_requests
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Project
from storage.masking.masking import mask
from storage.records.drafts import Draft

TEXT = Catalogue.of("questions")
NO_ENTRY = "-"


@dataclass(frozen=True)
class Choose(CallbackData, prefix="c"):
    """One of the choices shown for a question; ``NO_ENTRY`` when none of them is right."""

    question_id: int
    entry_id: str


def writer(update: Update) -> User | None:
    """Return who wrote a text that is to be heard here, if it is one."""
    return update.effective_user if _TEXT_IN_PRIVATE.check_update(update) else None


@requires(Authority.PERSON)
async def hear(_update: Update, context: BotContext) -> None:
    """Take a text as the next answer of the form under way, or else as a question."""
    turn = context.turn
    draft = await forms.current(turn)
    if draft is None:
        if not await own_requests.show_numbered(turn):
            await ask(turn)
    elif forms.sounds_like_a_question(turn, draft, turn.text) or await _is_surely_asked(
        turn, draft
    ):
        await ask(turn)
        forms.remind(turn, draft)
    else:
        await forms.hear(turn, draft, turn.text)


async def _is_surely_asked(turn: Turn, draft: Draft) -> bool:
    """Tell whether what may be a name is a question with an answer; said twice, it is a name."""
    if not forms.may_be_a_question(turn, draft, turn.text):
        return False
    decision = await _decide(turn.services, turn.text)
    if decision.outcome not in (Outcome.ANSWER, Outcome.SMALLTALK):
        return False
    previous = await turn.work.questions.latest(draft.person_id)
    return previous is None or previous.text != mask(turn.text)


async def ask(turn: Turn) -> None:
    """Match the question against the knowledge and say what came of it."""
    decision = await _decide(turn.services, turn.text)
    if not decision.has_words:
        turn.say(TEXT("no_words"))
        return
    if decision.is_foreign:
        turn.say(TEXT("foreign"))
    outcome = await _once_in_a_row(turn, decision.outcome)
    question_id = await answer.remember(turn, turn.text, outcome, decision.shown)
    if outcome is Outcome.SMALLTALK:
        _reply_to_small_talk(turn, decision)
    elif outcome is Outcome.ANSWER:
        _answer(turn, decision, question_id)
    elif outcome is Outcome.CHOICES:
        keyboard = _choices(turn, decision, question_id)
        turn.say(TEXT("choices"), keyboard, reply_to=_said(turn))
    else:
        _say_none(turn, decision, question_id)


async def _decide(services: Services, text: str) -> Decision:
    """Match, or find again what was decided for the same words."""
    knowledge = services.knowledge
    decision = services.decisions.get(knowledge, text)
    if decision is None:
        # In a thread: the encoder takes milliseconds that other chats need not wait for.
        decision = await asyncio.to_thread(knowledge.matcher.match, text)
        services.decisions.keep(knowledge, text, decision)
    return decision


def _said(turn: Turn) -> int | None:
    """Return the person's message, which is quoted where it was not understood at once."""
    message = turn.update.message
    return message.message_id if message else None


async def _once_in_a_row(turn: Turn, outcome: Outcome) -> Outcome:
    """Turn a second clarification in a row into an honest no, so that nobody is trapped."""
    if outcome is not Outcome.CHOICES:
        return outcome
    person = await turn.person()
    previous = await turn.work.questions.latest(person.id)
    clarified = previous and previous.outcome == Outcome.CHOICES.value and not previous.chosen
    return Outcome.NONE if clarified else outcome


def _reply_to_small_talk(turn: Turn, decision: Decision) -> None:
    known = {talk.id: talk for talk in turn.services.knowledge.small_talk}
    talk = known[decision.shown[0]]
    action = answer.action_button(talk.action)
    turn.say(talk.reply, column([action]) if action else None)


def _answer(turn: Turn, decision: Decision, question_id: int) -> None:
    entry = turn.services.knowledge.entry(decision.shown[0])
    if entry is None:
        raise LookupError(f"the matcher named an unknown entry: {decision.shown[0]}")
    answer.show(turn, entry, question_id, _open_projects(turn, decision))


def _open_projects(turn: Turn, decision: Decision) -> list[Project]:
    named = (turn.services.knowledge.project(project) for project in decision.projects)
    return [p for p in named if p and p.open_on(turn.services.today())][:3]


def _choices(turn: Turn, decision: Decision, question_id: int) -> Keyboard:
    entries = filter(None, map(turn.services.knowledge.entry, decision.shown))
    options = [button(entry.title, Choose(question_id, entry.id)) for entry in entries]
    return column([*options, button(TEXT.label("none_of_these"), Choose(question_id, NO_ENTRY))])


def _say_none(turn: Turn, decision: Decision, question_id: int) -> None:
    """Say that there is no answer; the nearest titles come first, should one be right after all."""
    nearest = [*filter(None, map(turn.services.knowledge.entry, decision.shown))]
    turn.say(
        TEXT("none", nearest=nearest),
        answer.without_answer(turn, question_id, nearest),
        reply_to=_said(turn),
    )


@requires(Authority.PERSON)
async def choose(update: Update, context: BotContext) -> None:
    """Answer with the chosen entry, or offer other help, in place of the choices."""
    turn, choice = context.turn, Choose.of(update)
    person = await turn.person()
    entry = turn.services.knowledge.entry(choice.entry_id)
    chosen = entry.id if entry else NO_ENTRY
    kept = await turn.work.questions.chosen(choice.question_id, person.id, chosen)
    if entry:
        answer.show(turn, entry, choice.question_id, in_place=True)
    else:
        keyboard = answer.without_answer(turn, choice.question_id)
        turn.rewrite(TEXT("none_chosen", kept=kept), keyboard)


# What people say to each other in a group is none of the bot's business.
_TEXT_IN_PRIVATE = on.UpdateType.MESSAGE & on.ChatType.PRIVATE & on.TEXT & ~on.COMMAND
HANDLERS: tuple[Handler, ...] = (tap(Choose, choose),)
HEARING: Handler = MessageHandler(_TEXT_IN_PRIVATE, hear)
