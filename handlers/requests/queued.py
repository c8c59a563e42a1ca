"""What the clock has queued about a request and is not sent yet: it must not outlive its reason."""

from collections.abc import Sequence

from handlers.core.posting import Posting
from handlers.messages import PARIS
from storage.records.deadlines import DeadlineKind
from storage.records.interests import OPEN, Interest, Status
from storage.records.people import Person
from storage.subject import Kind


async def drop(posting: Posting, interest: Interest) -> bool:
    """Drop what waits for the office's hours about a request that has just moved.

    News of its project is news still, until the request ends. True where something about this
    request alone was dropped.
    """
    outbox, has_ended = posting.work.outbox, interest.status not in OPEN
    dropped = await outbox.drop_kept(interest.about_note, news_too=has_ended)
    for about, at in await outbox.drop_kept_naming(Kind.REMINDER, interest.number):
        reader = await posting.work.people.get(about.id)
        # A reader of many is worked on in several transactions, and gets one message a morning.
        opened = posting.services.office.opening(at.astimezone(PARIS).date())
        others = await posting.work.interests.reminded_between(min(opened, at), at)
        if reader is not None:
            await _plan_again(posting, reader, [each for each in others if each.id != interest.id])
    return dropped > 0


async def _plan_again(posting: Posting, reader: Person, others: Sequence[Interest]) -> None:
    """Let a reader be reminded of the other requests of a dropped message, a working day later."""
    tomorrow = posting.services.office.due(posting.work.now, 1)
    for other in others:
        kind = await _told(posting, reader, other)
        if kind is not None:
            await posting.work.deadlines.plan(other.id, kind, tomorrow)
        if kind is DeadlineKind.UNTOUCHED:
            # It returns so long after its owner has read of it, and that is still to come.
            await posting.work.deadlines.drop(other.id, (DeadlineKind.FORGOTTEN,))


async def _told(posting: Posting, reader: Person, other: Interest) -> DeadlineKind | None:
    """Return what a reader was told of a request in the same message; None for nothing."""
    if other.person_id == reader.id:
        if other.status is Status.TAKEN:
            return DeadlineKind.UNHEARD
        planned = {each.kind for each in await posting.work.deadlines.of(other.id)}
        is_told = DeadlineKind.STILL_UNTAKEN in planned
        return DeadlineKind.UNTAKEN_LONG if is_told else None
    is_owner = other.status is Status.TAKEN and other.owner_id == reader.telegram_id
    return DeadlineKind.UNTOUCHED if is_owner else None
