"""What is due when about a request: rows, not timers, so that a restart neither loses nor repeats.

A row says that something must be done at a time if the request still stands as it did. Whoever
does it deletes the row in the same transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select

from storage.engine.repository import Repository
from storage.engine.schema import deadlines


class DeadlineKind(StrEnum):
    """What a deadline is for."""

    # Nobody has taken the request: the group is reminded, the second time the firm is told.
    UNTAKEN = "untaken"
    UNTAKEN_LONG = "untaken_long"
    # Taken, and nothing done since: its owner is reminded, then it returns to the basket.
    UNTOUCHED = "untouched"
    FORGOTTEN = "forgotten"
    # The firm is asked whether the contact happened.
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due about a request; a request has at most one of a kind."""

    id: int
    interest_id: int
    kind: DeadlineKind
    due_at: datetime


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

    async def due(self, most: int) -> tuple[Deadline, ...]:
        """Give what is due by now, the longest overdue first, leaving out what others work on."""
        result = await self._connection.execute(
            select(deadlines)
            .where(deadlines.c.due_at <= self._now)
            .order_by(deadlines.c.due_at, deadlines.c.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        return tuple(
            Deadline(row.id, row.interest_id, DeadlineKind(row.kind), row.due_at) for row in result
        )

    async def of(self, interest_id: int) -> tuple[Deadline, ...]:
        """Give what is due about a request, the next first."""
        result = await self._connection.execute(
            select(deadlines)
            .where(deadlines.c.interest_id == interest_id)
            .order_by(deadlines.c.due_at)
        )
        return tuple(
            Deadline(row.id, row.interest_id, DeadlineKind(row.kind), row.due_at) for row in result
        )
