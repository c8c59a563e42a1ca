"""What follows when something is due: its owner or the firm is told, or the request moves.

All that is due on a morning for one reader is done at once, so that nobody is told twice a day.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from handlers.administration.basket import TEXT, line_of
from handlers.core import alerts
from handlers.core.buttons import ListRequests, with_person
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting
from handlers.requests import due, moves
from storage.queues.outbox import Audience, Pending
from storage.records.deadlines import Deadline, DeadlineKind, Overdue
from storage.records.interests import EventKind, Interest
from storage.records.lifecycle import CLOCK
from storage.subject import Kind, Subject
from storage.unit_of_work import UnitOfWork

# Asks a firm whether the contact happened.
Ask: TypeAlias = Callable[[Posting, Interest], Awaitable[None]]
# So many requests of one reader are worked on in one transaction; an owner of more is told of all
# of them at the end, in one message.
_MOST_AT_ONCE = 200
_MOST_LINES = 8
# What a firm is told, the most important first, and what the group does not learn by the way.
_TOLD = (DeadlineKind.UNTAKEN_LONG, DeadlineKind.UNHEARD, DeadlineKind.FOLLOW_UP)
_WORDS = {
    DeadlineKind.UNTAKEN_LONG: "firm_untaken_long",
    DeadlineKind.UNHEARD: "firm_unheard",
}
_TO_FIRM_ONLY = {DeadlineKind.UNHEARD, DeadlineKind.FOLLOW_UP}


@dataclass(frozen=True, slots=True)
class Reached:
    """A request of which something was due, as it stands now, and what."""

    interest: Interest
    kinds: frozenset[DeadlineKind]


async def settle(posting: Posting, first: Overdue, by: datetime, ask: Ask) -> None:
    """Do all that was due by a time for the reader of this deadline."""
    if first.deadline.kind is DeadlineKind.UNTOUCHED:
        await _settle_owner(posting, first.owner_id, by)
    else:
        await _settle_firm(posting, first.person_id, by, ask)


async def _settle_owner(posting: Posting, owner_id: int | None, by: datetime) -> None:
    """Remind an administrator of what they have in charge and do not touch."""
    taken = await posting.work.deadlines.take_of_owner(owner_id, by, _MOST_AT_ONCE)
    reached = await _reached(posting, taken)
    for one in reached:
        await _remember(posting, one.interest)
        await due.plan(posting, one.interest, DeadlineKind.FORGOTTEN)
    if owner_id is None or await posting.work.deadlines.has_of_owner(owner_id, by):
        return
    # Those of this morning return on the same day: a process that died in between counts too.
    office = posting.services.office
    until = office.due(posting.work.now, due.days_of(office, DeadlineKind.FORGOTTEN))
    returning = await posting.work.deadlines.returning(owner_id)
    ids = [each.interest_id for each in returning if each.due_at == until]
    if ids:
        await _tell_owner(posting, owner_id, ids)


async def _tell_owner(posting: Posting, owner_id: int, ids: Sequence[int]) -> None:
    """Write to an owner in private; the basket names those whom the bot cannot write to."""
    person = await posting.work.people.of_account(owner_id)
    if person is None or person.blocked_at is not None:
        return
    office = posting.services.office
    until = office.due_day(posting.work.now, office.untouched_days)
    named = await posting.work.request_lists.several(ids[:_MOST_LINES])
    shown, more = [line_of(posting, interest) for interest in named], len(ids[_MOST_LINES:])

    def said() -> tuple[str, Keyboard | None]:
        return TEXT("owner", lines=shown, more=more, until=until), None

    # ``about`` tells ``undelivered`` whose reminder it was, if it cannot be sent.
    await posting.tell(person.id, said, about=Subject(Kind.REMINDER, person.id))


async def _settle_firm(posting: Posting, person_id: int, by: datetime, ask: Ask) -> None:
    """Do what was due about a firm's requests; it gets one message at most, beside moves."""
    taken = await posting.work.deadlines.take_of_firm(person_id, by, _MOST_AT_ONCE)
    reached = await _reached(posting, taken)
    for one in reached:
        await _begin_next(posting, one)
    is_told, tomorrow = False, posting.services.office.due(posting.work.now, 1)
    for kind in _TOLD:
        later: Sequence[Interest] = [one.interest for one in reached if kind in one.kinds]
        if later and not is_told:
            is_told, later = True, await _tell_firm(posting, kind, later, ask)
        for interest in later:
            await posting.work.deadlines.plan(interest.id, kind, tomorrow)
    if is_told and len(taken) >= _MOST_AT_ONCE:
        # Those of the next transaction would be a second message on the same day.
        await posting.work.deadlines.put_off_of_firm(person_id, by, _TOLD, tomorrow)


async def _begin_next(posting: Posting, one: Reached) -> None:
    """Note that a request was in the group's list, and plan when it is there again."""
    if DeadlineKind.FORGOTTEN in one.kinds:
        await moves.make(posting, one.interest.id, EventKind.RETURN, CLOCK)
        return
    if one.kinds - _TO_FIRM_ONLY:
        await _remember(posting, one.interest)
    # Where two reminders were due at once, the later one counts for both.
    for kind in one.kinds:
        if kind in due.NEXT:
            await due.plan(posting, one.interest, due.NEXT[kind])


async def _tell_firm(
    posting: Posting, kind: DeadlineKind, requests: Sequence[Interest], ask: Ask
) -> Sequence[Interest]:
    """Tell a firm what is due about its requests; return those for which it was too much."""
    if kind is DeadlineKind.FOLLOW_UP:
        await ask(posting, requests[0])
        return requests[1:]
    if kind is DeadlineKind.UNHEARD:
        for interest in requests:
            await _remember(posting, interest)
    identity, days = posting.services.identity, due.days_of(posting.services.office, kind)

    def said() -> tuple[str, Keyboard | None]:
        keyboard = column([button(TEXT.label("see_requests"), ListRequests())])
        shown, more = requests[:_MOST_LINES], len(requests[_MOST_LINES:])
        values = {"requests": shown, "more": more, "days": days, "identity": identity}
        return TEXT(_WORDS[kind], **values), with_person(keyboard)

    person_id = requests[0].person_id
    if person_id is not None:
        # ``about`` tells ``notification.undelivered`` which request it was, where it is about one.
        of_several = Subject(Kind.REMINDER, person_id)
        about = requests[0].about_note if len(requests) == 1 else of_several
        await posting.tell(person_id, said, about=about)
    return ()


async def _remember(posting: Posting, interest: Interest) -> None:
    await posting.work.interests.record(interest, EventKind.REMINDED, CLOCK)


async def _reached(posting: Posting, taken: Collection[Deadline]) -> list[Reached]:
    """Return the requests of these deadlines, but for deadlines that came too late."""
    kinds: Mapping[int, set[DeadlineKind]] = defaultdict(set)
    for deadline in taken:
        kinds[deadline.interest_id].add(deadline.kind)
    found = []
    for interest_id in sorted(kinds):
        interest = await posting.work.interests.get(interest_id)
        if interest is None or interest.is_anonymous:
            continue
        valid = {kind for kind in kinds[interest_id] if due.holds_in(interest.status, kind)}
        if DeadlineKind.FORGOTTEN in valid:
            # It leaves its status, and so ends all else that was due there.
            valid = {DeadlineKind.FORGOTTEN}
        if valid:
            found.append(Reached(interest, frozenset(valid)))
    return found


async def undelivered(posting: Posting, item: Pending, why: str) -> bool:
    """Tell the group whose reminder did not arrive; False: the item is no reminder."""
    about = item.about
    if about is None or about.kind is not Kind.REMINDER:
        return False
    owner = await posting.work.people.get(about.id)
    requests = await _returning(posting.work, owner.telegram_id) if owner is not None else []
    if requests:
        numbers = [interest.number for interest in requests[:_MOST_LINES]]
        values = {"numbers": numbers, "more": len(requests) - len(numbers)}
        name = requests[0].owner_name
        text = TEXT("owner_undelivered", name=name, why=alerts.why(why), **values)
        posting.notify(Audience.ADMINISTRATORS, text)
    return True


async def _returning(work: UnitOfWork, owner_id: int) -> list[Interest]:
    found = [
        await work.interests.get(deadline.interest_id)
        for deadline in await work.deadlines.returning(owner_id)
    ]
    return [interest for interest in found if interest is not None]
