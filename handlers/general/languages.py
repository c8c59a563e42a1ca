"""The language that a person wants to be answered in: chosen by /langue, or asked for in words."""

from dataclasses import dataclass
from typing import Annotated

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.messages import FRENCH, LANGUAGES, Catalogue, language, speaking
from knowledge.text.normalise import normalise

TEXT = Catalogue.of("language")


@dataclass(frozen=True)
class Speak(CallbackData, prefix="la", few=True):
    """Answer in this language from now on."""

    language: Annotated[str, "(?:fr|en)"]


@requires(Authority.PERSON)
@reminding
async def ask_language(_update: Update, context: BotContext) -> None:
    """Show the languages to choose from."""
    offer(context.turn)


def offer(turn: Turn) -> None:
    """Ask which language to answer in."""
    turn.say(TEXT("choose"), _languages())


def _languages() -> Keyboard:
    return rows([button(TEXT.label(f"language_{one}"), Speak(one)) for one in LANGUAGES])


@requires(Authority.PERSON)
async def choose(update: Update, context: BotContext) -> None:
    """Answer in the language tapped from now on."""
    turn, chosen = context.turn, Speak.of(update).language
    await keep(turn, chosen)
    with speaking(chosen):
        turn.rewrite(TEXT("chosen"))


def confirm(turn: Turn) -> None:
    """Say that the language is the one asked for; it must be spoken already."""
    turn.say(TEXT("chosen"))


async def keep(turn: Turn, chosen: str) -> None:
    """Remember that the person asked to be answered in this language."""
    person = await turn.person()
    await turn.work.people.speaks(person.id, chosen, is_chosen=True)


def asked_in(text: str) -> str | None:
    """Return the language that a text asks for, such as "en anglais ?"; None if that is unsure."""
    words = set(normalise(text).split())
    named = [one for one in LANGUAGES if words & _listed(f"words_{one}")]
    return named[0] if len(named) == 1 and not words & _listed("words_not") else None


def is_elsewhere(turn: Turn) -> bool:
    """Tell whether Telegram speaks another language to this person than the bot does now."""
    spoken = turn.user.language_code or FRENCH
    return language() == FRENCH and not spoken.startswith(FRENCH)


def _listed(name: str) -> frozenset[str]:
    return frozenset(map(normalise, TEXT.label(name).split(";")))


HANDLERS: tuple[Handler, ...] = (
    command(("langue", "language"), ask_language),
    tap(Speak, choose),
)
