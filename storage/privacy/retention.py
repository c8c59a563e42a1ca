"""Retention: how long each kind of data is kept, and the sweep that erases it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, delete, exists, func, or_, select, update

from storage.engine.repository import Repository
from storage.engine.schema import (
    VISITORS_BELOW,
    allowances,
    colleagues,
    contexts,
    conversations,
    drafts,
    inbox,
    interests,
    outbox,
    people,
    questions,
    signatures,
    subscriptions,
)
from storage.privacy.notices import SentNotice, sent_about
from storage.privacy.register import Register
from storage.queues.alerts import Alerts
from storage.queues.inbox import InboxState
from storage.queues.outbox import Audience
from storage.records.change_requests import ChangeRequests
from storage.records.consents import Consents
from storage.records.contexts import VALID
from storage.records.interests import Interests
from storage.records.questions import QuestionLimits, Questions
from storage.subject import Kind, is_of, tells_of
from storage.workers.schedule import Schedule

# Databases limit the parameters of one statement; SQLite's lowest limit was 999, and an interest
# takes two (see `tells_of`).
_AT_ONCE = 450
# The sweep's name in the schedule, and how often it is due.
_NAME = "retention"
_EVERY = timedelta(hours=1)
_LIMITS = QuestionLimits()


def months(count: int) -> timedelta:
    """Return some months as whole days: twelve are a year."""
    return timedelta(days=round(count * 365 / 12))


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long each thing is kept. People read it in the words of ``handlers/core/kept.py``.

    `context`, what a person was shown last, counts from then.
    `draft` counts from its last answer, or from when a person was asked about passing a text
    on; `question` counts from when it was asked. `conversation` counts from its closing, or
    from its last change if it was never closed; the delivery records of its messages go with
    it. `interest` counts from its closing, or from its last change if it was never closed; it
    is then anonymised; the exchange about it goes, and the delivery records of both. `inbox_done`
    counts from when an update was handled, `inbox_aside` from when it was set aside.
    `outbox_record` counts from when a message was parked, or from when it was sent if it is about
    no conversation and no interest; the record of one that quotes questions is kept as long as a
    question. `person` counts from the last message of someone with no other data, from the last use
    of a facilitator's signature, and from when an administrator was last met.
    """

    context: timedelta = VALID
    draft: timedelta = timedelta(hours=48)
    question: timedelta = timedelta(days=90)
    conversation: timedelta = timedelta(days=90)
    interest: timedelta = timedelta(days=365)
    inbox_done: timedelta = timedelta(hours=48)
    inbox_aside: timedelta = timedelta(days=7)
    outbox_record: timedelta = timedelta(days=30)
    person: timedelta = timedelta(days=365)


class Retention(Repository):
    """Erases or anonymises rows that have been kept long enough.

    `notices`: what the last sweep leaves to be blanked in the groups of the team.
    """

    notices: tuple[SentNotice, ...] = ()

    async def sweep(self, durations: Durations, limits: QuestionLimits = _LIMITS) -> dict[str, int]:
        """Apply these if the last sweep was an hour ago, unless another worker is doing it."""
        is_due = await self._beside(Schedule).claim(_NAME, self._now - _EVERY)
        return await self.apply(durations, limits) if is_due else {}

    async def apply(self, durations: Durations, limits: QuestionLimits = _LIMITS) -> dict[str, int]:
        """Erase or anonymise what has been kept long enough; returns row counts by table."""
        # Interests come first, as their notices go with them; people last, as they go only once no
        # other row refers to them.
        await self._forget_offers(durations.draft)
        anonymised, notices = await self._anonymise_interests(durations.interest)
        ended, lines = await self._forget_conversations(durations.conversation)
        counts = {
            "interests": anonymised,
            "outbox": notices + lines + await self._forget_outgoing(durations),
            "inbox": await self._forget_incoming(durations),
            "drafts": await self._delete(drafts, drafts.c.updated_at < self._now - durations.draft),
            "contexts": await self._delete(
                contexts, contexts.c.at <= self._now - durations.context
            ),
            "subscriptions": await self._forget_subscriptions(durations.person),
            "questions": await self._forget_questions(durations.question, limits),
            "conversations": ended,
            "signatures": await self._delete(
                signatures, signatures.c.used_at < self._now - durations.person
            ),
            "colleagues": await self._delete(
                colleagues, colleagues.c.seen_at < self._now - durations.person
            ),
            "allowances": await self._delete(allowances, allowances.c.until <= self._now),
            "alerts": await self._beside(Alerts).forget(durations.outbox_record),
            "publications": await self._beside(ChangeRequests).forget(),
            "people": await self._forget_people(durations.person),
            "consent_wordings": await self._beside(Consents).forget(durations.interest),
        }
        await self._beside(Register).add(counts)
        self._changes.erases = any(counts.values())
        return counts

    async def _anonymise_interests(self, duration: timedelta) -> tuple[int, int]:
        # An interest that was never closed must not be kept for ever: its last change counts.
        last = func.coalesce(interests.c.closed_at, interests.c.updated_at)
        due = (
            select(interests.c.id, interests.c.number)
            .where(last < self._now - duration, interests.c.person_id.is_not(None))
            .limit(_AT_ONCE)
        )
        anonymised = notices = 0
        while rows := (await self._connection.execute(due)).all():
            numbers = {row.id: row.number for row in rows}
            ids = tuple(numbers)
            self.notices += await sent_about(self._connection, numbers)
            notices += await self._delete(outbox, tells_of(Kind.INTEREST, ids))
            notices += await self._forget_exchanges(ids)
            anonymised += await self._beside(Interests).anonymise(interests.c.id.in_(ids))
        return anonymised, notices

    async def _forget_exchanges(self, interest_ids: Collection[int]) -> int:
        """Forget what was delivered of the exchanges about these; they go with the interests."""
        result = await self._connection.execute(
            select(conversations.c.id, conversations.c.number).where(
                conversations.c.interest_id.in_(interest_ids)
            )
        )
        numbers = {row.id: row.number for row in result}
        lines = 0
        ids, most = tuple(numbers), max(1, _AT_ONCE // 10)
        for first in range(0, len(ids), most):
            some = {one: numbers[one] for one in ids[first : first + most]}
            self.notices += await sent_about(self._connection, some, Kind.EXCHANGE)
            lines += await self._delete(outbox, tells_of(Kind.EXCHANGE, some))
        return lines

    async def _forget_conversations(self, duration: timedelta) -> tuple[int, int]:
        last = func.coalesce(conversations.c.closed_at, conversations.c.updated_at)
        due = (
            select(conversations.c.id)
            .where(last < self._now - duration, conversations.c.interest_id.is_(None))
            .limit(_AT_ONCE // 10)
        )
        ended = lines = 0
        while ids := (await self._connection.scalars(due)).all():
            lines += await self._delete(outbox, tells_of(Kind.HANDOFF, ids))
            ended += await self._delete(conversations, conversations.c.id.in_(ids))
        return ended, lines

    async def _forget_offers(self, duration: timedelta) -> None:
        """Forget the texts that people were asked about passing on, and said nothing."""
        await self._connection.execute(
            update(conversations)
            .where(conversations.c.offered_at < self._now - duration)
            .values(offered=None, offered_in=None, offered_at=None)
        )

    async def _forget_outgoing(self, durations: Durations) -> int:
        limit = self._now - durations.outbox_record
        lasting = is_of(Kind.INTEREST, Kind.HANDOFF, Kind.EXCHANGE) | outbox.c.quotes.is_not(None)
        # What quotes questions lasts as long as they do, and so with the requests of a list.
        is_list = is_of(Kind.FOUND)
        outlived = or_(
            ~is_list & (outbox.c.sent_at < self._now - durations.question),
            is_list & (outbox.c.sent_at < self._now - durations.interest),
        )
        quoting = outbox.c.quotes.is_not(None) & outlived
        # Owed before the mail server was taken out of the settings: nobody sends them.
        unsent = (outbox.c.audience == Audience.EMAIL) & (outbox.c.created_at < limit)
        return await self._delete(
            outbox,
            (outbox.c.parked_at < limit)
            | ((outbox.c.sent_at < limit) & ~lasting)
            | quoting
            | unsent,
        )

    async def _forget_incoming(self, durations: Durations) -> int:
        is_done = (inbox.c.state == InboxState.DONE) & (
            inbox.c.done_at < self._now - durations.inbox_done
        )
        is_aside = (inbox.c.state == InboxState.ASIDE) & (
            inbox.c.done_at < self._now - durations.inbox_aside
        )
        return await self._delete(inbox, is_done | is_aside)

    async def _forget_questions(self, duration: timedelta, limits: QuestionLimits) -> int:
        kept = self._beside(Questions)
        old = await kept.delete(questions.c.asked_at < self._now - duration)
        return old + await kept.thin_out(limits)

    async def _forget_subscriptions(self, duration: timedelta) -> int:
        # Who is silent is told before, that it ends (bot/recurring/project_news.py): this is for
        # what was not.
        limit = self._now - duration
        is_silent = exists().where(
            people.c.id == subscriptions.c.person_id, people.c.last_seen_at < limit
        )
        return await self._delete(subscriptions, subscriptions.c.consent_at < limit, is_silent)

    async def _forget_people(self, duration: timedelta) -> int:
        left_something = [
            exists().where(table.c.person_id == people.c.id)
            for table in (interests, drafts, questions, conversations, subscriptions)
        ]
        return await self._delete(
            people,
            # Who wrote by the pages is known for what they sent alone.
            (people.c.last_seen_at < self._now - duration)
            | (people.c.telegram_id < VISITORS_BELOW),
            *(~something for something in left_something),
        )

    async def _delete(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        return (await self._connection.execute(delete(table).where(*conditions))).rowcount
