"""The person's own requests: their status, changing and withdrawing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    AskHelped,
    CallBack,
    ListProjects,
    ListRequests,
    Relaunch,
    ShowProject,
    ShowRequest,
    TurnRequests,
    with_person,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.showing import phrases
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.forms.reminding import reminding
from handlers.handoff import answering, own_exchange
from handlers.handoff.answering import AddWord
from handlers.messages import Catalogue
from handlers.requests import (
    callback,
    changes,
    interest,
    moves,
    own_history,
    proposal,
    standing,
)
from knowledge.text.normalise import normalise
from storage.records.conversation_values import Conversation
from storage.records.interests import OPEN, Interest, Role

TEXT, GENERAL = Catalogue.of("requests"), Catalogue.of("general")
# Beside the button to a person, which every screen has: six in all are what a phone shows.
_MOST_BUTTONS, _MOST_FIRST = 5, 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sent, and when: either a request, or a question handed over."""

    number: str
    at: datetime
    request: Interest | None = None
    exchange: Conversation | None = None
    replied_at: datetime | None = None

    @property
    def shown_by(self) -> CallbackData:
        """The button to its card."""
        if self.exchange is not None:
            return own_exchange.ShowExchange(self.exchange.id)
        return ShowRequest(self.request.id if self.request else 0)


@dataclass(frozen=True)
class EditRequest(CallbackData, prefix="rm"):
    """Change answers of a request."""

    interest_id: int


@dataclass(frozen=True)
class MoreOfRequest(CallbackData, prefix="ro"):
    """What may be done with a request beside what its card offers at once."""

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


async def show_list(turn: Turn) -> None:
    """Show what the person sent: requests and handed-over questions, the latest first."""
    turn.say(*await _page(turn, 0))


async def show_standing(turn: Turn, words: str) -> None:
    """Show the list under these words; where there is none, say what to do about it instead."""
    sent = await everything_sent(turn)
    complains = _complains(turn.text)
    if sent:
        turn.begin_with(TEXT("sorry") if complains else words)
        turn.say(*await _list(turn, sent, 0))
        return
    call_back = button(GENERAL.label("button_call_back"), CallBack())
    keyboard = with_person(column([call_back, button(TEXT.label("first_request"), ListProjects())]))
    turn.say(TEXT("nothing_here", complains=complains, identity=turn.services.identity), keyboard)


def _complains(text: str) -> bool:
    """Tell whether a text says that an answer is long in coming."""
    typed = f" {normalise(text)} "
    return any(f" {words}" in typed for words in phrases("awaiting_words"))


async def _page(turn: Turn, index: int) -> tuple[str, Keyboard]:
    return await _list(turn, await everything_sent(turn), index)


async def _list(turn: Turn, sent: Sequence[Sent], index: int) -> tuple[str, Keyboard]:
    """Return one page of the list, with where each request stands."""
    page = ListPage.of(sent, index, TEXT_ITEMS)
    requests = [one.request for one in page.items if one.request is not None]
    events = await turn.work.interests.events_of(request.id for request in requests)
    words = await turn.work.conversations.last_words([request.id for request in requests])
    standings = {
        request.id: standing.of(
            turn.services, request, events[request.id], turn.work.now, words.get(request.id)
        )
        for request in requests
    }
    has_projects = turn.services.has_projects
    return listed(sent, "list", index, standings=standings, has_projects=has_projects)


async def everything_sent(turn: Turn) -> tuple[Sent, ...]:
    """Return the requests and handed-over questions of the person, the latest first."""
    person_id = (await turn.person()).id
    requests = await turn.work.read_ahead.interests(person_id)
    exchanges = await turn.work.conversations.of_person(person_id)
    replied = await turn.work.conversations.replied_at([one.id for one in exchanges])
    known = [
        Sent(one.number, one.opened_at, exchange=one, replied_at=replied.get(one.id))
        for one in exchanges
        if own_exchange.is_known(one, is_replied_to=one.id in replied)
    ]
    asked = [Sent(one.number, one.created_at, request=one) for one in requests]
    return tuple(sorted([*known, *asked], key=lambda one: (one.at, one.number), reverse=True))


def listed(sent: Sequence[Sent], name: str, index: int, **values: object) -> tuple[str, Keyboard]:
    """Return one page of what a person sent, under the words of this name."""
    page = ListPage.of(sent, index, TEXT_ITEMS)
    keyboard = rows(
        *(
            [button(TEXT.label("item", number=number, sent=one), one.shown_by)]
            for number, one in page.numbered()
        ),
        page.steps(TurnRequests),
        [button(TEXT.label("projects" if page.total else "first_request"), ListProjects())],
    )
    return TEXT(name, page=page, **values), with_person(keyboard)


async def show_sent(turn: Turn, sent: Sent) -> None:
    """Show the card of a request or of a handed-over question."""
    if sent.request is not None:
        await show(turn, sent.request)
    elif sent.exchange is not None:
        await own_exchange.show(turn, sent.exchange)


async def own(turn: Turn, interest_id: int) -> Interest | None:
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
    request = await own(turn, ShowRequest.of(update).interest_id)
    if request:
        await show(turn, request)


async def show(turn: Turn, request: Interest) -> None:
    """Show the card of a request: where it stands, its answers, its history, and its actions."""
    events = await turn.work.interests.events(request.id)
    words = await turn.work.conversations.last_words([request.id])
    stands = standing.of(turn.services, request, events, turn.work.now, words.get(request.id))
    history = own_history.lines(request, events)
    text = TEXT("card", request=request, standing=stands, history=history)
    turn.say(text, _keyboard(request), about=request.about_note)


@requires(Authority.PERSON)
async def show_more(update: Update, context: BotContext) -> None:
    """Show the other buttons of a request in place of the first ones."""
    turn = context.turn
    request = await own(turn, MoreOfRequest.of(update).interest_id)
    if request:
        back = button(TEXT.label("back"), ShowRequest(request.id))
        keyboard = with_person(column([*_buttons(request)[_MOST_FIRST:], back]))
        turn.say(TEXT("more_of", request=request), keyboard, about=request.about_note)


def _keyboard(request: Interest) -> Keyboard:
    """Return the buttons of a card: as many as a phone shows, the others behind one."""
    buttons = _buttons(request)
    if len(buttons) > _MOST_BUTTONS:
        buttons[_MOST_FIRST:] = [button(TEXT.label("more"), MoreOfRequest(request.id))]
    return with_person(column(buttons))


def _buttons(request: Interest) -> list[Button]:
    """Return what the firm may do with its request, what is most often wanted first."""
    buttons: list[Button] = []
    if standing.can_be_asked(request):
        buttons.append(button(TEXT.label("say_of_contact"), AskHelped(request.id)))
    if request.status in OPEN:
        if request.relaunched_at is None:
            buttons.append(button(TEXT.label("relaunch"), Relaunch(request.id)))
        buttons.append(button(TEXT.label("change"), EditRequest(request.id)))
        buttons.append(button(answering.OF_REQUESTS.label("add_word"), AddWord(request.id)))
        buttons.append(button(TEXT.label("withdraw"), Withdraw(request.id, sure=False)))
    if request.project_id:
        buttons.append(button(TEXT.label("project"), ShowProject(request.project_id)))
    buttons.append(button(TEXT.label("all_requests"), ListRequests()))
    return buttons


@requires(Authority.PERSON)
async def change_request(update: Update, context: BotContext) -> None:
    """Open the form at its recap, filled with the answers of the request."""
    turn = context.turn
    request = await own(turn, EditRequest.of(update).interest_id)
    if request and request.status in OPEN:
        await _reopen(turn, request)
    elif request:
        await show(turn, request)


async def _reopen(turn: Turn, request: Interest) -> None:
    if request.project_id:
        form, subject, answers = interest.FORM, request.project_id, interest.answers_of(request)
    elif request.role is Role.CALL_BACK:
        form, subject, answers = callback.FORM, str(request.id), callback.answers_of(request)
    else:
        form, subject, answers = proposal.FORM, str(request.id), proposal.answers_of(request)
    stored = changes.stored(answers)
    await engine.reopen(turn, form, subject, stored, changes=request.number)


@requires(Authority.PERSON)
async def withdraw(update: Update, context: BotContext) -> None:
    """Ask for confirmation, then withdraw the request and tell the administrators."""
    turn, choice = context.turn, Withdraw.of(update)
    request = await own(turn, choice.interest_id)
    if request is None:
        return
    if request.status not in OPEN:
        turn.rewrite(TEXT("already_ended", request=request), _keyboard(request))
        return
    if not choice.sure:
        events = await turn.work.interests.events(request.id)
        contact = standing.introduced_to(request, events)
        text = TEXT("withdraw_question", request=request, contact=contact)
        turn.say(text, _withdraw_keyboard(request), about=request.about_note)
        return
    if not await caps.allows(turn, caps.CHANGES, turn.user.id):
        return
    moved = await moves.withdraw(turn.posting, request.id, (await turn.person()).id)
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
    tap(MoreOfRequest, show_more),
    tap(EditRequest, change_request),
    tap(Withdraw, withdraw),
)
