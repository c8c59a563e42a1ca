"""The person's own requests: their status, changing and withdrawing them."""

import re
from dataclasses import dataclass

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    ListProjects,
    ListRequests,
    ShowProject,
    ShowRequest,
    TurnRequests,
    with_person,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.core.paging import TEXT_ITEMS, Page
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.forms.reminding import reminding
from handlers.messages import Catalogue
from handlers.requests import interest, proposal
from handlers.requests.administrators import notify_change
from storage.records.interests import OPEN, Interest, Status

TEXT = Catalogue.of("requests")
# The number as printed on a receipt, or as people copy it by hand.
_NUMBER = re.compile(r"\s*TI[\s-]*(\d{4})[\s-]*(\d{4,})[\s.?!]*", re.IGNORECASE)
_CHANGEABLE = frozenset({Status.RECEIVED, Status.TAKEN, Status.INTRODUCED})


@dataclass(frozen=True)
class EditRequest(CallbackData, prefix="rm"):
    """Change answers of a request."""

    interest_id: int


@dataclass(frozen=True)
class Withdraw(CallbackData, prefix="rw"):
    """Withdraw a request: the first tap (``sure`` false) asks for confirmation."""

    interest_id: int
    sure: bool


@requires(Authority.PERSON)
@reminding
async def list_requests(_update: Update, context: BotContext) -> None:
    """List the requests of the person, with their status."""
    await show_list(context.turn)


@requires(Authority.PERSON)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of the requests, in place of this one."""
    turn = context.turn
    turn.rewrite(*await _page(turn, TurnRequests.of(update).page))


async def show_numbered(turn: Turn) -> bool:
    """Show the request whose number was typed, or the list if it is not the person's own.

    Return whether the text is the number of a request at all.
    """
    typed = _NUMBER.fullmatch(turn.text)
    if typed is None:
        return False
    number = "TI-{}-{}".format(*typed.groups())
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    request = next((own for own in requests if own.number == number), None)
    await (_show(turn, request) if request else show_list(turn))
    return True


async def show_list(turn: Turn) -> None:
    """Show the latest requests of the person."""
    turn.say(*await _page(turn, 0))


async def _page(turn: Turn, index: int) -> tuple[str, Keyboard]:
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    page = Page.of(requests, index, TEXT_ITEMS)
    keyboard = rows(
        *(
            [button(f"{request.number}, {request.project_title}", ShowRequest(request.id))]
            for request in page.items
        ),
        page.steps(TurnRequests),
        [button(TEXT.label("projects"), ListProjects())],
    )
    return TEXT("list", page=page), with_person(keyboard)


async def _own(turn: Turn, interest_id: int) -> Interest | None:
    """Return a request of this person; another person's is treated as nonexistent."""
    request = await turn.work.interests.get(interest_id)
    if request is None or request.person_id != (await turn.person()).id:
        turn.toast(TEXT.label("gone"), alert=True)
        return None
    return request


@requires(Authority.PERSON)
async def show_request(update: Update, context: BotContext) -> None:
    """Show one request, its history, and its actions."""
    turn = context.turn
    request = await _own(turn, ShowRequest.of(update).interest_id)
    if request:
        await _show(turn, request)


async def _show(turn: Turn, request: Interest) -> None:
    events = await turn.work.interests.events(request.id)
    turn.say(TEXT("card", request=request, events=events), _keyboard(request))


def _keyboard(request: Interest) -> Keyboard:
    buttons: list[Button] = []
    if request.status in _CHANGEABLE:
        buttons.append(button(TEXT.label("change"), EditRequest(request.id)))
        buttons.append(button(TEXT.label("withdraw"), Withdraw(request.id, sure=False)))
    if request.project_id:
        buttons.append(button(TEXT.label("project"), ShowProject(request.project_id)))
    buttons.append(button(TEXT.label("all_requests"), ListRequests()))
    return with_person(column(buttons))


@requires(Authority.PERSON)
async def change_request(update: Update, context: BotContext) -> None:
    """Open the form at its recap, filled with the answers of the request."""
    turn = context.turn
    request = await _own(turn, EditRequest.of(update).interest_id)
    if request and request.status in _CHANGEABLE:
        await _reopen(turn, request)
    elif request:
        await _show(turn, request)


async def _reopen(turn: Turn, request: Interest) -> None:
    if request.project_id:
        form, subject, answers = interest.FORM, request.project_id, interest.answers_of(request)
    else:
        form, subject, answers = proposal.FORM, str(request.id), proposal.answers_of(request)
    await engine.reopen(turn, form, subject, answers, changes=request.number)


@requires(Authority.PERSON)
async def withdraw(update: Update, context: BotContext) -> None:
    """Ask for confirmation, then withdraw the request and tell the administrators."""
    turn, choice = context.turn, Withdraw.of(update)
    request = await _own(turn, choice.interest_id)
    if request is None:
        return
    if not choice.sure:
        turn.say(TEXT("withdraw_question", request=request), _withdraw_keyboard(request))
        return
    if request.status in OPEN and not await caps.allows(turn, caps.CHANGES, turn.user.id):
        return
    moved = await turn.work.interests.withdraw(request.id, (await turn.person()).id)
    if moved.won:
        await notify_change(turn, moved.interest)
    turn.rewrite(TEXT("withdrawn", request=moved.interest))


def _withdraw_keyboard(request: Interest) -> Keyboard:
    return column(
        [
            button(TEXT.label("keep"), ShowRequest(request.id)),
            button(TEXT.label("withdraw_sure"), Withdraw(request.id, sure=True)),
        ]
    )


HANDLERS: tuple[Handler, ...] = (
    command("mesdemandes", list_requests),
    tap(ListRequests, list_requests),
    tap(TurnRequests, turn_page),
    tap(ShowRequest, show_request),
    tap(EditRequest, change_request),
    tap(Withdraw, withdraw),
)
