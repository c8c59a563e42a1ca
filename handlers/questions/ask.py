"""Typed questions: the bot answers, offers two or three choices, or says it has no answer."""

from dataclasses import dataclass

from telegram import Message, Update, User
from telegram.ext import filters as on
from telegram.ext.filters import MessageFilter

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.messages import FRENCH, LANGUAGES, Catalogue, language
from handlers.questions import answer
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Project

TEXT = Catalogue.of("questions")
NO_ENTRY = "-"


@dataclass(frozen=True)
class Choose(CallbackData, prefix="c"):
    """One of the choices shown for a question; ``NO_ENTRY`` when none of them is right."""

    question_id: int
    entry_id: ItemId


class UnmatchedError(Exception):
    """A text was not matched before the transaction: match it outside, then handle it again."""

    def __init__(self, text: str) -> None:
        super().__init__("a text that was not matched")
        self.text = text


def writer(update: Update) -> User | None:
    """Return who wrote the update if it is a plain text in a private chat."""
    return update.effective_user if TEXT_IN_PRIVATE.check_update(update) else None


async def ask(turn: Turn) -> None:
    """Match the question against the knowledge and show the outcome."""
    decision = decide(turn.services, turn.text)
    if not decision.has_words:
        turn.say(TEXT("no_words"))
        return
    if decision.language not in LANGUAGES and language() == FRENCH:
        turn.preface = TEXT(f"foreign_{decision.language}")
    outcome = await _once_in_a_row(turn, decision.outcome)
    question_id = await answer.remember(turn, turn.text, outcome, decision.shown)
    if outcome is Outcome.ACT:
        _reply_to_act(turn, decision)
    elif outcome is Outcome.ANSWER:
        _answer(turn, decision, question_id)
    elif outcome is Outcome.CHOICES:
        keyboard = _choices(turn, decision, question_id)
        turn.say(TEXT("choices"), keyboard, reply_to=_message_id(turn))
    else:
        _say_none(turn, decision, question_id)


def decide(services: Services, text: str) -> Decision:
    """Return the decision made for this text; raise UnmatchedError if there is none yet."""
    decision = services.decisions.get(services.knowledge, text)
    if decision is None:
        raise UnmatchedError(text)
    return decision


def _message_id(turn: Turn) -> int | None:
    """Return the id of the person's message, to quote it when the bot is not sure."""
    message = turn.update.message or turn.update.edited_message
    return message.message_id if message else None


async def _once_in_a_row(turn: Turn, outcome: Outcome) -> Outcome:
    """Turn a second list of choices in a row into "no answer", so that nobody goes in circles."""
    if outcome is not Outcome.CHOICES:
        return outcome
    person = await turn.person()
    previous = await turn.work.questions.latest(person.id)
    if previous is None or previous.message_id == _message_id(turn):
        # The same question, edited: its own choices do not count as the ones before.
        return outcome
    clarified = previous.outcome == Outcome.CHOICES.value and not previous.chosen
    return Outcome.NONE if clarified else outcome


def _reply_to_act(turn: Turn, decision: Decision) -> None:
    acts = {talk.id: talk for talk in turn.services.knowledge.acts}
    talk = acts[decision.shown[0]]
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
    """Say that there is no answer; offer the nearest titles first, as one may be right."""
    nearest = [*filter(None, map(turn.services.knowledge.entry, decision.shown))]
    turn.say(
        TEXT("none", nearest=nearest),
        answer.without_answer(turn, question_id, nearest),
        reply_to=_message_id(turn),
    )


@requires(Authority.PERSON)
async def choose(update: Update, context: BotContext) -> None:
    """Answer with the chosen entry, or offer other help, in place of the choices."""
    turn, choice = context.turn, Choose.of(update)
    person = await turn.person()
    entry = turn.services.knowledge.entry(choice.entry_id)
    chosen = entry.id if entry else NO_ENTRY
    is_stored = await turn.work.questions.chosen(choice.question_id, person.id, chosen)
    if entry:
        answer.show(turn, entry, choice.question_id, in_place=True)
    else:
        keyboard = answer.without_answer(turn, choice.question_id)
        turn.rewrite(TEXT("none_chosen", kept=is_stored), keyboard)


class _Blank(MessageFilter):
    """Accepts texts of which nothing is left: all their characters were hidden ones."""

    def filter(self, message: Message) -> bool:
        """Tell whether a text was sent, and is empty."""
        return message.text == ""


# In private chats only: in a group, people talk to each other and not to the bot.
_TYPED = (on.TEXT | _Blank()) & ~on.COMMAND
TEXT_IN_PRIVATE = on.UpdateType.MESSAGE & on.ChatType.PRIVATE & _TYPED
HANDLERS: tuple[Handler, ...] = (tap(Choose, choose),)
