"""Welcome, help, and how to reach a person of the team."""

import re

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import AskHuman, ListProjects, ListThemes
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.handoff import person
from handlers.messages import Catalogue
from handlers.projects import browse

TEXT = Catalogue.of("general")
_PROJECT_PAYLOAD = re.compile(r"p_([a-z0-9-]+)")


@requires(Authority.PERSON)
@reminding
async def start(_update: Update, context: BotContext) -> None:
    """Welcome the person, or show the project of a deep link ``p_<project id>``."""
    payload = "".join(context.args or ())
    project = _PROJECT_PAYLOAD.fullmatch(payload)
    if project:
        await browse.show(context.turn, project[1])
    else:
        welcome(context.turn)


def welcome(turn: Turn) -> None:
    """Say that this is a bot, what it can do, and who runs the service."""
    turn.say(TEXT("welcome", identity=turn.services.identity), ways_on())


@requires(Authority.PERSON)
@reminding
async def show_help(_update: Update, context: BotContext) -> None:
    """List the commands and what else can be typed."""
    context.turn.say(TEXT("help", identity=context.turn.services.identity), ways_on())


@requires(Authority.PERSON)
@reminding
async def show_human(_update: Update, context: BotContext) -> None:
    """Say how to reach the team without Telegram."""
    turn = context.turn
    offered = person.offer(turn)
    keyboard = column(offered) if offered else None
    text = TEXT("human", identity=turn.services.identity, offered=bool(offered))
    turn.say(text, keyboard)


def ways_on() -> Keyboard:
    """Return the buttons to the main screens."""
    return column(
        [
            button(TEXT.label("button_projects"), ListProjects()),
            button(TEXT.label("button_themes"), ListThemes()),
            button(TEXT.label("button_human"), AskHuman()),
        ]
    )


HANDLERS: tuple[Handler, ...] = (
    command("start", start),
    command(("aide", "help"), show_help),
    command("contact", show_human),
    tap(AskHuman, show_human),
)
