"""Where the bot is not sure: two or three choices, or an honest word that it has no answer.

Choices are numbered in the text as on their buttons: a screen reader may skip the buttons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListThemes, with_person
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.handoff import person as handoff
from handlers.messages import Catalogue, language
from handlers.questions import acts, answer

TEXT = Catalogue.of("questions")
NO_ENTRY = "-"
# With these, the ways to a person still fit on a phone.
_MOST_NEAREST = 2


@dataclass(frozen=True)
class Choose(CallbackData, prefix="c"):
    """One of the choices shown for a question: the id of an entry or of an act.

    It is ``NO_ENTRY`` when none of them is right.
    """

    question_id: int
    entry_id: ItemId


def offer(turn: Turn, shown: Iterable[str], question_id: int) -> None:
    """Ask which of these entries and acts is meant."""
    titles, options = _numbered(turn, shown, question_id)
    none = button(TEXT.label("none_of_these"), Choose(question_id, NO_ENTRY))
    keyboard = with_person(column([*options, none]))
    turn.say(TEXT("choices", titles=titles), keyboard, reply_to=message_id(turn))


def say_none(turn: Turn, shown: Sequence[str], question_id: int) -> None:
    """Say that there is no answer; offer the nearest titles first, as one may be right."""
    titles, options = _numbered(turn, shown[:_MOST_NEAREST], question_id)
    text = TEXT("none", titles=titles, offered=handoff.is_offered(turn))
    turn.say(text, _help_instead(turn, question_id, options), reply_to=message_id(turn))


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
    act = knowledge.act(shown)
    return act.said_in(language()).title if act else None


def _numbered(turn: Turn, shown: Iterable[str], question_id: int) -> tuple[list[str], list[Button]]:
    titled = [(each, title) for each in shown if (title := _title_of(turn, each))]
    options = [
        button(f"{number}. {title}", Choose(question_id, each))
        for number, (each, title) in enumerate(titled, 1)
    ]
    return [title for _, title in titled], options


def _help_instead(turn: Turn, question_id: int, nearest: Sequence[Button] = ()) -> Keyboard:
    """Return what helps where no answer does: what comes near, or the themes; then people."""
    themes = [] if nearest else [button(TEXT.label("action_themes"), ListThemes())]
    return with_person(column([*nearest, *handoff.offer(turn, question_id), *themes]))


@requires(Authority.PERSON)
async def choose(update: Update, context: BotContext) -> None:
    """Answer with the chosen entry, do the chosen act, or offer other help."""
    turn, choice = context.turn, Choose.of(update)
    person, knowledge = await turn.person(), turn.services.knowledge
    entry, act = knowledge.entry(choice.entry_id), knowledge.act(choice.entry_id)
    chosen = choice.entry_id if entry or act else NO_ENTRY
    is_stored = await turn.work.questions.chosen(choice.question_id, person.id, chosen)
    if entry:
        answer.show(turn, entry, choice.question_id, in_place=True)
    elif act:
        turn.remove_buttons()
        await acts.perform(turn, act, choice.question_id)
    else:
        keyboard = _help_instead(turn, choice.question_id)
        text = TEXT("none_chosen", kept=is_stored, offered=handoff.is_offered(turn))
        turn.rewrite(text, keyboard)


HANDLERS: tuple[Handler, ...] = (tap(Choose, choose),)
