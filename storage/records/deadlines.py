"""What is due when about a request: rows, not timers, so that a restart neither loses nor repeats.

A row says that something must be done at a time if the request still stands as it did. Whoever
does it deletes the row in the same transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from storage.engine.repository import Repository
from storage.engine.schema import deadlines, interests, people
from storage.records.lifecycle import OPEN, Status


class DeadlineKind(StrEnum):
    """What a deadline is for."""

    # Nobody has taken the request: the group is reminded, the second time the firm is told.
    UNTAKEN = "untaken"
    UNTAKEN_LONG = "untaken_long"
    # Afterwards the group is reminded again and again.
    STILL_UNTAKEN = "still_untaken"
    # Taken, and nothing done since: its owner is reminded, then it returns to the basket.
    UNTOUCHED = "untouched"
    FORGOTTEN = "forgotten"
    # In charge for long, and the firm has heard nothing, though the team may be at work.
    UNHEARD = "unheard"
    # The firm is asked whether the contact happened.
    FOLLOW_UP = "follow_up"
    # The contact was made long ago: the group is asked whether the request can be closed.
    UNCLOSED = "unclosed"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due about a request; a request has at most one of a kind."""

    id: int
    interest_id: int
    kind: DeadlineKind
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Overdue:
    """A deadline that has passed, of whom, and whether the bot can write to who has it in charge.

    ``person_id`` is the firm; ``owner_id`` is Telegram's number of the administrator in charge.
    """

    deadline: Deadline
    person_id: int
    owner_id: int | None
    reaches_owner: bool


class Deadlines(Repository):
    """The table `deadlines`."""

    async def plan(self, interest_id: int, kind: DeadlineKind, due_at: datetime) -> None:
        """Set when something is due, in place of what was set before."""
        await self._connection.execute(
            self._insert(deadlines)
            .values(interest_id=interest_id, kind=kind, due_at=due_at)
            .on_conflict_do_update(
                index_elements=[deadlines.c.interest_id, deadlines.c.kind],
                set_={"due_at": due_at},
            )
        )

    async def drop(
        self, interest_id: int, kinds: Collection[DeadlineKind] = tuple(DeadlineKind)
    ) -> None:
        """Forget what was due of these kinds."""
        await self._connection.execute(
            delete(deadlines).where(
                deadlines.c.interest_id == interest_id, deadlines.c.kind.in_(kinds)
            )
        )

    async def overdue(self, by: datetime, most: int) -> tuple[Overdue, ...]:
        """Give what was due by a time, the longest overdue first."""
        reaches = people.c.id.is_not(None) & people.c.blocked_at.is_(None)
        result = await self._connection.execute(
            select(deadlines, interests.c.person_id, interests.c.owner_id, reaches.label("reaches"))
            .join(interests, interests.c.id == deadlines.c.interest_id)
            .outerjoin(people, people.c.telegram_id == interests.c.owner_id)
            .where(deadlines.c.due_at <= by, interests.c.person_id.is_not(None))
            .order_by(deadlines.c.due_at, deadlines.c.id)
            .limit(most)
        )
        return tuple(
            Overdue(_deadline(row), row.person_id, row.owner_id, bool(row.reaches))
            for row in result
        )

    async def take_of_firm(self, person_id: int, by: datetime, most: int) -> tuple[Deadline, ...]:
        """Take out what was due by a time about a firm's requests, but for what an owner is told.

        Each request stays locked until the end of the unit, so that nobody moves it meanwhile; so
        it is with those of ``take_of_owner``.
        """
        kinds = frozenset(DeadlineKind) - {DeadlineKind.UNTOUCHED}
        return await self._take(interests.c.person_id == person_id, kinds, by, most)

    async def put_off_of_firm(
        self, person_id: int, by: datetime, kinds: Collection[DeadlineKind], until: datetime
    ) -> None:
        """Let what was due by a time, of these kinds and about a firm's requests, be due later."""
        is_due = deadlines.c.kind.in_(kinds), deadlines.c.due_at <= by
        chosen = await self._lock(interests.c.person_id == person_id, is_due, None)
        await self._connection.execute(
            update(deadlines)
            .where(deadlines.c.interest_id.in_(chosen), *is_due)
            .values(due_at=until)
        )

    async def take_of_owner(
        self, owner_id: int | None, by: datetime, most: int
    ) -> tuple[Deadline, ...]:
        """Take out what was due by a time because this owner has not touched a request."""
        is_owned = interests.c.owner_id.is_not_distinct_from(owner_id)
        return await self._take(is_owned, {DeadlineKind.UNTOUCHED}, by, most)

    async def has_of_owner(self, owner_id: int, by: datetime) -> bool:
        """Tell whether something was due by a time because this owner has not touched a request."""
        found = (
            select(deadlines.c.id)
            .join(interests, interests.c.id == deadlines.c.interest_id)
            .where(interests.c.owner_id == owner_id, deadlines.c.due_at <= by)
            .where(deadlines.c.kind == DeadlineKind.UNTOUCHED)
        )
        return await self._connection.scalar(select(found.exists())) or False

    async def returning(self, owner_id: int) -> tuple[Deadline, ...]:
        """Give which requests go back to the basket if this owner goes on not touching them."""
        result = await self._connection.execute(
            select(deadlines)
            .join(interests, interests.c.id == deadlines.c.interest_id)
            .where(interests.c.owner_id == owner_id, deadlines.c.kind == DeadlineKind.FORGOTTEN)
            .order_by(deadlines.c.due_at, deadlines.c.id)
        )
        return tuple(map(_deadline, result))

    async def count_open(self) -> dict[Status, int]:
        """Count the requests in each open status: what the team has to do in all."""
        result = await self._connection.execute(
            select(interests.c.status, func.count())
            .where(interests.c.status.in_(OPEN), interests.c.person_id.is_not(None))
            .group_by(interests.c.status)
        )
        return dict.fromkeys(OPEN, 0) | {Status(status): count for status, count in result}

    async def of(self, interest_id: int) -> tuple[Deadline, ...]:
        """Give what is due about a request, the next first."""
        result = await self._connection.execute(
            select(deadlines)
            .where(deadlines.c.interest_id == interest_id)
            .order_by(deadlines.c.due_at)
        )
        return tuple(map(_deadline, result))

    async def _take(
        self,
        condition: ColumnElement[bool],
        kinds: Collection[DeadlineKind],
        by: datetime,
        most: int,
    ) -> tuple[Deadline, ...]:
        is_due = deadlines.c.kind.in_(kinds), deadlines.c.due_at <= by
        chosen = await self._lock(condition, is_due, most)
        result = await self._connection.execute(
            delete(deadlines)
            .where(deadlines.c.interest_id.in_(chosen), *is_due)
            .returning(deadlines)
        )
        return tuple(sorted(map(_deadline, result), key=lambda taken: (taken.due_at, taken.id)))

    async def _lock(
        self,
        condition: ColumnElement[bool],
        is_due: Collection[ColumnElement[bool]],
        most: int | None,
    ) -> Sequence[int]:
        """Lock the requests about which something is due: before their deadlines, as a move."""
        chosen = await self._connection.scalars(
            select(interests.c.id)
            .where(condition, interests.c.id.in_(select(deadlines.c.interest_id).where(*is_due)))
            .order_by(interests.c.id)
            .limit(most)
            .with_for_update(key_share=True)
        )
        return chosen.all()


def _deadline(row: Row[*tuple[Any, ...]]) -> Deadline:
    return Deadline(row.id, row.interest_id, DeadlineKind(row.kind), row.due_at)
