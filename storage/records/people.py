"""The people who wrote to the bot: a Telegram id, three dates, the language they write in.

Who writes by the pages is one of them, a *visitor*: their account is a number of our own, and
letters go to their address.
"""

import functools
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from storage.engine.repository import Repository, insert_into
from storage.engine.schema import VISITORS_BELOW, people, subscriptions
from storage.engine.vault import vault_of

# Of somebody who never wrote in another language.
USUAL_LANGUAGE = "fr"
# The latest visitors of one address that a lost link is sent to: each request is one.
_MOST_OF_ADDRESS = 10


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language to answer somebody in; `is_chosen` where they asked for it themselves."""

    language: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person who wrote to the bot; `blocked_at` is since when they have blocked it.

    `language` is the one that they wrote in last, or chose (`language_chosen`). `address` is where
    letters to a visitor go; a visitor without one gave a telephone number alone.
    """

    id: int
    telegram_id: int
    created_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None
    language: str | None = None
    language_chosen: bool = False
    address: str | None = field(default=None, repr=False)

    @property
    def is_visitor(self) -> bool:
        """Whether they write by the pages, and have no chat with the bot."""
        return self.telegram_id < VISITORS_BELOW

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

    async def arrive(self, key: bytes, address: str | None, language: str) -> tuple[Person, bool]:
        """Add who sends a form on a page; False, and the one who was added, for the same form.

        `key` is of one form that was shown to one person: it is sent once, however often they tap.
        """
        digest = vault_of(self._connection.dialect).digest(address) if address else None
        added = await self._connection.execute(
            self._insert(people)
            .values(
                telegram_id=_account_of(key),
                created_at=self._now,
                last_seen_at=self._now,
                language=language,
                language_chosen=True,
                address=address,
                address_digest=digest,
            )
            .on_conflict_do_nothing(index_elements=[people.c.telegram_id])
            .returning(*_COLUMNS)
        )
        row = added.one_or_none()
        if row is not None:
            return _person(row), True
        return await self.seen(_account_of(key)), False

    async def move(self, person_id: int, address: str) -> Person | None:
        """Write to a visitor at another address from now on; None if they are unknown."""
        digest = vault_of(self._connection.dialect).digest(address)
        moved = await self._connection.execute(
            update(people)
            .where(people.c.id == person_id, people.c.telegram_id < VISITORS_BELOW)
            .values(address=address, address_digest=digest)
            .returning(*_COLUMNS)
        )
        row = moved.one_or_none()
        return _person(row) if row is not None else None

    async def of_address(self, address: str) -> tuple[Person, ...]:
        """Find the visitors who are written to at an address, the latest first; capitals are one.

        A few of them, where there are many.
        """
        digests = vault_of(self._connection.dialect).digests(address)
        in_clear = func.lower(type_coerce(people.c.address, Text)) == address.lower()
        found = await self._connection.execute(
            select(*_COLUMNS)
            .where(or_(people.c.address_digest.in_(digests), in_clear))
            .order_by(people.c.id.desc())
            .limit(_MOST_OF_ADDRESS)
        )
        return tuple(map(_person, found))

    async def get(self, person_id: int) -> Person | None:
        """Find a person by our id."""
        statement = select(*_COLUMNS).where(people.c.id == person_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else _person(row)

    async def of_account(self, telegram_id: int) -> Person | None:
        """Find who wrote from a Telegram account; unlike `seen`, it leaves no trace."""
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
        blocking = select(people.c.id).where(people.c.telegram_id == telegram_id)
        # Who comes back asks anew: nothing that was news meanwhile is sent.
        await self._connection.execute(
            delete(subscriptions).where(subscriptions.c.person_id.in_(blocking))
        )
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


def _account_of(key: bytes) -> int:
    """Return the number that stands for a visitor's account: nobody can tell it without the key."""
    return VISITORS_BELOW - 1 - (int.from_bytes(hashlib.sha256(key).digest()[:8]) >> 2)


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
