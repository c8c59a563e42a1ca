"""Typed questions: what is decided on each, and the module that shows it.

An answer or a referral: ``answer``. What people want done: ``acts``. Choices, and no answer:
``choices``. Projects: ``found_projects``. Several questions in one message: ``several``.
"""

from telegram import Message, Update, User
from telegram.ext import filters as on
from telegram.ext.filters import MessageFilter

from handlers.core.routing import VIA_US
from handlers.core.turn import Turn
from handlers.general import start_and_help
from handlers.messages import LANGUAGES, Catalogue
from handlers.questions import acts, again, answer, choices, found_projects, several
from handlers.questions.deciding import UnmatchedError, decide, is_exact
from knowledge.matcher.matcher import Decision, Outcome, Part

# Re-exported: features import everything about a question from this module.
__all__ = ["TEXT_IN_PRIVATE", "UnmatchedError", "ask", "ask_part", "decide", "is_exact", "writer"]

TEXT = Catalogue.of("questions")
# How many projects fit under an answer, with its own buttons.
_MOST_PROJECTS = 2


def writer(update: Update) -> User | None:
    """Return who wrote the update if it is a plain text in a private chat."""
    return update.effective_user if TEXT_IN_PRIVATE.check_update(update) else None


async def ask(turn: Turn) -> None:
    """Match the question against the knowledge and show the outcome."""
    after = await turn.topic_before()
    decision = decide(turn.services, turn.text, after)
    if not decision.has_words:
        turn.say(TEXT("no_words"), start_and_help.ways_on())
        return
    if decision.language not in LANGUAGES:
        turn.preface = TEXT(f"foreign_{decision.language}")
    if decision.follows:
        again.say_what_it_follows(turn, after, decision.shown)
    # What is shown replaces it, where it has a topic of its own.
    turn.is_about(after)
    if decision.outcome is Outcome.SEVERAL:
        await several.show(turn, decision)
        return
    outcome = await _once_in_a_row(turn, decision.outcome)
    question_id = await answer.remember(turn, turn.text, outcome, _what_is_shown(decision))
    await _show(turn, decision, outcome, question_id)


async def ask_part(turn: Turn, part: Part) -> None:
    """Show the outcome of one question of an earlier message, in full."""
    decision = part.decision
    question_id = await answer.remember(turn, part.text, decision.outcome, _what_is_shown(decision))
    await _show(turn, decision, decision.outcome, question_id)


def _what_is_shown(decision: Decision) -> tuple[str, ...]:
    """Return the ids of what is shown; projects have ids of their own."""
    if decision.outcome is not Outcome.PROJECTS:
        return decision.shown
    return tuple(map(found_projects.shown_as, decision.projects))


async def _show(turn: Turn, decision: Decision, outcome: Outcome, question_id: int) -> None:
    if outcome is Outcome.ACT and (act := turn.services.knowledge.act(decision.shown[0])):
        if act.action not in acts.ONLY_REPLIES:
            turn.is_about(act.id)
        await acts.perform(turn, act, question_id, decision.projects)
    elif outcome in (Outcome.ANSWER, Outcome.REFERRAL):
        _answer(turn, decision, question_id)
    elif outcome is Outcome.PROJECTS:
        await found_projects.show(turn, decision.projects, in_short=decision.likely)
    elif outcome is Outcome.CHOICES:
        choices.offer(turn, decision.shown, question_id, decision.projects)
    else:
        choices.say_none(turn, decision.shown, question_id, decision.projects)


async def _once_in_a_row(turn: Turn, outcome: Outcome) -> Outcome:
    """Turn a second list of choices in a row into "no answer", so that nobody goes in circles."""
    if outcome is not Outcome.CHOICES:
        return outcome
    person = await turn.person()
    previous = await turn.work.questions.latest(person.id)
    if previous is None or previous.message_id == choices.message_id(turn):
        # The same question, edited: its own choices do not count as the ones before.
        return outcome
    clarified = previous.outcome == Outcome.CHOICES.value and not previous.chosen
    return Outcome.NONE if clarified else outcome


def _answer(turn: Turn, decision: Decision, question_id: int) -> None:
    entry = turn.services.knowledge.entry(decision.shown[0])
    if entry is None:
        raise LookupError(f"the matcher named an unknown entry: {decision.shown[0]}")
    projects = found_projects.open_among(turn, decision.projects, _MOST_PROJECTS)
    answer.show(turn, entry, question_id, projects)


class _Blank(MessageFilter):
    """Accepts texts of which nothing is left: all their characters were hidden ones."""

    def filter(self, message: Message) -> bool:
        """Tell whether a text was sent, and is empty."""
        return message.text == ""


# In private chats only: in a group, people talk to each other and not to the bot.
# What the bot composed itself is no question.
_TYPED = (on.TEXT | _Blank()) & ~on.COMMAND & ~VIA_US
TEXT_IN_PRIVATE = on.UpdateType.MESSAGE & on.ChatType.PRIVATE & _TYPED
