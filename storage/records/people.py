"""The people who wrote to the bot: a Telegram id, three dates, the language they write in."""

import functools
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, select, update
from sqlalchemy.sql.dml import ReturningInsert

from storage.engine.repository import Repository, insert_into
from storage.engine.schema import people

# Of somebody who never wrote in another language.
USUAL_LANGUAGE = "fr"


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language to answer somebody in; `is_chosen` where they asked for it themselves."""

    language: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person who wrote to the bot; `blocked_at` is since when they have blocked it.

    `language` is the one that they wrote in last, or chose (`language_chosen`).
    """

    id: int
    telegram_id: int
    created_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None
    language: str | None = None
    language_chosen: bool = False

    @property
    def tongue(self) -> Tongue:
        """The language to answer them in."""
        return Tongue(self.language or USUAL_LANGUAGE, self.language_chosen)


class People(Repository):
    """The table `people`."""

    async def recognise(self, telegram_ids: Collection[int]) -> tuple[Person, ...]:
        """Record that these people have just written; returns those already stored, adds nobody."""
        if not telegram_ids:
            return ()
        result = await self._connection.execute(
            _RECOGNISING, {"telegram_ids": list(telegram_ids), "now": self._now}
        )
        return tuple(map(_person, result))

    async def seen(self, telegram_id: int) -> Person:
        """Record that this person has just written; adds their row the first time."""
        now = {"created_at": self._now, "last_seen_at": self._now}
        result = await self._connection.execute(
            _seeing(self._dialect), {"telegram_id": telegram_id, **now}
        )
        return _person(result.one())

    async def get(self, person_id: int) -> Person | None:
        """Find a person by our id."""
        statement = select(*_COLUMNS).where(people.c.id == person_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else _person(row)

    async def find(self, telegram_id: int) -> Person | None:
        """Find a person by Telegram's id, without making them known."""
        statement = select(*_COLUMNS).where(people.c.telegram_id == telegram_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else _person(row)

    async def tongues(self, telegram_ids: Collection[int]) -> dict[int, Tongue]:
        """Return the languages to answer these people in, by Telegram id, known or not."""
        found = dict.fromkeys(telegram_ids, Tongue(USUAL_LANGUAGE, is_chosen=False))
        if found:
            columns = (people.c.telegram_id, people.c.language, people.c.language_chosen)
            statement = select(*columns).where(
                people.c.telegram_id.in_(found), people.c.language.is_not(None)
            )
            for telegram_id, language, is_chosen in await self._connection.execute(statement):
                found[telegram_id] = Tongue(language, is_chosen)
        return found

    async def speaks(self, person_id: int, language: str, *, is_chosen: bool) -> None:
        """Record the language to answer this person in, and whether they asked for it."""
        await self._change(people.c.id == person_id, language=language, language_chosen=is_chosen)

    async def blocked(self, telegram_id: int) -> None:
        """Record that this person blocked the bot; a later report does not move the date."""
        is_new = people.c.blocked_at.is_(None)
        await self._change(people.c.telegram_id == telegram_id, is_new, blocked_at=self._now)

    async def unblocked(self, telegram_id: int) -> None:
        """Record that this person no longer blocks the bot."""
        await self._change(people.c.telegram_id == telegram_id, blocked_at=None)

    async def _change(self, *conditions: ColumnElement[bool], **values: object) -> None:
        changed = await self._connection.scalars(
            update(people).where(*conditions).values(**values).returning(people.c.id)
        )
        for person_id in changed:
            self._changes.touch(person_id)


_COLUMNS = tuple(people.c[each.name] for each in fields(Person))


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(*row)


# Rows are locked in the order of their ids, so that two workers do not deadlock.
_KNOWN = (
    select(people.c.id)
    .where(people.c.telegram_id.in_(bindparam("telegram_ids", expanding=True)))
    .order_by(people.c.id)
    .with_for_update()
    .cte("known")
)
_RECOGNISING = (
    update(people)
    .where(people.c.id.in_(select(_KNOWN.c.id)))
    .values(last_seen_at=bindparam("now", type_=people.c.last_seen_at.type))
    .returning(*_COLUMNS)
)


@functools.cache
def _seeing(dialect: str) -> ReturningInsert[Any]:
    statement = insert_into(people, dialect)
    return statement.on_conflict_do_update(
        index_elements=[people.c.telegram_id],
        set_={"last_seen_at": statement.excluded.last_seen_at},
    ).returning(*_COLUMNS)
