"""The people who wrote to the bot: a Telegram id and three dates, nothing else."""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.sql.dml import ReturningInsert

from storage.repository import Repository, insert_into
from storage.schema import people


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who wrote to the bot; `blocked_at` says since when the bot may not write back."""

    id: int
    telegram_id: int
    created_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None


class People(Repository):
    """The table `people`."""

    async def seen(self, telegram_id: int) -> Person:
        """Record that this person has just written; the first time makes them known."""
        now = {"created_at": self._now, "last_seen_at": self._now}
        result = await self._connection.execute(
            _seeing(self._dialect), {"telegram_id": telegram_id, **now}
        )
        return _person(result.one())

    async def get(self, person_id: int) -> Person | None:
        """Find a person by our id."""
        return await self._find(people.c.id == person_id)

    async def by_telegram(self, telegram_id: int) -> Person | None:
        """Find a person by Telegram's id, without making them known."""
        return await self._find(people.c.telegram_id == telegram_id)

    async def blocked(self, telegram_id: int) -> None:
        """Record that this person blocked the bot; a later report does not move the date."""
        await self._connection.execute(
            update(people)
            .where(people.c.telegram_id == telegram_id, people.c.blocked_at.is_(None))
            .values(blocked_at=self._now)
        )

    async def unblocked(self, telegram_id: int) -> None:
        """Record that this person lets the bot write again."""
        await self._connection.execute(
            update(people).where(people.c.telegram_id == telegram_id).values(blocked_at=None)
        )

    async def _find(self, condition: ColumnElement[bool]) -> Person | None:
        row = (await self._connection.execute(select(people).where(condition))).one_or_none()
        return None if row is None else _person(row)


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(**row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)


@functools.cache
def _seeing(dialect: str) -> ReturningInsert[Any]:
    statement = insert_into(people, dialect)
    return statement.on_conflict_do_update(
        index_elements=[people.c.telegram_id],
        set_={"last_seen_at": statement.excluded.last_seen_at},
    ).returning(people)
