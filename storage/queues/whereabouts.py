"""Where the messages of the bot stand, and where the chats have moved since."""

from collections.abc import Collection

from sqlalchemy import delete, select, update

from storage.engine.repository import Repository
from storage.engine.schema import OUTBOX_WAITING, chat_moves, outbox
from storage.queues.outgoing import Audience, Delivery, OutboxState, lane_of
from storage.subject import Subject


class Whereabouts(Repository):
    """The delivery records of the table `outbox`, and the table `chat_moves`."""

    async def delivery(self, about: Subject, audience: Audience | None = None) -> Delivery | None:
        """Return where the last message about a subject (sent to that audience) is."""
        conditions = [
            outbox.c.about == about.pack(),
            outbox.c.state == OutboxState.SENT,
            outbox.c.method == "sendMessage",
            outbox.c.message_id.is_not(None),
        ]
        if audience is not None:
            conditions.append(outbox.c.audience == audience)
        result = await self._connection.execute(
            select(outbox.c.sent_chat_id, outbox.c.message_id)
            .where(*conditions)
            .order_by(outbox.c.id.desc())
            .limit(1)
        )
        row = result.one_or_none()
        return None if row is None else Delivery(*row)

    async def stranded(self, subjects: Collection[Subject], chat_id: int) -> frozenset[Subject]:
        """Return those whose last message is elsewhere than in this chat, and of which none waits.

        One statement for all: a group may hold hundreds of them when it moves.
        """
        await self._changes.write(outbox)
        places = await self._connection.execute(
            select(outbox.c.about, outbox.c.sent_chat_id)
            .where(outbox.c.about.in_([about.pack() for about in subjects]))
            .where(outbox.c.method == "sendMessage")
            .where(OUTBOX_WAITING | outbox.c.message_id.is_not(None))
            .order_by(outbox.c.id)
        )
        last = {row.about: row.sent_chat_id not in (None, chat_id) for row in places}
        return frozenset([about for about in subjects if last.get(about.pack())])

    async def subject_of(self, delivered: Delivery) -> Subject | None:
        """Return the record that a message of ours is about, by where it was delivered.

        None if we sent no such message, if it has no subject, or several. Where several parts of
        one record were shown in it, the record as a whole.
        """
        result = await self._connection.scalars(
            select(outbox.c.about)
            .distinct()
            .where(
                outbox.c.sent_chat_id == delivered.chat_id,
                outbox.c.message_id == delivered.message_id,
                outbox.c.state == OutboxState.SENT,
            )
        )
        subjects = {subject for about in result if (subject := Subject.parse(about)) is not None}
        wholes = {(subject.kind, subject.id) for subject in subjects}
        if len(wholes) != 1:
            return None
        return subjects.pop() if len(subjects) == 1 else Subject(*wholes.pop())

    async def moved(self, old_chat_id: int, new_chat_id: int) -> None:
        """Follow a group that became a supergroup (Bot API, `migrate_to_chat_id`).

        Moves may be told out of order: each chat's updates are handled apart from the others'.
        """
        latest = await self.current_chat(new_chat_id)
        new_chat_id = new_chat_id if latest == old_chat_id else latest
        await self._connection.execute(
            update(chat_moves)
            .where(chat_moves.c.new_chat_id == old_chat_id)
            .values(new_chat_id=new_chat_id)
        )
        values = {"new_chat_id": new_chat_id, "moved_at": self._now}
        await self._connection.execute(
            self._insert(chat_moves)
            .values(old_chat_id=old_chat_id, **values)
            .on_conflict_do_update(index_elements=[chat_moves.c.old_chat_id], set_=values)
        )
        await self._connection.execute(
            delete(chat_moves).where(chat_moves.c.old_chat_id == new_chat_id)
        )
        await self._connection.execute(
            update(outbox)
            .where(outbox.c.chat_id == old_chat_id, outbox.c.state == OutboxState.WAITING)
            # The number of a message means another message in the new chat, or none.
            .where(outbox.c.method.not_like("edit%"), outbox.c.method.not_like("delete%"))
            # The claims were on the old lane; another worker may be serving the new one.
            .values(
                chat_id=new_chat_id,
                lane=lane_of(Audience.PERSON, new_chat_id),
                claimed_by=None,
            )
        )

    async def current_chat(self, chat_id: int) -> int:
        """Give the chat's present id, which is the same unless it moved."""
        moved = await self._connection.scalar(
            select(chat_moves.c.new_chat_id).where(chat_moves.c.old_chat_id == chat_id)
        )
        return chat_id if moved is None else moved
