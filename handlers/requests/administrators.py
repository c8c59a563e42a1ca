"""What administrators receive, and what they do with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import ShowRequest
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
# Each button takes the other's place: a second press of the same finger would hit it.
_SLIP = timedelta(seconds=5)


@dataclass(frozen=True)
class ShowDetails(CallbackData, prefix="ad"):
    """The notification with the contact, or without it again."""

    interest_id: int
    shown: bool


@dataclass(frozen=True)
class TakeCharge(CallbackData, prefix="at"):
    """An administrator takes a request in charge."""

    interest_id: int


@dataclass(frozen=True)
class UndoCharge(CallbackData, prefix="au"):
    """Whoever took a request in charge leaves it to others again."""

    interest_id: int


@dataclass(frozen=True, slots=True)
class _Move:
    """From where to where an administrator moves a request, and the names of what is said then.

    ``slip``: to a finger that pressed twice; ``done`` and ``too_late``: to who tapped.
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
    """Owe the administrators the notification of a new request: the minimum, and two buttons."""
    turn.count("request", "interest" if interest.project_id else "proposal")
    turn.notify(
        Audience.ADMINISTRATORS,
        await _text(turn, interest, details=False),
        _keyboard(interest, details=False),
        about=interest.about,
    )


async def notify_change(turn: Turn, interest: Interest) -> None:
    """Tell the administrators that the person changed or withdrew a request."""
    await refresh(turn, interest)
    withdrawn = interest.status is Status.WITHDRAWN
    # A withdrawal names the firm, so erasing must find it; nothing revises a withdrawn request.
    turn.notify(
        Audience.ADMINISTRATORS,
        TEXT("changed", interest=interest, withdrawn=withdrawn),
        about=interest.about if withdrawn else None,
    )


async def refresh(turn: Turn, interest: Interest) -> None:
    """Make the notification that was sent tell how the request stands now."""
    await turn.revise(
        interest.about,
        await _text(turn, interest, details=False),
        _keyboard(interest, details=False),
    )


async def _text(turn: Turn, interest: Interest, *, details: bool) -> str:
    taken = await _taken(turn, interest) if interest.status is not Status.RECEIVED else None
    return TEXT("notification", interest=interest, details=details, taken=taken)


async def _taken(turn: Turn, interest: Interest) -> Event | None:
    """Return when a request was last taken in charge, and by whom."""
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
    """Show how to reach the person, in the notification itself; or hide it again."""
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
    """Take a request in charge; of two administrators one wins, and the other is told."""
    await _make(_TAKING, update, context.turn, TakeCharge.of(update).interest_id)


@requires(Authority.ADMINISTRATORS)
async def undo_charge(update: Update, context: BotContext) -> None:
    """Undo it, for whoever slipped or cannot go on: the request waits for somebody again."""
    await _make(_UNDOING, update, context.turn, UndoCharge.of(update).interest_id)


async def _make(move: _Move, update: Update, turn: Turn, interest_id: int) -> None:
    """Make a move unless it is a slip of the finger; tell who tapped, and the person."""
    if await _slips(turn, interest_id, move.before):
        turn.toast(TEXT.label(move.slip))
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
    """Tell whether this administrator brought the request where it stands a moment ago."""
    events = await turn.work.interests.events(interest_id)
    last = events[-1] if events else None
    return (
        last is not None
        and last.status is standing
        and last.actor_id == turn.user.id
        and turn.work.now - last.at < _SLIP
    )


async def _moved(turn: Turn, interest_id: int, move: _Move) -> Moved | None:
    """Move a request on, in this administrator's name; say so where it was erased."""
    known = await turn.work.interests.get(interest_id)
    if known is None or known.is_anonymous:
        turn.rewrite(TEXT("erased", number=known.number if known else None))
        return None
    return await turn.work.interests.move(
        interest_id,
        allowed_from={move.before},
        to=move.after,
        actor_id=turn.user.id,
        actor_name=turn.user.full_name,
    )


async def _show(update: Update, turn: Turn, interest: Interest) -> None:
    """Make the tapped notification tell how the request stands, with the contact if it showed."""
    shown = _shows_details(update, interest) and interest.status is not Status.WITHDRAWN
    turn.rewrite(
        await _text(turn, interest, details=shown),
        _keyboard(interest, details=shown),
        about=interest.about,
    )


def _shows_details(update: Update, interest: Interest) -> bool:
    """Tell whether the tapped notification shows the contact: its button then hides it."""
    message = update.effective_message
    markup = message.reply_markup if message else None
    hides = ShowDetails(interest.id, shown=False).pack()
    lines = markup.inline_keyboard if markup else ()
    return any(one.callback_data == hides for line in lines for one in line)


async def _tell_person(turn: Turn, interest: Interest, words: str) -> None:
    if interest.person_id is not None:
        keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
        text = TEXT(words, interest=interest)
        # That it never arrives is found by this name.
        await turn.tell(interest.person_id, text, keyboard, about=interest.about_note)


async def undelivered(work: UnitOfWork, item: Pending, reason: str) -> bool:
    """Say to the administrators that the person never got what they did; False: not about that."""
    about = item.about
    if about is None or about.kind is not Kind.INTEREST or not about.is_note:
        return False
    if item.audience is not Audience.PERSON:
        return False
    interest = await work.interests.get(about.id)
    if interest is not None and not interest.is_anonymous:
        text = TEXT("undelivered", interest=interest, reason=reason)
        content = composed(text, None, await _notification(work, interest))
        work.outbox.owe(
            Outgoing(Audience.ADMINISTRATORS, "sendMessage", content, about=interest.about_note)
        )
    return True


async def _notification(work: UnitOfWork, interest: Interest) -> int | None:
    """Return the message to quote, where it is still in the group that it was sent to."""
    sent = await work.outbox.delivery(interest.about)
    if sent is None or await work.outbox.current_chat(sent.chat_id) != sent.chat_id:
        return None
    return sent.message_id


async def _why_not(turn: Turn, interest: Interest, move: _Move) -> str:
    """Say how the request stands instead, and who was first."""
    taken = await _taken(turn, interest) if interest.status is Status.TAKEN else None
    return TEXT.label(move.too_late, interest=interest, taken=taken)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowDetails, show_details),
    tap(TakeCharge, take_charge),
    tap(UndoCharge, undo_charge),
)
