"""Welcome, help, and how to reach a person of the team."""

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import AskHuman, CallBack, ListProjects, ListThemes, person_button
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.general import languages
from handlers.handoff import person
from handlers.messages import Catalogue, language

TEXT = Catalogue.of("general")


def welcome(turn: Turn) -> None:
    """Say that this is a bot, what it can do, and who runs the service."""
    services = turn.services
    initiative = services.knowledge.initiative
    text = TEXT(
        "welcome",
        name=initiative.name,
        said=initiative.said_in(language()),
        identity=services.identity,
        has_projects=services.has_projects,
    )
    if languages.is_elsewhere(turn):
        text = f"{text}\n\n{languages.TEXT('offer_english')}"
    turn.say(text, ways_on())


@requires(Authority.PERSON)
@reminding
async def show_help(_update: Update, context: BotContext) -> None:
    """List the commands and what else can be typed."""
    explain(context.turn)


def explain(turn: Turn) -> None:
    """Say what can be done here, each with its command."""
    services = turn.services
    text = TEXT("help", identity=services.identity, has_projects=services.has_projects)
    turn.say(text, ways_on())


@requires(Authority.PERSON)
@reminding
async def show_human(_update: Update, context: BotContext) -> None:
    """Say how to reach a person of the team."""
    introduce_team(context.turn)


def introduce_team(turn: Turn, *more: Button, name: str = "human", question_id: int = 0) -> None:
    """Say how to reach a person of the team; ``more`` are the buttons after those to a person.

    ``name`` is the text: all the ways, or the telephone first. ``question_id`` is the row of what
    the person wrote, if that is what would be handed over.
    """
    text = TEXT(name, identity=turn.services.identity, offered=person.is_offered(turn))
    turn.say(text, column([*ways_to_people(turn, question_id), *more]))


def ways_in_words(turn: Turn) -> str:
    """Return one line on how to reach the team without Telegram."""
    return TEXT("reach", identity=turn.services.identity)


def ways_to_people(turn: Turn, question_id: int = 0) -> list[Button]:
    """Return the buttons that reach a person from here: to hand over, to be called back."""
    return [*person.offer(turn, question_id), button(TEXT.label("button_call_back"), CallBack())]


def ways_on() -> Keyboard:
    """Return the buttons to the main screens."""
    return column(
        [
            button(TEXT.label("button_projects"), ListProjects()),
            button(TEXT.label("button_themes"), ListThemes()),
            person_button(),
        ]
    )


HANDLERS: tuple[Handler, ...] = (
    command(("aide", "help"), show_help),
    command("contact", show_human),
    tap(AskHuman, show_human),
)
