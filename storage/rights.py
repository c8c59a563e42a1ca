"""A person's rights: everything held on them, given back or erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select, update

from storage.drafts import Draft, Drafts
from storage.errors import NotFoundError
from storage.inbox import InboxState
from storage.interest import Event, Interest, Status
from storage.interests import Interests
from storage.outbox import Audience, OutboxState
from storage.people import People, Person
from storage.questions import Question, Questions
from storage.repository import Repository
from storage.schema import drafts, inbox, interest_events, interests, outbox, people, questions


@dataclass(frozen=True, slots=True)
class Message:
    """A message that did not reach the person yet, or never will: its Bot API call."""

    method: str
    payload: Mapping[str, Any]
    created_at: datetime
    filename: str | None


@dataclass(frozen=True, slots=True)
class Act:
    """What this Telegram account did, as an administrator, to somebody's interest."""

    number: str
    status: Status
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything stored on one person; `incoming` is raw JSON, as received from Telegram."""

    person: Person
    draft: Draft | None
    interests: tuple[tuple[Interest, tuple[Event, ...]], ...]
    questions: tuple[Question, ...]
    outgoing: tuple[Message, ...]
    incoming: tuple[str, ...]
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A message already sent to others about the person's interest, to be blanked there."""

    chat_id: int
    message_id: int
    number: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: rows erased or anonymised by table, and the notices left to blank."""

    counts: dict[str, int]
    deliveries: tuple[SentNotice, ...]


class Rights(Repository):
    """Access and erasure, over every table."""

    async def export(self, person_id: int, *, except_update_id: int | None = None) -> PersonalData:
        """Gather everything stored on a person; `NotFoundError` if they are unknown.

        `except_update_id` leaves out the request for the export itself.
        """
        person = await self._known(person_id)
        return PersonalData(
            person=person,
            draft=await Drafts(self._connection, self._now).of(person_id),
            interests=await self._interests(person_id),
            questions=await Questions(self._connection, self._now).of_person(person_id),
            outgoing=await self._outgoing(person.telegram_id),
            incoming=await self._incoming(person.telegram_id, except_update_id),
            acts=await self._acts(person.telegram_id),
        )

    async def erase(self, person_id: int, *, keep_update_id: int | None = None) -> Erased:
        """Erase everything on a person, and leave anonymous figures.

        The update being handled (`keep_update_id`) is left for its own `inbox.done`.
        Raises `NotFoundError` if the person is unknown.
        """
        person = await self._known(person_id)
        mine = interests.c.person_id == person_id
        numbers = {one.about: one.number for one in await self._of_person(person_id)}
        notices = await self._notices(numbers)
        counts = {
            "outbox": await self._erase_outgoing(person.telegram_id, list(numbers)),
            "inbox": await self._erase_incoming(person.telegram_id, keep_update_id),
            "interest_events": await self._erase_acts(person.telegram_id),
            "interests": await Interests(self._connection, self._now).anonymise(mine),
            "drafts": await self._delete(drafts, drafts.c.person_id == person_id),
            "questions": await self._delete(questions, questions.c.person_id == person_id),
            "people": await self._delete(people, people.c.id == person_id),
        }
        return Erased(counts, notices)

    async def _known(self, person_id: int) -> Person:
        person = await People(self._connection, self._now).get(person_id)
        if person is None:
            raise NotFoundError(f"no person {person_id}")
        return person

    async def _of_person(self, person_id: int) -> Sequence[Interest]:
        return await Interests(self._connection, self._now).of_person(person_id)

    async def _interests(self, person_id: int) -> tuple[tuple[Interest, tuple[Event, ...]], ...]:
        events = Interests(self._connection, self._now).events
        return tuple([(one, await events(one.id)) for one in await self._of_person(person_id)])

    async def _outgoing(self, chat_id: int) -> tuple[Message, ...]:
        columns = (outbox.c.method, outbox.c.payload, outbox.c.created_at, outbox.c.filename)
        result = await self._connection.execute(
            select(*columns)
            .where(outbox.c.chat_id == chat_id, outbox.c.state != OutboxState.SENT)
            .order_by(outbox.c.id)
        )
        return tuple(Message(*row) for row in result)

    async def _incoming(self, chat_id: int, except_update_id: int | None) -> tuple[str, ...]:
        result = await self._connection.scalars(
            select(inbox.c.body)
            .where(inbox.c.chat_id == chat_id, inbox.c.body.is_not(None))
            .where(_is_not(except_update_id))
            .order_by(inbox.c.update_id)
        )
        return tuple(result)

    async def _acts(self, telegram_id: int) -> tuple[Act, ...]:
        columns = (interests.c.number, interest_events.c.status, interest_events.c.at)
        result = await self._connection.execute(
            select(*columns)
            .join_from(interest_events, interests)
            .where(interest_events.c.actor_id == telegram_id)
            .order_by(interest_events.c.id)
        )
        return tuple(Act(row[0], Status(row[1]), row[2]) for row in result)

    async def _notices(self, numbers: Mapping[str, str]) -> tuple[SentNotice, ...]:
        columns = (outbox.c.sent_chat_id, outbox.c.message_id, outbox.c.about)
        result = await self._connection.execute(
            select(*columns)
            .distinct()
            .where(outbox.c.about.in_(numbers), outbox.c.audience != Audience.PERSON)
            .where(outbox.c.state == OutboxState.SENT, outbox.c.message_id.is_not(None))
        )
        return tuple(SentNotice(row[0], row[1], numbers[row[2]]) for row in result)

    async def _erase_outgoing(self, chat_id: int, abouts: Sequence[str]) -> int:
        return await self._delete(
            outbox, (outbox.c.chat_id == chat_id) | outbox.c.about.in_(abouts)
        )

    async def _erase_incoming(self, chat_id: int, keep_update_id: int | None) -> int:
        # The bare numbers stay as long as Telegram may send the same updates again.
        result = await self._connection.execute(
            update(inbox)
            .where(inbox.c.chat_id == chat_id, _is_not(keep_update_id))
            .values(state=InboxState.DONE, chat_id=None, body=None, done_at=self._now)
        )
        return result.rowcount

    async def _erase_acts(self, telegram_id: int) -> int:
        result = await self._connection.execute(
            update(interest_events)
            .where(interest_events.c.actor_id == telegram_id)
            .values(actor_id=None, actor_name=None)
        )
        return result.rowcount

    async def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        return (await self._connection.execute(delete(table).where(condition))).rowcount


def _is_not(update_id: int | None) -> ColumnElement[bool]:
    return inbox.c.update_id.is_distinct_from(update_id)
