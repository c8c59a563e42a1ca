"""What administrators receive, and what they do with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from telegram import Update

from handlers.authority import Authority, requires
from handlers.callbacks import CallbackData
from handlers.keyboards import Button, Keyboard, button, column
from handlers.messages import Catalogue
from handlers.navigation import ShowRequest
from handlers.routing import Handler, tap
from handlers.turn import BotContext, Turn
from storage.interests import Interest, Status
from storage.outbox import Audience

TEXT = Catalogue.of("administration")


@dataclass(frozen=True)
class ShowDetails(CallbackData, prefix="ad"):
    """The notification with the contact, or without it again."""

    interest_id: int
    shown: bool


@dataclass(frozen=True)
class TakeCharge(CallbackData, prefix="at"):
    """An administrator takes a request in charge."""

    interest_id: int


async def notify_new(turn: Turn, interest: Interest) -> None:
    """Owe the administrators the notification of a new request: the minimum, and two buttons."""
    turn.count("request", "interest" if interest.project_id else "proposal")
    await turn.notify(
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
    await turn.notify(
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
    events = await turn.work.interests.events(interest.id)
    taken = next((event for event in reversed(events) if event.status is Status.TAKEN), None)
    return TEXT("notification", interest=interest, details=details, taken=taken)


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


@requires(Authority.ADMINISTRATORS)
async def show_details(update: Update, context: BotContext) -> None:
    """Show how to reach the person, in the notification itself; or hide it again."""
    turn, choice = context.turn, ShowDetails.of(update)
    interest = await turn.work.interests.get(choice.interest_id)
    if interest is None or interest.is_anonymous:
        await turn.rewrite(TEXT("erased", number=interest.number if interest else None))
        return
    shown = choice.shown and interest.status is not Status.WITHDRAWN
    await turn.rewrite(
        await _text(turn, interest, details=shown),
        _keyboard(interest, details=shown),
        about=interest.about,
    )


@requires(Authority.ADMINISTRATORS)
async def take_charge(update: Update, context: BotContext) -> None:
    """Take a request in charge; of two administrators one wins, and the other is told."""
    turn, interest_id = context.turn, TakeCharge.of(update).interest_id
    known = await turn.work.interests.get(interest_id)
    if known is None or known.is_anonymous:
        await turn.rewrite(TEXT("erased", number=known.number if known else None))
        return
    moved = await turn.work.interests.move(
        interest_id,
        allowed_from={Status.RECEIVED},
        to=Status.TAKEN,
        actor_id=turn.user.id,
        actor_name=turn.user.full_name,
    )
    if moved.won:
        await _tell_person(turn, moved.interest)
        turn.toast(TEXT.label("you_took", interest=moved.interest))
    else:
        turn.toast(await _who_was_first(turn, moved.interest), alert=True)
    shown = _shows_details(update) and moved.interest.status is not Status.WITHDRAWN
    await turn.rewrite(
        await _text(turn, moved.interest, details=shown),
        _keyboard(moved.interest, details=shown),
        about=moved.interest.about,
    )


def _shows_details(update: Update) -> bool:
    """Tell whether the tapped notification shows the contact: its button then hides it."""
    message = update.effective_message
    markup = message.reply_markup if message else None
    hides = ShowDetails(TakeCharge.of(update).interest_id, shown=False).pack()
    lines = markup.inline_keyboard if markup else ()
    return any(one.callback_data == hides for line in lines for one in line)


async def _tell_person(turn: Turn, interest: Interest) -> None:
    if interest.person_id is not None:
        keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
        await turn.tell(interest.person_id, TEXT("person_told", interest=interest), keyboard)


async def _who_was_first(turn: Turn, interest: Interest) -> str:
    events = await turn.work.interests.events(interest.id)
    taken = next((event for event in reversed(events) if event.status is Status.TAKEN), None)
    return TEXT.label("too_late", interest=interest, taken=taken)


HANDLERS: tuple[Handler, ...] = (
    tap(ShowDetails, show_details),
    tap(TakeCharge, take_charge),
)
