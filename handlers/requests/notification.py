"""The notification of a request in the administrators' group: it shows how the request stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from handlers.core import alerts
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.posting import Posting, composed
from handlers.messages import FRENCH, Catalogue, speaking
from handlers.requests import changes
from storage.queues.outbox import Audience, Outgoing, Pending
from storage.records.interests import Changed, Event, EventKind, Interest, Status
from storage.subject import Kind
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("administration")
# So many changes are shown with the details; the message must stay readable.
_MOST_CHANGES = 3


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


async def post(posting: Posting, interest: Interest) -> None:
    """Queue the notification of a request: without the contact."""
    text = await text_of(posting.work, interest, details=False)
    keyboard = keyboard_of(interest, details=False)
    posting.notify(Audience.ADMINISTRATORS, text, keyboard, about=interest.about)


async def refresh(posting: Posting, interest: Interest) -> None:
    """Edit the notification to show the present status of the request."""
    await posting.revise(
        Audience.ADMINISTRATORS,
        interest.about,
        await text_of(posting.work, interest, details=False),
        keyboard_of(interest, details=False),
    )


async def post_withdrawal(posting: Posting, interest: Interest) -> None:
    """Tell the administrators that the person withdrew a request."""
    await refresh(posting, interest)
    # ``about``: a withdrawal names the firm, so an erasure must find this message. It may replace
    # the notification as the message of the request: that is not edited after a withdrawal.
    text = TEXT("withdrawn_by_person", interest=interest)
    posting.notify(Audience.ADMINISTRATORS, text, about=interest.about)


async def post_change(posting: Posting, changed: Changed) -> None:
    """Tell the administrators what the person changed, without the contact."""
    interest = changed.interest
    await refresh(posting, interest)
    with speaking(FRENCH):
        lines = changes.lines(changed.changes, is_open=False)
    notified = await posting.work.outbox.delivery(interest.about)
    content = composed(TEXT("changed", interest=interest, lines=lines), None, notified)
    # A note: the notification stays the message of the request, and an erasure finds both.
    posting.work.outbox.owe(
        Outgoing(Audience.ADMINISTRATORS, "sendMessage", content, about=interest.about_note)
    )


async def post_beside(posting: Posting, interest: Interest, name: str, **values: object) -> None:
    """Tell the administrators something about a request, in reply to its notification.

    It is a note: the notification stays the message of the request, and an erasure finds both.
    """
    notified = await posting.work.outbox.delivery(interest.about)
    content = composed(TEXT(name, interest=interest, **values), None, notified)
    posting.work.outbox.owe(
        Outgoing(Audience.ADMINISTRATORS, "sendMessage", content, about=interest.about_note)
    )


async def follow_group(posting: Posting, new_chat_id: int) -> None:
    """Post the requests that wait for somebody again after the administrators' group moved."""
    group = posting.services.admin_chat_id
    if group is None or await posting.work.outbox.current_chat(group) != new_chat_id:
        return
    waiting = await posting.work.interests.waiting()
    if waiting:
        posting.notify(Audience.ADMINISTRATORS, TEXT("moved", count=len(waiting)))
    # Those whose notification is on its way arrive in the present group by themselves.
    stranded = await posting.work.outbox.stranded(
        [interest.about for interest in waiting], new_chat_id
    )
    for interest in waiting:
        if interest.about in stranded:
            await post(posting, interest)


async def text_of(work: UnitOfWork, interest: Interest, *, details: bool) -> str:
    """Return the words of the notification, with or without the contact."""
    taking = await taken(work, interest) if interest.status is not Status.RECEIVED else None
    changed = await _changes(work, interest) if details else []
    values = {"details": details, "taken": taking, "changed": changed}
    return TEXT("notification", interest=interest, **values)


async def _changes(work: UnitOfWork, interest: Interest) -> list[tuple[datetime, list[str]]]:
    """Return the last changes of a request by the person, with all values."""
    events = await work.interests.events(interest.id)
    with speaking(FRENCH):
        told = [(event.at, changes.lines(event.changes)) for event in events if event.changes]
    return told[-_MOST_CHANGES:]


async def taken(work: UnitOfWork, interest: Interest) -> Event | None:
    """Return the last event that took the request in charge: when, and by whom."""
    events = await work.interests.events(interest.id)
    return next((event for event in reversed(events) if event.kind is EventKind.TAKE), None)


def keyboard_of(interest: Interest, *, details: bool) -> Keyboard | None:
    """Return the buttons of the notification; None where nothing can be done any more."""
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
