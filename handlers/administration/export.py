"""/export: the requests of a period as a file, for the administrators alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from telegram import Update

from handlers.administration import in_french
from handlers.administration.periods import PeriodError, period_of
from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData, ExpiredButtonError
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext
from handlers.messages import Catalogue
from storage.queues.outbox import Making
from storage.records.days import Days

TEXT = Catalogue.of("figures")


class Format(StrEnum):
    """The kinds of files; each is also the name of what is made (`Making`)."""

    WORKBOOK = "workbook"
    CSV = "csv"


_ENDINGS = {Format.WORKBOOK: "xlsx", Format.CSV: "csv"}


@dataclass(frozen=True)
class ExportAs(CallbackData, prefix="fg"):
    """Send the requests of these days (`Days.packed`) as a file of this kind."""

    format: Format
    days: Annotated[str, r"[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}"]


@requires(Authority.ADMINISTRATORS)
async def offer_export(_update: Update, context: BotContext) -> None:
    """Say what would be in the file, and ask for its format."""
    turn = context.turn
    try:
        days = period_of("".join(turn.text.split(maxsplit=1)[1:]), turn.services.today())
    except PeriodError as error:
        turn.say(TEXT(f"bad_period_{error.trouble}", command="/export"))
        return
    requests = (await turn.work.figures.read(days)).requests
    if not requests.made:
        turn.say(TEXT("export_empty", days=days, french=in_french))
        return
    contacts = not turn.services.details_in_private
    choices = [button(TEXT.label(f"label_{one}"), ExportAs(one, days.packed)) for one in Format]
    turn.say(
        TEXT("export_offer", days=days, made=requests.made, contacts=contacts, french=in_french),
        column(choices),
    )


@requires(Authority.ADMINISTRATORS)
async def send_export(update: Update, context: BotContext) -> None:
    """Send the file; it is made while it is sent, and kept nowhere."""
    turn, choice = context.turn, ExportAs.of(update)
    try:
        days = Days.unpacked(choice.days)
    except ValueError as error:
        raise ExpiredButtonError(choice.days) from error
    making = Making(choice.format)
    if await turn.work.outbox.is_making(making, turn.chat_id):
        turn.toast(TEXT.label("export_waits"))
        return
    name = f"demandes-{days.first}-{days.last}.{_ENDINGS[choice.format]}"
    caption = TEXT(
        "export_caption", days=days, contacts=not turn.services.details_in_private, french=in_french
    )
    turn.send_made(making, name, caption, of=days.packed)
    turn.toast(TEXT.label("export_coming"))


HANDLERS: tuple[Handler, ...] = (command("export", offer_export), tap(ExportAs, send_export))
