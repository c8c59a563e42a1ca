"""/demande 42: the card of one request, with the buttons that its notification has."""

import re
from dataclasses import dataclass

from telegram import Message, Update

from handlers.administration.meeting import for_administrators
from handlers.core.callback_data import CallbackData
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.requests import notification, numbers
from handlers.requests.notification import TEXT as REQUEST
from handlers.requests.numbers import Named
from storage.records.interests import Interest

TEXT = Catalogue.of("request_lists")
# Of several numbers in a sentence, or of several years with the same number, so many are shown.
_MOST = 3
_DIGITS = re.compile(r"\D{0,3}0*(\d{1,6})\D{0,2}")
_WITH_YEAR = re.compile(r"(?<!\d)(20\d\d)\s?[-/. ]\s?0*(\d{1,6})(?!\d)")


@dataclass(frozen=True)
class OpenCard(CallbackData, prefix="ae"):
    """The card of a request, below the list."""

    interest_id: int


@for_administrators
async def show_request(_update: Update, context: BotContext) -> None:
    """Show the request of a number: ``/demande 42``, ``2026-42``, ``TI-2026-0042``."""
    turn = context.turn
    words = " ".join(context.args or ())
    named = _named_in(turn, words) if words else ()
    if not named:
        turn.say(TEXT("which_request"))
    else:
        await _show(turn, named)


@for_administrators
async def open_card(update: Update, context: BotContext) -> None:
    """Show the request of a tapped line."""
    turn = context.turn
    interest = await turn.work.interests.get(OpenCard.of(update).interest_id)
    if interest is None or interest.is_anonymous:
        number = interest.number if interest else None
        turn.toast(REQUEST.label("erased", number=number), alert=True)
        return
    await show(turn, interest)


async def take_number(turn: Turn, message: Message) -> bool:
    """Show the requests that a sentence names by their numbers; False if it names none."""
    text = message.text or ""
    named = numbers.printed_in(text) or _with_year(text)
    named = named or numbers.named_in(text, turn.services.today()) or numbers.end_in(text)
    named = tuple(each for each in named if each.number or each.end is not None)
    if named:
        await _show(turn, named)
    return bool(named)


def _named_in(turn: Turn, words: str) -> tuple[Named, ...]:
    alone = _DIGITS.fullmatch(words)
    if alone:
        return (Named(end=int(alone[1])),)
    found = numbers.printed_in(words) or _with_year(words)
    return found or tuple(
        each
        for each in numbers.named_in(words, turn.services.today()) or numbers.end_in(words)
        if each.end is not None
    )


def _with_year(text: str) -> tuple[Named, ...]:
    found = _WITH_YEAR.findall(text)
    return tuple(Named(number=f"TI-{year}-{int(end):04d}") for year, end in found)


async def _show(turn: Turn, named: tuple[Named, ...]) -> None:
    for each in named[:_MOST]:
        found = await _found(turn, each)
        if not found:
            turn.say(TEXT("no_such_request", named=each.number or each.end))
        for interest in found:
            await show(turn, interest)


async def _found(turn: Turn, named: Named) -> tuple[Interest, ...]:
    end = named.end if named.end is not None else int(named.number.rpartition("-")[2])
    found = await turn.work.request_lists.numbered(end, _MOST)
    return tuple(each for each in found if named.number in ("", each.number))


async def show(turn: Turn, interest: Interest) -> None:
    """Show the card of a request where it was asked for.

    It is a note: the notification stays the message of the request, and an erasure finds both.
    """
    text = await notification.text_of(
        turn.posting,
        interest,
        details=False,
        is_card=True,
        in_private=turn.services.details_in_private,
    )
    keyboard = notification.keyboard_of(interest, details=False)
    turn.say(text, keyboard, about=interest.about_note)


HANDLERS: tuple[Handler, ...] = (
    command("demande", show_request),
    tap(OpenCard, open_card),
)
