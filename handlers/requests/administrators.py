"""Administrators: the notifications of requests, and taking a request in charge."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from telegram import Update

from handlers.core import alerts, caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import ShowRequest, with_person
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn, composed
from handlers.messages import Catalogue
from storage.queues.outbox import Audience, Outgoing, Pending
from storage.records.interests import Event, Interest, Moved, Status
from storage.subject import Kind
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("administration")
# "Take" and "undo" replace each other in the same place, so a double tap would hit both: the
# second one is ignored for this long.
_SLIP = timedelta(seconds=5)


@dataclass(frozen=True)
class ShowDetails(CallbackData, prefix="ad"):
    """Show or hide the contact in the notification."""

    interest_id: int
    shown: bool


@dataclass(frozen=True)
class TakeCharge(CallbackData, prefix="at"):
    """Take a request in charge."""

    interest_id: int


@dataclass(frozen=True)
class UndoCharge(CallbackData, prefix="au"):
    """Put a request back that was taken in charge."""

    interest_id: int


@dataclass(frozen=True, slots=True)
class _Move:
    """A change of status by an administrator, and the names of its messages.

    ``slip`` is shown after a double tap, ``done`` and ``too_late`` to the administrator who tapped,
    and ``person_told`` is sent to the person.
    """

    before: Status
    after: Status
    slip: str
    person_told: str
    done: str
    too_late: str


_TAKING = _Move(
    Status.RECEIVED,
    Status.TAKEN,
    slip="just_put_back",
    person_told="person_told",
    done="you_took",
    too_late="too_late",
)
_UNDOING = _Move(
    Status.TAKEN,
    Status.RECEIVED,
    slip="just_taken",
    person_told="person_told_again",
    done="you_put_back",
    too_late="undo_charge_too_late",
)


async def notify_new(turn: Turn, interest: Interest) -> None:
    """Queue the notification of a new request: without the contact, and with two buttons."""
    turn.count("request", "interest" if interest.project_id else "proposal")
    await _notify(turn, interest)


async def _notify(turn: Turn, interest: Interest) -> None:
    text = await _text(turn, interest, details=False)
    keyboard = _keyboard(interest, details=False)
    turn.notify(Audience.ADMINISTRATORS, text, keyboard, about=interest.about)


async def notify_change(turn: Turn, interest: Interest) -> None:
    """Tell the administrators that the person changed or withdrew a request."""
    await refresh(turn, interest)
    withdrawn = interest.status is Status.WITHDRAWN
    # ``about``: a withdrawal names the firm, so an erasure must find this message. It may replace
    # the notification as the message of the request: that is not edited after a withdrawal.
    turn.notify(
        Audience.ADMINISTRATORS,
        TEXT("changed", interest=interest, withdrawn=withdrawn),
        about=interest.about if withdrawn else None,
    )


async def refresh(turn: Turn, interest: Interest) -> None:
    """Edit the notification to show the present status of the request."""
    await turn.revise(
        Audience.ADMINISTRATORS,
        interest.about,
        await _text(turn, interest, details=False),
        _keyboard(interest, details=False),
    )


async def follow_group(turn: Turn, new_chat_id: int) -> None:
    """Post the requests that wait for somebody again after the administrators' group moved."""
    group = turn.services.admin_chat_id
    if group is None or await turn.work.outbox.current_chat(group) != new_chat_id:
        return
    waiting = await turn.work.interests.waiting()
    if waiting:
        turn.notify(Audience.ADMINISTRATORS, TEXT("moved", count=len(waiting)))
    # Those whose notification is on its way arrive in the present group by themselves.
    stranded = await turn.work.outbox.stranded(
        [interest.about for interest in waiting], new_chat_id
    )
    for interest in waiting:
        if interest.about in stranded:
            await _notify(turn, interest)


async def _text(turn: Turn, interest: Interest, *, details: bool) -> str:
    taken = await _taken(turn, interest) if interest.status is not Status.RECEIVED else None
    return TEXT("notification", interest=interest, details=details, taken=taken)


async def _taken(turn: Turn, interest: Interest) -> Event | None:
    """Return the last event that took the request in charge: when, and by whom."""
    events = await turn.work.interests.events(interest.id)
    return next((event for event in reversed(events) if event.status is Status.TAKEN), None)


def _keyboard(interest: Interest, *, details: bool) -> Keyboard | None:
    buttons = list(_buttons(interest, details=details))
    return column(buttons) if buttons else None


def _buttons(interest: Interest, *, details: bool) -> Iterator[Button]:
    if interest.status is Status.WITHDRAWN:
        return
    label = "hide_details" if details else "details"
    yield button(TEXT.label(label), ShowDetails(interest.id, shown=not details))
    if interest.status is Status.RECEIVED:
        yield button(TEXT.label("take_charge"), TakeCharge(interest.id))
    elif interest.status is Status.TAKEN:
        yield button(TEXT.label("undo_charge"), UndoCharge(interest.id))


@requires(Authority.ADMINISTRATORS)
async def show_details(update: Update, context: BotContext) -> None:
    """Show or hide the contact, in the notification itself."""
    turn, choice = context.turn, ShowDetails.of(update)
    interest = await turn.work.interests.get(choice.interest_id)
    if interest is None or interest.is_anonymous:
        turn.rewrite(TEXT("erased", number=interest.number if interest else None))
        return
    shown = choice.shown and interest.status is not Status.WITHDRAWN
    turn.rewrite(
        await _text(turn, interest, details=shown),
        _keyboard(interest, details=shown),
        about=interest.about,
    )


@requires(Authority.ADMINISTRATORS)
async def take_charge(update: Update, context: BotContext) -> None:
    """Take a request in charge; if two administrators tap, the second is told who was first."""
    await _make(_TAKING, update, context.turn, TakeCharge.of(update).interest_id)


@requires(Authority.ADMINISTRATORS)
async def undo_charge(update: Update, context: BotContext) -> None:
    """Put a request back after a mistake: it waits for an administrator again."""
    await _make(_UNDOING, update, context.turn, UndoCharge.of(update).interest_id)


async def _make(move: _Move, update: Update, turn: Turn, interest_id: int) -> None:
    """Change the status unless it is a double tap; tell the administrator and the person."""
    if await _slips(turn, interest_id, move.before):
        turn.toast(TEXT.label(move.slip))
        return
    if not await caps.allows(turn, caps.MOVES, interest_id):
        return
    moved = await _moved(turn, interest_id, move)
    if moved is None:
        return
    if moved.won:
        await _tell_person(turn, moved.interest, move.person_told)
        turn.toast(TEXT.label(move.done, interest=moved.interest))
    else:
        turn.toast(await _why_not(turn, moved.interest, move), alert=True)
    await _show(update, turn, moved.interest)


async def _slips(turn: Turn, interest_id: int, standing: Status) -> bool:
    """Tell whether this administrator set the present status a few seconds ago."""
    events = await turn.work.interests.events(interest_id)
    last = events[-1] if events else None
    return (
        last is not None
        and last.status is standing
        and last.actor_id == turn.user.id
        and turn.work.now - last.at < _SLIP
    )


async def _moved(turn: Turn, interest_id: int, move: _Move) -> Moved | None:
    """Change the status in this administrator's name; say so if the request was erased."""
    interest = await turn.work.interests.get(interest_id)
    if interest is None or interest.is_anonymous:
        turn.rewrite(TEXT("erased", number=interest.number if interest else None))
        return None
    return await turn.work.interests.move(
        interest_id,
        allowed_from={move.before},
        to=move.after,
        actor_id=turn.user.id,
        actor_name=turn.user.full_name,
    )


async def _show(update: Update, turn: Turn, interest: Interest) -> None:
    """Edit the tapped notification to show the status; keep the contact if it was shown."""
    shown = _shows_details(update, interest) and interest.status is not Status.WITHDRAWN
    turn.rewrite(
        await _text(turn, interest, details=shown),
        _keyboard(interest, details=shown),
        about=interest.about,
    )


def _shows_details(update: Update, interest: Interest) -> bool:
    """Tell whether the notification shows the contact: it then has the button to hide it."""
    message = update.effective_message
    markup = message.reply_markup if message else None
    hides = ShowDetails(interest.id, shown=False).pack()
    lines = markup.inline_keyboard if markup else ()
    return any(present.callback_data == hides for line in lines for present in line)


async def _tell_person(turn: Turn, interest: Interest, words: str) -> None:
    if interest.person_id is not None:

        def said() -> tuple[str, Keyboard | None]:
            keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
            return TEXT(words, interest=interest), with_person(keyboard)

        # ``about`` tells ``undelivered`` which request the message was for, if it cannot be sent.
        await turn.tell(interest.person_id, said, about=interest.about_note)


async def undelivered(work: UnitOfWork, item: Pending, why: str) -> bool:
    """Tell the administrators that news did not reach the person; False: item is no such news."""
    about = item.about
    if about is None or about.kind is not Kind.INTEREST or not about.is_note:
        return False
    if item.audience is not Audience.PERSON:
        return False
    interest = await work.interests.get(about.id)
    if interest is not None and not interest.is_anonymous:
        text = TEXT("undelivered", interest=interest, why=alerts.why(why))
        content = composed(text, None, await work.outbox.delivery(interest.about))
        work.outbox.owe(
            Outgoing(Audience.ADMINISTRATORS, "sendMessage", content, about=interest.about_note)
        )
    return True


async def _why_not(turn: Turn, interest: Interest, move: _Move) -> str:
    """Return why the change was refused: the present status, and who was first."""
    taken = await _taken(turn, interest) if interest.status is Status.TAKEN else None
    return TEXT.label(move.too_late, interest=interest, taken=taken)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowDetails, show_details),
    tap(TakeCharge, take_charge),
    tap(UndoCharge, undo_charge),
)
