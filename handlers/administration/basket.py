"""The basket: one message a morning in the administrators' group with all that waits too long.

It names requests by number and project, never the firm: so an erasure has nothing to blank there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.core.office import Office
from handlers.core.posting import Posting, composed
from handlers.messages import Catalogue
from handlers.requests import team_mail
from knowledge.files import telegram_html
from storage.queues.outbox import Audience, Delivery, Pending, Priority
from storage.records.deadlines import DeadlineKind, Overdue
from storage.records.interests import EventKind, Interest, Status
from storage.subject import Kind, Subject
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("reminders")
ABOUT = Subject(Kind.BASKET, 0)
# The name in the schedule of what is done each morning: the list first, then all that was due.
NAME = "reminders"
# So many deadlines are counted in a morning, and so many lines of each part are shown.
_MOST_COUNTED = 5_000
_MOST_LINES = 8
# The parts of the message, in their order, and what puts a request into each.
_PARTS = {
    "untaken": {DeadlineKind.UNTAKEN, DeadlineKind.UNTAKEN_LONG, DeadlineKind.STILL_UNTAKEN},
    "returned": {DeadlineKind.FORGOTTEN},
    "untouched": {DeadlineKind.UNTOUCHED},
    "unclosed": {DeadlineKind.UNCLOSED},
}
# Where a request of which somebody was reminded stands; its owner was told in private.
_PART_OF = {Status.RECEIVED: "untaken", Status.INTRODUCED: "unclosed"}
# The ids of supergroups begin so; https://core.telegram.org/api/links#message-links.
_SUPERGROUP = "-100"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One request of the list; ``days`` are the working days since it last moved."""

    number: str
    title: str
    days: int
    owner: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class BasketPart:
    """The requests that wait for the same thing: how many, and the first of them."""

    name: str
    count: int
    lines: tuple[BasketLine, ...]
    requests: tuple[Interest, ...] = ()


async def post(posting: Posting, since: datetime | None) -> bool:
    """Queue the list of what came due after ``since``, by now; False where nothing did.

    What was due before stood in the former list, though a process that died may have left it to be
    done. Where that list could not be sent yet, this one takes its place and names what it named:
    a group that was out of reach for days finds one, with all of it.
    """
    unsent = await posting.work.outbox.waiting_since(ABOUT)
    named = await _due(posting, since if unsent is None else None)
    if unsent is not None:
        await _add_named_since(posting, named, unsent)
    parts = [part for name in _PARTS if (part := await _part(posting, name, named[name]))]
    has_readers = posting.services.admin_chat_id is not None or posting.services.correspondents
    if not parts or not has_readers:
        return False
    counts = await posting.work.deadlines.count_open()
    text = TEXT("basket", parts=parts, counts=counts, today=posting.work.now)
    if posting.services.admin_chat_id is not None:
        await _post_to_group(posting, text)
    requests = [interest for part in parts for interest in part.requests]
    team_mail.mail_team(posting, TEXT.label("basket_subject"), telegram_html.plain(text), requests)
    return True


async def is_outdated(work: UnitOfWork, office: Office, item: Pending) -> bool:
    """Tell whether a call is the list of an earlier day, whose place today's is about to take.

    Sent now, it would be followed by today's within a minute.
    """
    morning = office.due(work.now, 0)
    if item.about != ABOUT or not await work.schedule.is_due(NAME, morning):
        return False
    since = await work.outbox.waiting_since(ABOUT)
    return since is not None and since < morning


async def _post_to_group(posting: Posting, text: str) -> None:
    if not await posting.reword(Audience.ADMINISTRATORS, ABOUT, composed(text, None)):
        # One that is claimed is being sent, or was when its process died: its message is deleted.
        await posting.work.outbox.drop_waiting(ABOUT)
        posting.notify(Audience.ADMINISTRATORS, text, about=ABOUT, priority=Priority.BROADCAST)


async def _due(posting: Posting, since: datetime | None) -> dict[str, list[int]]:
    """Return the requests of each part of which something came due after ``since``, by now.

    Of a request that nobody took, both reminders may be due after an outage: it is listed once.
    """
    overdue = await posting.work.deadlines.overdue(posting.work.now, _MOST_COUNTED)
    listed = [
        one.deadline
        for one in overdue
        if (since is None or one.deadline.due_at > since) and not _is_told_in_private(one)
    ]
    return {
        name: list(dict.fromkeys(each.interest_id for each in listed if each.kind in kinds))
        for name, kinds in _PARTS.items()
    }


async def _add_named_since(posting: Posting, named: dict[str, list[int]], moment: datetime) -> None:
    """Add what was named since a moment and done since: nobody has read it."""
    listed = {number for numbers in named.values() for number in numbers}
    for interest, kind in await posting.work.interests.reminded_since(moment):
        part = "returned" if kind is EventKind.RETURN else _PART_OF.get(interest.status)
        if part is not None and interest.id not in listed:
            listed.add(interest.id)
            named[part].append(interest.id)


async def _part(posting: Posting, name: str, ids: Sequence[int]) -> BasketPart | None:
    """Return one part; None where it would be empty."""
    shown = [await posting.work.interests.get(id_) for id_ in ids[:_MOST_LINES]]
    found = tuple(interest for interest in shown if interest is not None)
    lines = [await _line(posting, interest) for interest in found]
    return BasketPart(name, len(ids), tuple(lines), found) if lines else None


def _is_told_in_private(one: Overdue) -> bool:
    return one.deadline.kind is DeadlineKind.UNTOUCHED and one.reaches_owner


async def _line(posting: Posting, interest: Interest) -> BasketLine:
    notified = await posting.work.outbox.delivery(interest.about)
    link = None if notified is None else _link(notified)
    return line_of(posting, interest, link)


def line_of(posting: Posting, interest: Interest, link: str | None = None) -> BasketLine:
    """Return how a request is named in a list of those that wait."""
    since = {
        Status.TAKEN: interest.touched_at or interest.taken_at,
        Status.INTRODUCED: interest.introduced_at,
    }.get(interest.status) or interest.updated_at
    days = posting.services.office.waited(since, posting.work.now)
    return BasketLine(interest.number, interest.project_title, days, interest.owner_name, link)


def _link(notified: Delivery) -> str | None:
    """Return a link to a message; only those in supergroups have one."""
    group = str(notified.chat_id)
    if not group.startswith(_SUPERGROUP):
        return None
    return f"https://t.me/c/{group.removeprefix(_SUPERGROUP)}/{notified.message_id}"
