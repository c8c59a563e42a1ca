"""Where the bot is not sure: two or three choices, or an honest word that it has no answer.

Choices are numbered in the text as on their buttons: a screen reader may skip the buttons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import with_person
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Button, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue, language
from handlers.projects import browse
from handlers.questions import acts, answer, found_projects

TEXT = Catalogue.of("questions")
NO_ENTRY = "-"
# With these, the ways to a person still fit on a phone.
_MOST_NEAREST = 2


@dataclass(frozen=True)
class Choose(CallbackData, prefix="c"):
    """One of the choices shown for a question: the id of an entry, of an act or of a project.

    It is ``NO_ENTRY`` when none of them is right.
    """

    question_id: int
    entry_id: ItemId


def offer(turn: Turn, shown: Iterable[str], question_id: int, projects: Iterable[str] = ()) -> None:
    """Ask which of these entries, acts and projects is meant."""
    shown = tuple(shown)
    titles, options = _numbered(turn, (*shown, *_open(turn, projects)), question_id)
    none = button(TEXT.label("none_of_these"), Choose(question_id, NO_ENTRY))
    keyboard = with_person(column([*options, none]))
    team = turn.services.identity if _seeks_people(turn, shown) else None
    turn.say(TEXT("choices", titles=titles, team=team), keyboard, reply_to=message_id(turn))


def say_none(
    turn: Turn, shown: Sequence[str], question_id: int, projects: Iterable[str] = ()
) -> None:
    """Say that there is no answer; offer the nearest titles first, as one may be right."""
    nearest = (*_open(turn, projects), *shown)[:_MOST_NEAREST]
    titles, options = _numbered(turn, nearest, question_id)
    identity = turn.services.identity
    text = TEXT("none", titles=titles, offered=handoff.is_offered(turn), team=identity)
    turn.say(text, answer.without_answer(turn, question_id, options), reply_to=message_id(turn))


def _open(turn: Turn, projects: Iterable[str]) -> tuple[str, ...]:
    return tuple(each.id for each in found_projects.open_among(turn, projects, 1))


def _seeks_people(turn: Turn, shown: Iterable[str]) -> bool:
    acts_shown = filter(None, map(turn.services.knowledge.act, shown))
    return any(act.action in acts.TO_PEOPLE for act in acts_shown)


def message_id(turn: Turn) -> int | None:
    """Return the id of the person's message, to quote it when the bot is not sure."""
    message = turn.update.message or turn.update.edited_message
    return message.message_id if message else None


def titles_of(turn: Turn, shown: Iterable[str]) -> list[str]:
    """Return the titles of entries and acts; those without one any more are left out."""
    return [title for each in shown if (title := _title_of(turn, each))]


def _title_of(turn: Turn, shown: str) -> str | None:
    knowledge = turn.services.knowledge
    if entry := knowledge.entry(shown):
        return entry.said_in(language()).title
    if act := knowledge.act(shown):
        return act.said_in(language()).title
    project = knowledge.project(shown)
    return TEXT.label("choice_project", title=project.title) if project else None


def _numbered(turn: Turn, shown: Iterable[str], question_id: int) -> tuple[list[str], list[Button]]:
    titled = [(each, title) for each in shown if (title := _title_of(turn, each))]
    options = [
        button(f"{number}. {title}", Choose(question_id, each))
        for number, (each, title) in enumerate(titled, 1)
    ]
    return [title for _, title in titled], options


@requires(Authority.PERSON)
async def choose(update: Update, context: BotContext) -> None:
    """Show the chosen entry or project, do the chosen act, or offer other help."""
    turn, choice = context.turn, Choose.of(update)
    person, knowledge = await turn.person(), turn.services.knowledge
    entry, act = knowledge.entry(choice.entry_id), knowledge.act(choice.entry_id)
    project = None if entry or act else knowledge.project(choice.entry_id)
    chosen = choice.entry_id if entry or act else NO_ENTRY
    if project:
        chosen = found_projects.shown_as(project.id)
    is_stored = await turn.work.questions.chosen(choice.question_id, person.id, chosen)
    if entry:
        answer.show(turn, entry, choice.question_id, in_place=True)
    elif act:
        turn.remove_buttons()
        await acts.perform(turn, act, choice.question_id)
    elif project:
        turn.remove_buttons()
        await browse.show(turn, project.id)
    else:
        keyboard = answer.without_answer(turn, choice.question_id)
        offered, team = handoff.is_offered(turn), turn.services.identity
        text = TEXT("none_chosen", kept=is_stored, offered=offered, team=team)
        turn.rewrite(text, keyboard)


HANDLERS: tuple[Handler, ...] = (tap(Choose, choose),)
