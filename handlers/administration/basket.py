"""The basket: one message a morning in the administrators' group with all that waits too long.

It names requests by number and project, never the firm: so an erasure has nothing to blank there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from handlers.core.posting import Posting, composed
from handlers.messages import Catalogue
from handlers.requests import team_mail
from knowledge.files import telegram_html
from storage.queues.outbox import Audience, Delivery, Priority
from storage.records.deadlines import DeadlineKind, Overdue
from storage.records.interests import Interest, Status
from storage.subject import Kind, Subject

TEXT = Catalogue.of("reminders")
ABOUT = Subject(Kind.BASKET, 0)
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


async def post(posting: Posting) -> bool:
    """Queue the list of what is due by now; False where nothing is.

    Where the former list could not be sent yet, this one takes its place: a group that was out of
    reach for days finds one.
    """
    overdue = await posting.work.deadlines.overdue(posting.work.now, _MOST_COUNTED)
    parts = [part for name in _PARTS if (part := await _part(posting, name, overdue)) is not None]
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


async def _post_to_group(posting: Posting, text: str) -> None:
    if not await posting.reword(Audience.ADMINISTRATORS, ABOUT, composed(text, None)):
        posting.notify(Audience.ADMINISTRATORS, text, about=ABOUT, priority=Priority.BROADCAST)


async def _part(posting: Posting, name: str, overdue: Iterable[Overdue]) -> BasketPart | None:
    """Return one part; None where it would be empty."""
    kinds = _PARTS[name]
    # Of a request that nobody took, both reminders may be due after an outage: it is listed once.
    ids = dict.fromkeys(
        one.deadline.interest_id
        for one in overdue
        if one.deadline.kind in kinds and not _is_told_in_private(one)
    )
    shown = [await posting.work.interests.get(id_) for id_ in list(ids)[:_MOST_LINES]]
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
