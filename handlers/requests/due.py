"""What is due about a request, and when: it follows from where the request stands.

A request that is open always has something due, so that none is forgotten in silence.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from handlers.core.office import Office
from handlers.core.posting import Posting
from handlers.requests import queued, standing
from storage.records.deadlines import DeadlineKind
from storage.records.interests import EventKind, Interest, Status
from storage.records.lifecycle import MOVES

# What is planned where a request comes to a status; whatever else was due is dropped.
WAITS: Mapping[Status, tuple[DeadlineKind, ...]] = MappingProxyType(
    {
        Status.RECEIVED: (DeadlineKind.UNTAKEN, DeadlineKind.UNTAKEN_LONG),
        Status.TAKEN: (DeadlineKind.UNTOUCHED, DeadlineKind.UNHEARD),
        Status.INTRODUCED: (DeadlineKind.FOLLOW_UP, DeadlineKind.UNCLOSED),
        Status.CLOSED: (),
        Status.REFUSED: (),
        Status.WITHDRAWN: (),
    }
)
# What was promised to a firm that was put in touch is kept, also where the team closes its request.
_OUTLAST_CLOSING = frozenset({DeadlineKind.FOLLOW_UP})
# What begins to wait once something was due and was done.
NEXT: Mapping[DeadlineKind, DeadlineKind] = MappingProxyType(
    {
        DeadlineKind.UNTAKEN_LONG: DeadlineKind.STILL_UNTAKEN,
        DeadlineKind.STILL_UNTAKEN: DeadlineKind.STILL_UNTAKEN,
        DeadlineKind.UNTOUCHED: DeadlineKind.FORGOTTEN,
        DeadlineKind.UNHEARD: DeadlineKind.UNHEARD,
        DeadlineKind.UNCLOSED: DeadlineKind.UNCLOSED,
    }
)
# What waits for the team only as long as the team does nothing.
_FOR_THE_TEAM: Mapping[Status, tuple[DeadlineKind, ...]] = MappingProxyType(
    {
        Status.TAKEN: (DeadlineKind.UNTOUCHED, DeadlineKind.FORGOTTEN),
        Status.INTRODUCED: (DeadlineKind.UNCLOSED,),
    }
)


def status_of(kind: DeadlineKind) -> Status:
    """Return the status in which something is planned."""
    return _STATUSES[kind]


def holds_in(status: Status, kind: DeadlineKind) -> bool:
    """Tell whether something that was planned is due still in a status."""
    outlasts = status is Status.CLOSED and kind in _OUTLAST_CLOSING
    return outlasts or status_of(kind) is status


def _statuses() -> Mapping[DeadlineKind, Status]:
    found = {kind: status for status, kinds in WAITS.items() for kind in kinds}
    for before, after in NEXT.items():
        found[after] = found[before]
    return found


_STATUSES = _statuses()


def days_of(office: Office, kind: DeadlineKind) -> int:
    """Return how many working days pass before something is due."""
    days = {
        DeadlineKind.UNTAKEN: office.reminder_days,
        DeadlineKind.UNTAKEN_LONG: office.second_reminder_days,
        DeadlineKind.STILL_UNTAKEN: office.second_reminder_days,
        DeadlineKind.UNTOUCHED: office.untouched_days,
        DeadlineKind.FORGOTTEN: office.untouched_days,
        # Later than a request that nobody touches has returned: what remains has been worked on.
        DeadlineKind.UNHEARD: 2 * office.untouched_days + 1,
        DeadlineKind.FOLLOW_UP: office.follow_up_days,
        DeadlineKind.UNCLOSED: office.unclosed_days,
    }
    return days[kind]


async def follow(posting: Posting, interest: Interest, kind: EventKind) -> None:
    """Plan what is due after a move that was just made, and drop what was due before."""
    if MOVES[kind].target is None:
        await touched(posting, interest)
        return
    left = [kind for kind in DeadlineKind if not holds_in(interest.status, kind)]
    # What a request waits for in the status that it comes to is planned anew.
    await posting.work.deadlines.drop(interest.id, {*left, *WAITS[interest.status]})
    if await queued.drop(posting, interest) and standing.can_be_asked(interest):
        # The question whether the contact happened was not sent yet: it is asked tomorrow instead.
        await posting.work.deadlines.plan(
            interest.id, DeadlineKind.FOLLOW_UP, posting.services.office.due(posting.work.now, 1)
        )
    for wait in WAITS[interest.status]:
        await plan(posting, interest, wait)


async def touched(posting: Posting, interest: Interest, *, heard: bool = False) -> None:
    """Let the waits for the team begin anew: it has done something, though no move.

    ``heard``: the firm has heard of it, and waits for a word anew.
    """
    await posting.work.interests.touch(interest.id)
    waits = _FOR_THE_TEAM.get(interest.status, ())
    await posting.work.deadlines.drop(interest.id, waits)
    for wait in waits[:1]:
        await plan(posting, interest, wait)
    if heard and interest.status is Status.TAKEN:
        await plan(posting, interest, DeadlineKind.UNHEARD)


async def plan(
    posting: Posting, interest: Interest, kind: DeadlineKind, since: datetime | None = None
) -> None:
    """Set when something is due, counted from a moment or from now, and never in the past."""
    office, now = posting.services.office, posting.work.now
    due = office.due(since or now, days_of(office, kind))
    # What is overdue is due today: all that became due earlier has been told.
    await posting.work.deadlines.plan(interest.id, kind, max(due, office.due(now, 0)))


async def plan_missing(posting: Posting, most: int) -> int:
    """Plan for open requests of which nothing is due; return how many, up to ``most``.

    They are older than the deadlines are; each has waited since it last changed.
    """
    missing = await posting.work.request_lists.without_deadline(most)
    for interest in missing:
        since = _since(interest)
        for wait in WAITS[interest.status]:
            await plan(posting, interest, wait, since)
    return len(missing)


def _since(interest: Interest) -> datetime:
    moments = {
        Status.TAKEN: interest.touched_at or interest.taken_at,
        Status.INTRODUCED: interest.introduced_at,
    }
    return moments.get(interest.status) or interest.updated_at
