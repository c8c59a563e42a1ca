"""A person's right of erasure, over every table; the export is in `access`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, delete, select, update

from storage.engine.errors import NotFoundError
from storage.engine.repository import Repository
from storage.engine.schema import (
    chat_moves,
    contexts,
    conversation_messages,
    conversations,
    drafts,
    inbox,
    interest_events,
    interests,
    outbox,
    people,
    questions,
    rests,
    subscriptions,
)
from storage.privacy.notices import SentNotice, kept_by, sent_about
from storage.queues.inbox import InboxState
from storage.queues.outbox import Audience, OutboxState, lane_of
from storage.records.change_requests import ChangeRequests
from storage.records.colleagues import Colleagues
from storage.records.conversation_values import Conversation
from storage.records.conversations import Conversations
from storage.records.interest_values import Interest
from storage.records.interests import Interests
from storage.records.introductions import Introductions
from storage.records.lifecycle import EventKind
from storage.records.people import People, Person
from storage.records.questions import Questions
from storage.subject import Kind, Subject, is_of, tells_of

# Bodies held in memory at a time.
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of an erasure: rows erased or anonymised, by table, and the notices to blank.

    ``passed_on``: to whom the person's contact was given, by number and name; they are to be told.
    """

    counts: dict[str, int]
    deliveries: tuple[SentNotice, ...]
    passed_on: tuple[tuple[str, str | None], ...] = ()


class Rights(Repository):
    """Erasure, over every table."""

    async def erase(self, person_id: int, *, keep_update_id: int | None = None) -> Erased:
        """Erase everything on a person, and leave anonymous figures.

        The update being handled (`keep_update_id`) is left: `inbox.done` erases it.
        Raises `NotFoundError` if the person is unknown.
        """
        person = await self._required_person(person_id)
        await self._changes.write_all()
        self._changes.touch_everybody()
        self._changes.erases = True
        mine = interests.c.person_id == person_id
        await self._lock_requests(mine, person.telegram_id)
        numbers = {each.id: each.number for each in await self._of_person(person_id)}
        talks = await self._beside(Conversations).of_person(person_id)
        asked = [talk for talk in talks if talk.interest_id is None]
        exchanges = {talk.id: talk.number for talk in talks if talk.interest_id is not None}
        notices = await sent_about(self._connection, numbers) + await self._talk_notices(asked)
        notices += await sent_about(self._connection, exchanges, Kind.EXCHANGE)
        notices += await self._quoting_notices(person_id)
        notices += await self._naming_notices(frozenset(numbers))
        notices += await kept_by(self._connection, person.telegram_id, numbers)
        passed_on = await self._beside(Introductions).passed_on(person_id)
        about_them = tells_of(Kind.INTEREST, numbers) | tells_of(Kind.EXCHANGE, exchanges)
        about_them |= tells_of(Kind.HANDOFF, [talk.id for talk in asked])
        counts = {
            "outbox": await self._erase_outgoing(person.telegram_id, about_them)
            + await self._erase_mails(frozenset(numbers.values())),
            "inbox": await self._erase_incoming(person.telegram_id, keep_update_id),
            "interest_events": await self._erase_names(person.telegram_id)
            + await self._erase_acts(person.telegram_id),
            "colleagues": await self._beside(Colleagues).forget(person.telegram_id),
            "interests": await self._beside(Interests).anonymise(mine),
            "contexts": await self._delete(contexts, contexts.c.person_id == person_id),
            "drafts": await self._delete(drafts, drafts.c.person_id == person_id),
            "subscriptions": await self._delete(
                subscriptions, subscriptions.c.person_id == person_id
            ),
            "conversations": await self._delete(
                conversations, conversations.c.person_id == person_id
            ),
            "questions": await self._beside(Questions).delete(questions.c.person_id == person_id),
            "facilitation": await self._erase_facilitation(person.telegram_id),
            "people": await self._delete(people, people.c.id == person_id),
        }
        await self._delete(chat_moves, chat_moves.c.old_chat_id == person.telegram_id)
        return Erased(counts, notices, passed_on)

    async def _required_person(self, person_id: int) -> Person:
        person = await self._beside(People).get(person_id)
        if person is None:
            raise NotFoundError(f"no person {person_id}")
        return person

    async def _lock_requests(self, mine: ColumnElement[bool], telegram_id: int) -> None:
        """Lock every request that the erasure changes, in the order of their ids.

        Two people may each have requests of the other in charge, and ask at the same moment.
        """
        acted = select(interest_events.c.interest_id).where(
            (interest_events.c.actor_id == telegram_id)
            | (interest_events.c.kind == EventKind.HAND_OVER)
        )
        is_owned = interests.c.owner_id == telegram_id
        await self._lock(interests, mine | is_owned | interests.c.id.in_(acted))

    async def _lock(self, table: Table, condition: ColumnElement[bool]) -> None:
        # Only the order matters here: an update locks rows in the order in which they are stored.
        locked = select(table.c.id).where(condition).order_by(table.c.id).with_for_update()
        await self._connection.execute(locked)

    async def _blank(self, table: Table, condition: ColumnElement[bool], **values: object) -> int:
        """Change rows, locked in the order of their ids; return how many."""
        await self._lock(table, condition)
        changed = await self._connection.execute(update(table).where(condition).values(**values))
        return changed.rowcount

    async def _of_person(self, person_id: int) -> Sequence[Interest]:
        return await self._beside(Interests).of_person(person_id)

    async def _talk_notices(self, talks: Sequence[Conversation]) -> tuple[SentNotice, ...]:
        numbers = {talk.id: talk.number for talk in talks}
        # One statement for all: somebody may have had hundreds of conversations.
        result = await self._connection.execute(
            select(outbox.c.sent_chat_id, outbox.c.message_id, outbox.c.about)
            .distinct()
            .where(is_of(Kind.HANDOFF), outbox.c.sent_chat_id < 0)
            .where(outbox.c.state == OutboxState.SENT, outbox.c.message_id.is_not(None))
        )
        told = [(*row[:2], about.id) for row in result if (about := Subject.parse(row[2]))]
        places = dict.fromkeys(place for place in told if place[2] in numbers)
        return tuple(
            SentNotice(chat, message, numbers[talk], of_conversation=True)
            for chat, message, talk in places
        )

    async def _quoting_notices(self, person_id: int) -> tuple[SentNotice, ...]:
        """Give the messages that quote the person's questions; those not sent yet are deleted."""
        own = await self._connection.scalars(
            select(questions.c.id).where(questions.c.person_id == person_id)
        )
        theirs = frozenset(own)
        places = await self._take_quoting(Kind.GAP, theirs)
        return tuple(SentNotice(*place, "", of_questions=True) for place in places)

    async def _naming_notices(self, requests: frozenset[int]) -> tuple[SentNotice, ...]:
        """Give the lists of found requests that name the firm; those not sent yet are deleted."""
        places = await self._take_quoting(Kind.FOUND, requests)
        return tuple(SentNotice(*place, "", of_search=True) for place in places)

    async def _take_quoting(self, kind: Kind, ids: frozenset[int]) -> list[tuple[int, int]]:
        """Delete what quotes one of these; return where it was sent: chat and message."""
        if not ids:
            return []
        rows = await self._connection.execute(
            select(outbox.c.id, outbox.c.quotes, outbox.c.sent_chat_id, outbox.c.message_id).where(
                is_of(kind), outbox.c.quotes.is_not(None)
            )
        )
        quoting = [row for row in rows if not ids.isdisjoint(row.quotes)]
        await self._delete(outbox, outbox.c.id.in_([row.id for row in quoting]))
        return sorted({(row.sent_chat_id, row.message_id) for row in quoting if row.message_id})

    async def _erase_facilitation(self, telegram_id: int) -> int:
        signatures_erased = await self._beside(Conversations).forget_signature(telegram_id)
        # Exchanges are locked before their messages, as whoever writes in one locks them.
        has_closed = conversations.c.closed_by == telegram_id
        closed = await self._blank(conversations, has_closed, closed_by=None, closed_by_name=None)
        is_author = conversation_messages.c.author_id == telegram_id
        replies = await self._blank(
            conversation_messages, is_author, author_id=None, signature=None
        )
        treated = await self._blank(
            questions, questions.c.treated_by == telegram_id, treated_by=None
        )
        changes = await self._beside(ChangeRequests).forget_actor(telegram_id)
        return signatures_erased + replies + closed + treated + changes

    async def _erase_outgoing(self, chat_id: int, about_them: ColumnElement[bool]) -> int:
        await self._delete(rests, rests.c.lane == lane_of(Audience.PERSON, chat_id))
        return await self._delete(outbox, (outbox.c.chat_id == chat_id) | about_them)

    async def _erase_mails(self, numbers: frozenset[str]) -> int:
        """Delete the e-mails about several requests that name one of these, and are not sent."""
        if not numbers:
            return 0
        rows = await self._connection.execute(
            select(outbox.c.id, outbox.c.payload).where(
                outbox.c.audience == Audience.EMAIL, outbox.c.about.is_(None)
            )
        )
        # Read here, and not compared in the database: the text may be encrypted there.
        naming = [row.id for row in rows if _mentions(row.payload, numbers)]
        return await self._delete(outbox, outbox.c.id.in_(naming))

    async def _erase_incoming(self, chat_id: int, keep_update_id: int | None) -> int:
        # The bare update numbers stay as long as Telegram may send the same updates again.
        result = await self._connection.execute(
            update(inbox)
            .where(inbox.c.chat_id == chat_id, _is_not(keep_update_id))
            .values(
                state=InboxState.DONE,
                chat_id=None,
                body=None,
                message_id=None,
                checksum=None,
                done_at=self._now,
            )
        )
        # Of the update being handled, `done` erases the body; it knows nothing of the account.
        await self._connection.execute(
            update(inbox).where(inbox.c.update_id == keep_update_id).values(chat_id=None)
        )
        return result.rowcount + await self._erase_set_aside(chat_id)

    async def _erase_set_aside(self, telegram_id: int) -> int:
        """Erase what they wrote in groups and could not be handled; other updates keep no body.

        The bodies may be encrypted, so they are read here, a few at a time.
        """
        after, naming = -1, _naming(telegram_id)
        erased = 0
        while rows := await self._set_aside(after):
            found = [number for number, body in rows if naming.search(body)]
            result = await self._connection.execute(
                update(inbox).where(inbox.c.update_id.in_(found)).values(body=None)
            )
            erased, after = erased + result.rowcount, rows[-1][0]
        return erased

    async def _set_aside(self, after: int) -> Sequence[tuple[int, str]]:
        result = await self._connection.execute(
            select(inbox.c.update_id, inbox.c.body)
            .where(inbox.c.state == InboxState.ASIDE, inbox.c.body.is_not(None))
            .where(inbox.c.update_id > after)
            .order_by(inbox.c.update_id)
            .limit(_AT_ONCE)
        )
        return [(row.update_id, row.body) for row in result]

    async def _erase_acts(self, telegram_id: int) -> int:
        is_owned = interests.c.owner_id == telegram_id
        await self._blank(interests, is_owned, owner_id=None, owner_name=None)
        acted = interest_events.c.actor_id == telegram_id
        return await self._blank(interest_events, acted, actor_id=None, actor_name=None)

    async def _erase_names(self, telegram_id: int) -> int:
        """Forget an administrator's name where a request was handed over to them.

        An account may have changed its name: all that it acted under are looked for.
        """
        colleague = await self._beside(Colleagues).get(telegram_id)
        acted = await self._connection.scalars(
            select(interest_events.c.actor_name)
            .distinct()
            .where(interest_events.c.actor_id == telegram_id)
        )
        owned = await self._connection.scalars(
            select(interests.c.owner_name).distinct().where(interests.c.owner_id == telegram_id)
        )
        names = {*acted, *owned, colleague and colleague.name} - {None}
        if not names:
            return 0
        handed = interest_events.c.kind == EventKind.HAND_OVER
        rows = await self._connection.execute(
            select(interest_events.c.id, interest_events.c.note).where(handed)
        )
        # Compared here: the database may hold the notes in a form that it cannot compare.
        naming = [row.id for row in rows if row.note in names]
        return await self._blank(interest_events, interest_events.c.id.in_(naming), note=None)

    async def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        return (await self._connection.execute(delete(table).where(condition))).rowcount


def _mentions(payload: object, numbers: frozenset[str]) -> bool:
    text = str(payload)
    return any(number in text for number in numbers)


def _naming(telegram_id: int) -> re.Pattern[str]:
    """Match the JSON in which this account's number stands as a whole value."""
    return re.compile(rf": ?{telegram_id}[,}} ]")


def _is_not(update_id: int | None) -> ColumnElement[bool]:
    return inbox.c.update_id.is_distinct_from(update_id)
