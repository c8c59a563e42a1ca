"""What the bot owes: calls to Telegram, written with what caused them and made later."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from storage.repository import Repository
from storage.schema import chat_moves, outbox


class Audience(StrEnum):
    """Who a message is for; where the groups are is known when it is sent."""

    PERSON = "person"
    ADMINISTRATORS = "administrators"
    FACILITATORS = "facilitators"


class OutboxState(StrEnum):
    """Where a message stands; a parked one can never be delivered."""

    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A Bot API call to make: `payload` (JSON, without `chat_id`), perhaps a file.

    `chat_id` is needed for a person, and is left out for a group. `about` ("interest:12") keeps
    a record of the delivery, without its content.
    """

    audience: Audience
    method: str
    payload: Mapping[str, Any]
    chat_id: int | None = None
    attachment: bytes | None = None
    filename: str | None = None
    about: str | None = None
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a person without a chat, and a group with one (it is a setting)."""
        if (self.audience is Audience.PERSON) != (self.chat_id is not None):
            raise ValueError("a message to a person, and only such a one, needs a chat_id")


@dataclass(frozen=True, slots=True)
class Pending:
    """A call to make now; one lane's calls are made one after the other."""

    id: int
    lane: str
    audience: Audience
    chat_id: int | None
    method: str
    payload: dict[str, Any]
    attachment: bytes | None
    filename: str | None
    about: str | None
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message arrived."""

    chat_id: int
    message_id: int


class Outbox(Repository):
    """The tables `outbox` and `chat_moves`."""

    async def add(self, outgoing: Outgoing) -> int:
        """Owe this call; it exists only if the unit of work commits. Returns its id."""
        result = await self._connection.execute(
            self._insert(outbox)
            .values(
                lane=lane_of(outgoing.audience, outgoing.chat_id),
                audience=outgoing.audience,
                chat_id=outgoing.chat_id,
                method=outgoing.method,
                payload=dict(outgoing.payload),
                attachment=outgoing.attachment,
                filename=outgoing.filename,
                about=outgoing.about,
                not_before=outgoing.not_before,
                created_at=self._now,
                state=OutboxState.WAITING,
            )
            .returning(outbox.c.id)
        )
        return int(result.scalar_one())

    async def next(
        self, busy: Collection[str], limit: int, audiences: Collection[Audience]
    ) -> tuple[Pending, ...]:
        """Give the oldest waiting call of each lane, oldest first.

        A lane being served (`busy`), or whose oldest call was postponed, is skipped whole;
        audiences not listed keep waiting.
        """
        result = await self._connection.execute(
            select(*_PENDING)
            .where(
                _is_head(),
                outbox.c.lane.not_in(busy),
                outbox.c.audience.in_(audiences),
                outbox.c.not_before.is_(None) | (outbox.c.not_before <= self._now),
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return tuple(Pending(row[0], row[1], Audience(row[2]), *row[3:]) for row in result)

    async def sent(self, outgoing_id: int, chat_id: int, message_id: int | None) -> bool:
        """Forget a call that was made, or keep only the trace of it when it is about something.

        False when the row is gone: it was erased while it was being sent, and so should be the
        message.
        """
        result = await self._connection.execute(
            delete(outbox).where(outbox.c.id == outgoing_id, outbox.c.about.is_(None))
        )
        if result.rowcount:
            return True
        return await self._change(
            outgoing_id,
            state=OutboxState.SENT,
            payload=None,
            attachment=None,
            filename=None,
            error=None,
            sent_chat_id=chat_id,
            message_id=message_id,
            sent_at=self._now,
        )

    async def postpone(self, outgoing_id: int, until: datetime, error: str) -> None:
        """Count a failed attempt; the call and its lane wait until then."""
        await self._change(
            outgoing_id, attempts=outbox.c.attempts + 1, not_before=until, error=error
        )

    async def park(self, outgoing_id: int, error: str) -> None:
        """Give up a call that can never be made; its lane goes on."""
        await self._change(outgoing_id, state=OutboxState.PARKED, error=error, parked_at=self._now)

    async def delivery(self, about: str, audience: Audience | None = None) -> Delivery | None:
        """Tell where the last message sent about something (to that audience) is."""
        conditions = [
            outbox.c.about == about,
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

    async def waiting_count(self, audience: Audience | None = None) -> int:
        """Count the calls that wait, in all or for one audience."""
        statement = select(func.count()).where(outbox.c.state == OutboxState.WAITING)
        if audience is not None:
            statement = statement.where(outbox.c.audience == audience)
        return await self._connection.scalar(statement) or 0

    async def next_due(self, audiences: Collection[Audience]) -> datetime | None:
        """Tell when the first postponed lane may be tried again; those due already do not count."""
        due: datetime | None = await self._connection.scalar(
            select(func.min(outbox.c.not_before)).where(
                _is_head(), outbox.c.audience.in_(audiences), outbox.c.not_before > self._now
            )
        )
        return due

    async def moved(self, old_chat_id: int, new_chat_id: int) -> None:
        """Follow a group that became a supergroup (Bot API, `migrate_to_chat_id`)."""
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
            .values(chat_id=new_chat_id, lane=lane_of(Audience.PERSON, new_chat_id))
        )

    async def current_chat(self, chat_id: int) -> int:
        """Give the chat's present id, which is the same unless it moved."""
        moved = await self._connection.scalar(
            select(chat_moves.c.new_chat_id).where(chat_moves.c.old_chat_id == chat_id)
        )
        return chat_id if moved is None else moved

    async def _change(self, outgoing_id: int, **values: object) -> bool:
        result = await self._connection.execute(
            update(outbox).where(outbox.c.id == outgoing_id).values(**values)
        )
        return result.rowcount > 0


def lane_of(audience: Audience, chat_id: int | None) -> str:
    """Name the queue in which a call waits for those before it."""
    return f"{audience}:{chat_id}" if audience is Audience.PERSON else audience.value


_PENDING = (
    outbox.c.id,
    outbox.c.lane,
    outbox.c.audience,
    outbox.c.chat_id,
    outbox.c.method,
    outbox.c.payload,
    outbox.c.attachment,
    outbox.c.filename,
    outbox.c.about,
    outbox.c.attempts,
    outbox.c.created_at,
)


def _is_head() -> ColumnElement[bool]:
    waiting = outbox.alias("waiting")
    heads = (
        select(func.min(waiting.c.id))
        .where(waiting.c.state == OutboxState.WAITING)
        .group_by(waiting.c.lane)
    )
    return outbox.c.id.in_(heads)
