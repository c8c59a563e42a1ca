"""The notification of a request in the administrators' group: it shows how the request stands."""

from datetime import datetime

from handlers.core import alerts
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting, composed
from handlers.messages import FRENCH, Catalogue, speaking
from handlers.requests import changes, reach, standing, team_notes
from handlers.requests.introduction_buttons import ShowLeadMessage
from handlers.requests.request_buttons import first_buttons
from storage.queues.outbox import Audience, Outgoing, Pending
from storage.records.interests import OPEN, Changed, Event, EventKind, Interest, Status
from storage.records.lifecycle import MOVES
from storage.subject import Kind
from storage.unit_of_work import UnitOfWork

TEXT, INTRODUCTION = Catalogue.of("administration"), Catalogue.of("introduction")
# So many changes are shown with the details; the message must stay readable.
_MOST_CHANGES = 3
_ENDED = (Status.CLOSED, Status.REFUSED)


async def post(posting: Posting, interest: Interest) -> None:
    """Queue the notification of a request: without the contact."""
    hidden = posting.services.details_in_private
    text = await text_of(posting, interest, details=False, in_private=hidden)
    keyboard = keyboard_of(interest, details=False)
    posting.notify(Audience.ADMINISTRATORS, text, keyboard, about=interest.about)


async def refresh(posting: Posting, interest: Interest) -> None:
    """Edit the notification to show the present status of the request."""
    hidden = posting.services.details_in_private
    await posting.revise(
        Audience.ADMINISTRATORS,
        interest.about,
        await text_of(posting, interest, details=False, in_private=hidden),
        keyboard_of(interest, details=False),
    )


async def post_withdrawal(posting: Posting, interest: Interest) -> None:
    """Tell the administrators that the person withdrew a request."""
    await refresh(posting, interest)
    # ``about``: a withdrawal names the firm, so an erasure must find this message. It may replace
    # the notification as the message of the request: that is not edited after a withdrawal.
    contact = standing.introduced_to(interest, await posting.work.interests.events(interest.id))
    text = TEXT("withdrawn_by_person", interest=interest, contact=contact)
    posting.notify(Audience.ADMINISTRATORS, text, about=interest.about)


async def post_change(posting: Posting, changed: Changed) -> None:
    """Tell the administrators what the person changed, without the contact."""
    interest = changed.interest
    await refresh(posting, interest)
    with speaking(FRENCH):
        lines = changes.lines(changed.changes, is_open=False)
    await post_words(posting, interest, "changed", lines=lines)


async def post_words(posting: Posting, interest: Interest, name: str, **values: object) -> None:
    """Tell the administrators something about a request, in the words of this name."""
    await post_beside(posting.work, interest, TEXT(name, interest=interest, **values))


async def post_beside(
    work: UnitOfWork, interest: Interest, text: str, keyboard: Keyboard | None = None
) -> None:
    """Tell the administrators something about a request, below its notification."""
    content = composed(text, keyboard, await work.outbox.delivery(interest.about))
    # A note: the notification stays the message of the request, and an erasure finds both.
    work.outbox.owe(
        Outgoing(Audience.ADMINISTRATORS, "sendMessage", content, about=interest.about_note)
    )


async def follow_group(posting: Posting, new_chat_id: int) -> None:
    """Post the requests that wait for somebody again after the administrators' group moved."""
    group = posting.services.admin_chat_id
    if group is None or await posting.work.outbox.current_chat(group) != new_chat_id:
        return
    waiting = await posting.work.request_lists.waiting()
    if waiting:
        posting.notify(Audience.ADMINISTRATORS, TEXT("moved", count=len(waiting)))
    # Those whose notification is on its way arrive in the present group by themselves.
    stranded = await posting.work.outbox.stranded(
        [interest.about for interest in waiting], new_chat_id
    )
    for interest in waiting:
        if interest.about in stranded:
            await post(posting, interest)


async def text_of(
    posting: Posting,
    interest: Interest,
    *,
    details: bool,
    is_card: bool = False,
    in_private: bool = False,
) -> str:
    """Return the words of the notification, with or without the contact.

    ``is_card``: asked for by somebody, so that it says what is due next as well. ``in_private``:
    contacts are shown in private alone, so that who asks to be called back is no exception.
    """
    work = posting.work
    ended = await _ended(work, interest) if interest.status in _ENDED else None
    changed = await _changes(work, interest) if details else []
    due = await work.deadlines.of(interest.id) if is_card and interest.status in OPEN else ()
    values = {
        "details": details,
        "ended": ended,
        "changed": changed,
        "due": due[:1],
        "has_contact": details or not in_private,
        "handed": await _handed(work, interest),
        "reach": await reach.of(posting, interest),
    }
    text = TEXT("notification", interest=interest, **values)
    notes = team_notes.shown(await work.interests.events(interest.id), details=details)
    return "\n\n".join(filter(None, [text, notes]))


async def _ended(work: UnitOfWork, interest: Interest) -> Event | None:
    """Return the event that closed or refused a request: when, by whom, in which words."""
    events = await work.interests.events(interest.id)
    kinds = (EventKind.CLOSE, EventKind.REFUSE)
    return next((event for event in reversed(events) if event.kind in kinds), None)


async def _handed(work: UnitOfWork, interest: Interest) -> Event | None:
    """Return the event that gave a request to whom has it; None where they took it themselves."""
    taking = (EventKind.TAKE, EventKind.REOPEN, EventKind.HAND_OVER)
    events = await work.interests.events(interest.id)
    last = next((event for event in reversed(events) if event.kind in taking), None)
    return last if last is not None and last.kind is EventKind.HAND_OVER else None


async def _changes(work: UnitOfWork, interest: Interest) -> list[tuple[datetime, list[str]]]:
    """Return the last changes of a request by the person, with all values."""
    events = await work.interests.events(interest.id)
    with speaking(FRENCH):
        told = [
            (event.at, changes.lines(event.changes))
            for event in events
            if event.changes and event.kind not in MOVES
        ]
    return told[-_MOST_CHANGES:]


def keyboard_of(interest: Interest, *, details: bool) -> Keyboard | None:
    """Return the buttons of the notification; None where nothing can be done any more."""
    return first_buttons(interest, details=details)


async def undelivered(work: UnitOfWork, item: Pending, why: str) -> bool:
    """Tell the administrators that news did not reach the person; False: item is no such news."""
    about = item.about
    if about is None or about.kind is not Kind.INTEREST or not about.is_note:
        return False
    if item.audience is Audience.EMAIL and not item.is_mail_to_visitor:
        return await _mail_undelivered(work, about.id, why)
    if item.audience is not Audience.PERSON and not item.is_mail_to_visitor:
        return False
    interest = await work.interests.get(about.id)
    if interest is not None and interest.person_id is not None:
        person = await work.people.get(interest.person_id)
        is_for_firm = item.is_mail_to_visitor or (person and person.telegram_id == item.chat_id)
        if person is not None and not is_for_firm:
            # It was for an administrator, who asked for the contact in private.
            return False
        text = TEXT("undelivered", interest=interest, why=alerts.why(why))
        await post_beside(work, interest, text)
    return True


async def _mail_undelivered(work: UnitOfWork, interest_id: int, why: str) -> bool:
    """Tell the administrators that a lead did not get the e-mail with the firm's contact."""
    interest = await work.interests.get(interest_id)
    if interest is None or interest.is_anonymous:
        return True
    text = INTRODUCTION("mail_failed", interest=interest, why=alerts.why(why))
    show = button(INTRODUCTION.label("show_lead_message"), ShowLeadMessage(interest.id))
    await post_beside(work, interest, text, column([show]))
    return True
