"""Showing an answer: text, source, date, projects, action, related questions, vote."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    AskHuman,
    ListProjects,
    ListThemes,
    Propose,
    ShowEntry,
    ShowProject,
)
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue
from knowledge.matcher.matcher import Outcome
from knowledge.model import Action, Entry, Project

TEXT = Catalogue.of("questions")
_ACTIONS: dict[Action, tuple[str, CallbackData]] = {
    Action.PROJECTS: ("action_projects", ListProjects()),
    Action.PROPOSE: ("action_propose", Propose()),
    Action.CONTACT: ("action_contact", AskHuman()),
}


@dataclass(frozen=True)
class Vote(CallbackData, prefix="v"):
    """Vote whether an answer helped; ``question_id`` is the row that stores the vote."""

    question_id: int
    entry_id: ItemId
    helpful: bool


async def remember(turn: Turn, text: str, outcome: Outcome, shown: tuple[str, ...]) -> int:
    """Store the masked question and return the id of its row."""
    person = await turn.person()
    turn.count("question", outcome.value)
    typed = turn.update.message or turn.update.edited_message
    return await turn.work.questions.record(
        turn.update.update_id,
        person.id,
        text,
        outcome.value,
        shown,
        turn.services.question_limits,
        message_id=typed.message_id if typed else None,
    )


def show(
    turn: Turn,
    entry: Entry,
    question_id: int,
    projects: Iterable[Project] = (),
    *,
    in_place: bool = False,
) -> None:
    """Show the answer of an entry; ``in_place`` replaces the tapped choices."""
    projects = tuple(projects)
    text = _text(turn, entry, projects, vote="ask")
    keyboard = rows(_votes(question_id, entry), *_ways_on(turn, entry, projects))
    turn.is_about(entry.id)
    (turn.rewrite if in_place else turn.say)(text, keyboard)


def _text(turn: Turn, entry: Entry, projects: tuple[Project, ...], vote: str) -> str:
    today = turn.services.today()
    expired = entry.valid_until is not None and entry.valid_until < today
    return _rendered(entry, len(projects), expired, vote)


# Cached: a few answers make up most of the traffic.
@functools.lru_cache(maxsize=256)
def _rendered(entry: Entry, projects: int, expired: bool, vote: str) -> str:  # noqa: FBT001
    return TEXT("answer", entry=entry, projects=projects, expired=expired, vote=vote)


def _votes(question_id: int, entry: Entry) -> Iterator[Button]:
    for name, helpful in (("vote_yes", True), ("vote_no", False)):
        yield button(TEXT.label(name), Vote(question_id, entry.id, helpful))


def _ways_on(turn: Turn, entry: Entry, projects: tuple[Project, ...]) -> Iterator[list[Button]]:
    for project in projects:
        yield [button(project.title, ShowProject(project.id))]
    if action := action_button(entry.action):
        yield [action]
    for related in entry.see_also:
        other = turn.services.knowledge.entry(related)
        if other:
            yield [button(other.title, ShowEntry(other.id))]


def action_button(action: Action | None) -> Button | None:
    """Return the button for the action of a reply, if it has one."""
    if action is None:
        return None
    name, target = _ACTIONS[action]
    return button(TEXT.label(name), target)


@requires(Authority.PERSON)
async def vote(update: Update, context: BotContext) -> None:
    """Store the vote; after a no, offer to talk to a person."""
    turn, choice = context.turn, Vote.of(update)
    person = await turn.person()
    counted = await turn.work.questions.voted(choice.question_id, person.id, helpful=choice.helpful)
    turn.toast(TEXT.label("vote_thanks" if counted else "vote_gone"))
    entry = turn.services.knowledge.entry(choice.entry_id)
    if entry is None or not counted:
        return
    turn.is_about(entry.id)
    if not turn.is_typed_tap:
        # Of a vote that was typed, the words and the thanks stand below the answer.
        verdict = "yes" if choice.helpful else "no"
        turn.rewrite(_text(turn, entry, (), vote=verdict), rows(*_ways_on(turn, entry, ())))
    if not choice.helpful:
        turn.say(TEXT("unhelpful"), without_answer(turn, choice.question_id))


def without_answer(turn: Turn, question_id: int, nearest: Iterable[Entry] = ()) -> Keyboard:
    """Return the nearest entries, then the other ways to get help."""
    return column(
        [
            *(button(entry.title, ShowEntry(entry.id)) for entry in nearest),
            *handoff.offer(turn, question_id),
            button(TEXT.label("action_themes"), ListThemes()),
            button(TEXT.label("action_contact"), AskHuman()),
        ]
    )


HANDLERS: tuple[Handler, ...] = (tap(Vote, vote),)
