"""Data protection rights of a person: information, access, erasure."""

from collections.abc import Iterable
from dataclasses import dataclass

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import AskErasure, SendData
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import button, column
from handlers.core.posting import blanked, composed
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.handoff import threads
from handlers.messages import FRENCH, Catalogue, speaking
from handlers.requests import notification
from storage.privacy.export_and_erasure import Erased
from storage.privacy.notices import SentNotice
from storage.queues.outbox import Audience, Delivery, Making, Outgoing, Priority
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("rights")
FILE_NAME = "mes-donnees.html"


@dataclass(frozen=True)
class Erase(CallbackData, prefix="x"):
    """Erase everything, or keep it."""

    sure: bool


@requires(Authority.ANYONE)
@reminding
async def show_privacy(_update: Update, context: BotContext) -> None:
    """Say who holds the data, why, how long, and the rights (GDPR art. 13; Telegram's terms §4)."""
    services = context.turn.services
    context.turn.say(TEXT("privacy", identity=services.identity, kept=services.kept))


@requires(Authority.PERSON)
@reminding
async def send_data(_update: Update, context: BotContext) -> None:
    """Send all data about the person, as an HTML page that any phone opens."""
    turn = context.turn
    await turn.person()
    if await turn.work.outbox.is_making(Making.PERSONAL_DATA, turn.chat_id):
        turn.say(TEXT("data_waits"), priority=Priority.URGENT)
        return
    turn.send_made(Making.PERSONAL_DATA, FILE_NAME, TEXT("data_caption"))


@requires(Authority.PERSON)
async def ask_erasure(_update: Update, context: BotContext) -> None:
    """Ask for confirmation before everything is erased."""
    await ask_whether_to_erase(context.turn)


async def ask_whether_to_erase(turn: Turn) -> None:
    """Show what erasing takes, with the button that confirms it."""
    person = await turn.person()
    requests = await turn.work.read_ahead.interests(person.id)
    passed_on = await turn.work.introductions.passed_on(person.id) if requests else ()
    keyboard = column(
        [
            button(TEXT.label("keep"), Erase(sure=False)),
            button(TEXT.label("erase"), Erase(sure=True)),
        ]
    )
    turn.say(TEXT("erase_question", requests=requests, passed_on=passed_on), keyboard)


@requires(Authority.PERSON)
async def erase(update: Update, context: BotContext) -> None:
    """Erase the person, and blank the messages in the groups that show their data."""
    turn = context.turn
    if not Erase.of(update).sure:
        turn.rewrite(TEXT("kept"))
        return
    person = await turn.person()
    erased = await turn.work.rights.erase(person.id, keep_update_id=update.update_id)
    tell_others(turn.work, erased)
    turn.rewrite(TEXT("erased"))


def tell_others(work: UnitOfWork, erased: Erased) -> None:
    """Blank the messages that show who was erased, and say who else is to erase something."""
    blank(work, erased.deliveries)
    if erased.passed_on:
        with speaking(FRENCH):
            text = TEXT("recipients_to_tell", passed_on=erased.passed_on)
        work.outbox.owe(
            Outgoing(Audience.ADMINISTRATORS, "sendMessage", composed(text, keyboard=None))
        )


def blank(work: UnitOfWork, notices: Iterable[SentNotice]) -> None:
    """Blank messages in the groups that show somebody whose data is no longer kept."""
    for sent in notices:
        delivery = Delivery(sent.chat_id, sent.message_id)
        work.outbox.owe(blanked(delivery, _in_place_of(sent)))


def _in_place_of(sent: SentNotice) -> str:
    """Return what a message to others says once the person it showed is erased."""
    if sent.in_private:
        return TEXT("details_erased", number=sent.number)
    if sent.of_questions:
        return TEXT("list_erased")
    if sent.of_search:
        return TEXT("search_erased")
    words = threads.TEXT if sent.of_conversation else notification.TEXT
    return words("erased", number=sent.number)


HANDLERS: tuple[Handler, ...] = (
    command(("confidentialite", "privacy"), show_privacy),
    command("mesdonnees", send_data),
    command("supprimer", ask_erasure),
    tap(SendData, send_data),
    tap(AskErasure, ask_erasure),
    tap(Erase, erase),
)
