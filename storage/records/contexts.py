"""What each person was shown last, so that what they type next is understood; kept ten minutes."""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from storage.engine.repository import Repository, Upsert, insert_into
from storage.engine.schema import contexts, people

# After this time, a "2" or a "yes" is no longer about what the bot showed.
VALID = timedelta(minutes=10)
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Option:
    """A button: what stands on it, and its callback data."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a person was shown last.

    `topic` is the id of the entry or act last answered, or ``project:<id>``; None for another
    screen. `options` are the buttons of the last message that had any, in order. `offer` is the
    callback data that a yes does, None unless the last message offered one thing. `at` is set by
    storage.
    """

    person_id: int
    topic: str | None = None
    offer: str | None = None
    options: tuple[Option, ...] = ()
    at: datetime | None = None


class Contexts(Repository):
    """The table `contexts`, one row a person; a row that is too old counts as none."""

    async def of(self, person_id: int) -> Context | None:
        """Give what the person was shown last."""
        return (await self.of_people([person_id]))[person_id]

    async def of_people(self, person_ids: Collection[int]) -> dict[int, Context | None]:
        """Give what several people were shown last; None for a person who was shown nothing."""
        if not person_ids:
            return {}
        await self._changes.write(contexts)
        values = {"people": list(person_ids), "since": self._now - VALID}
        result = await self._connection.execute(_OF_PEOPLE, values)
        return dict.fromkeys(person_ids) | {row.person_id: _context(row) for row in result}

    async def topics(self, telegram_ids: Collection[int]) -> dict[int, str]:
        """Give what these people (Telegram's ids) were answered last; nothing of the others."""
        if not telegram_ids:
            return {}
        await self._changes.write(contexts)
        values = {"people": list(telegram_ids), "since": self._now - VALID}
        result = await self._connection.execute(_TOPICS, values)
        return {row.telegram_id: row.topic for row in result}

    async def end_offer(self, telegram_id: int) -> None:
        """Forget what was offered to this person (Telegram's id), who need not be known."""
        await self._changes.write(contexts)
        await self._connection.execute(_ENDING_OFFER, {"telegram_id": telegram_id})

    def save(self, context: Context) -> None:
        """Save what a person has just been shown, in place of what they were shown before.

        The row is put off, and written together with others at the end or before a read.
        """
        row = {
            "person_id": context.person_id,
            "at": self._now,
            "topic": context.topic,
            "offer": context.offer,
            "options": [[option.label, option.data] for option in context.options],
        }
        self._changes.put_off(contexts, _saving(self._dialect), context.person_id, row)


def _context(row: Row[*tuple[Any, ...]]) -> Context:
    """Build the value; what is no pair of texts, in a row that somebody spoilt, is left out."""
    person_id, topic, offer, options, at = row
    pairs = [each for each in options if isinstance(each, list) and len(each) == _PAIR]
    return Context(person_id, topic, offer, tuple(Option(*map(str, pair)) for pair in pairs), at)


_IS_VALID = contexts.c.at > bindparam("since", type_=contexts.c.at.type)
_OF_PEOPLE = select(*(contexts.c[name] for name in Context.__slots__)).where(
    contexts.c.person_id.in_(bindparam("people", expanding=True)), _IS_VALID
)
_TOPICS = (
    select(people.c.telegram_id, contexts.c.topic)
    .join(contexts, contexts.c.person_id == people.c.id)
    .where(people.c.telegram_id.in_(bindparam("people", expanding=True)), _IS_VALID)
    .where(contexts.c.topic.is_not(None))
)


_ENDING_OFFER = (
    update(contexts)
    .where(
        contexts.c.offer.is_not(None),
        contexts.c.person_id.in_(
            select(people.c.id).where(people.c.telegram_id == bindparam("telegram_id"))
        ),
    )
    .values(offer=None)
)


@functools.cache
def _saving(dialect: str) -> Upsert:
    statement = insert_into(contexts, dialect)
    return statement.on_conflict_do_update(
        index_elements=[contexts.c.person_id],
        set_={
            column.name: statement.excluded[column.name]
            for column in contexts.columns
            if not column.primary_key
        },
    )
