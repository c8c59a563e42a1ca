"""Updates as they came from Telegram, kept until their handling has committed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update

from storage.repository import Repository
from storage.schema import inbox

# Telegram keeps an update for 24 hours, and after a week of silence may number anew from anywhere:
# an older row neither protects from a repetition nor tells what comes next.
CURSOR_MEMORY = timedelta(days=3)


class InboxState(StrEnum):
    """Where an update stands."""

    WAITING = "waiting"
    DONE = "done"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Received:
    """An update to keep: Telegram's number, the chat whose order it obeys, its raw JSON."""

    update_id: int
    chat_id: int
    body: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An update to handle; `attempts` counts the failed ones."""

    update_id: int
    chat_id: int
    body: str
    received_at: datetime
    attempts: int


class Inbox(Repository):
    """The table `inbox`."""

    async def add(self, rows: Sequence[Received]) -> int:
        """Keep these updates in one statement; those already known, even done, are ignored.

        Returns how many are new.
        """
        if not rows:
            return 0
        result = await self._connection.execute(
            self._insert(inbox).on_conflict_do_nothing().returning(inbox.c.update_id),
            [self._waiting_row(row) for row in rows],
        )
        return len(result.all())

    async def next(self, busy: Collection[int], limit: int) -> tuple[Waiting, ...]:
        """Give the oldest waiting update of each chat, oldest first.

        A chat being handled (`busy`), or whose oldest update was postponed, is skipped whole.
        """
        columns = (
            inbox.c.update_id,
            inbox.c.chat_id,
            inbox.c.body,
            inbox.c.received_at,
            inbox.c.attempts,
        )
        result = await self._connection.execute(
            select(*columns)
            .where(_is_head(), inbox.c.chat_id.not_in(busy), self._is_due())
            .order_by(inbox.c.update_id)
            .limit(limit)
        )
        return tuple(Waiting(*row) for row in result)

    async def done(self, update_id: int) -> None:
        """Mark an update as handled and erase what it said."""
        await self._finish(update_id, state=InboxState.DONE, body=None)

    async def set_aside(self, update_id: int, reference: str) -> None:
        """Stop trying an update that cannot be handled; the reference finds it in the logs."""
        await self._finish(update_id, state=InboxState.ASIDE, reference=reference)

    async def postpone(self, update_id: int, until: datetime) -> None:
        """Count a failed attempt; the update and its chat wait until then."""
        await self._connection.execute(
            update(inbox)
            .where(inbox.c.update_id == update_id)
            .values(attempts=inbox.c.attempts + 1, not_before=until)
        )

    async def cursor(self) -> int | None:
        """Give the highest update number kept in the last days: polling starts after it."""
        highest: int | None = await self._connection.scalar(
            select(func.max(inbox.c.update_id)).where(
                inbox.c.received_at > self._now - CURSOR_MEMORY
            )
        )
        return highest

    async def backlog(self) -> int:
        """Count the updates that wait."""
        count = await self._connection.scalar(
            select(func.count()).where(inbox.c.state == InboxState.WAITING)
        )
        return count or 0

    async def next_due(self) -> datetime | None:
        """Tell when the first postponed chat may be tried again; those due already do not count."""
        due: datetime | None = await self._connection.scalar(
            select(func.min(inbox.c.not_before)).where(_is_head(), inbox.c.not_before > self._now)
        )
        return due

    def _waiting_row(self, row: Received) -> dict[str, object]:
        return {
            "update_id": row.update_id,
            "chat_id": row.chat_id,
            "body": row.body,
            "received_at": self._now,
            "state": InboxState.WAITING,
        }

    async def _finish(self, update_id: int, **values: object) -> None:
        await self._connection.execute(
            update(inbox)
            .where(inbox.c.update_id == update_id)
            .values(done_at=self._now, not_before=None, **values)
        )

    def _is_due(self) -> ColumnElement[bool]:
        return inbox.c.not_before.is_(None) | (inbox.c.not_before <= self._now)


def _is_head() -> ColumnElement[bool]:
    waiting = inbox.alias("waiting")
    heads = (
        select(func.min(waiting.c.update_id))
        .where(waiting.c.state == InboxState.WAITING)
        .group_by(waiting.c.chat_id)
    )
    return inbox.c.update_id.in_(heads)
