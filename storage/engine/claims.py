"""Which worker has taken which row: one way for the inbox, the outbox and the change requests.

A row is claimed by a worker's name and given back by none. What a worker claimed comes again when
it asks for more; what a dead one claimed is freed as soon as another notices (`Workers.free`).
"""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    exists,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from storage.engine.schema import (
    INBOX_WAITING,
    OUTBOX_WAITING,
    PUBLICATION_WAITING,
    inbox,
    outbox,
    publications,
    workers,
)

# Who claims: to be bound where a statement of ``Claims.claiming`` is executed.
WORKER = "of_worker"


class Claims:
    """The rows of a table that workers claim: those that wait for one."""

    def __init__(self, table: Table, waiting: ColumnElement[bool]) -> None:
        self._table = table
        self._waiting = waiting
        (self.key,) = table.primary_key
        self._by: Column[str] = table.c.claimed_by
        self._worker = bindparam(WORKER, type_=self._by.type)
        self.is_mine = waiting & (self._by == self._worker)

    def heads(self, *is_free: ColumnElement[bool]) -> Select[tuple[Any]]:
        """Choose what a worker may take: its own claims, and what nobody has and is free."""
        free = and_(self._by.is_(None), *is_free)
        return select(self.key).where(self._waiting, (self._by == self._worker) | free)

    def claiming(self, heads: Select[tuple[Any]]) -> Update:
        """Claim these rows, but for those that another worker is claiming right now."""
        return (
            update(self._table)
            .where(self.key.in_(_unlocked(heads, self.key)))
            .values(claimed_by=self._worker)
        )

    def held_by(self, worker: str | None) -> tuple[ColumnElement[bool], ...]:
        """Choose what a worker holds a claim to; where none is named, claims do not matter."""
        return () if worker is None else (self._waiting, self._by == worker)

    def giving_back(self, key: int, worker: str | None, **values: object) -> Update:
        """Change a row and leave it to whoever comes next, if the worker still holds it."""
        return (
            update(self._table)
            .where(self.key == key, *self.held_by(worker))
            .values(claimed_by=None, **values)
        )

    def freeing(self) -> ReturningUpdate[tuple[Any]]:
        """Free what is claimed by nobody alive, and return the keys."""
        is_dead = self._by.not_in(select(workers.c.id))
        # A dead worker's last transaction may not have ended yet: its rows are for the next time.
        lost = select(self.key).where(self._waiting, self._by.is_not(None), is_dead)
        return (
            update(self._table)
            .where(self.key.in_(_unlocked(lost, self.key)))
            .values(claimed_by=None)
            .returning(self.key)
        )


class ClaimsInLanes(Claims):
    """Rows of which one in each lane is claimed at a time, the first: a unique index holds it."""

    def __init__(self, table: Table, waiting: ColumnElement[bool], lane: Column[Any]) -> None:
        super().__init__(table, waiting)
        self._lane = lane
        self.other = table.alias("other")

    def has_other(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Tell whether another row of the lane waits for which this is true."""
        of_lane = self.other.c[self._lane.name] == self._lane
        is_waiting = self.other.c.state == literal_column("'waiting'")
        return exists().where(of_lane, is_waiting, condition)

    def has_claimed(self) -> ColumnElement[bool]:
        """Tell whether a row of the lane is claimed."""
        return self.has_other(self.other.c.claimed_by.is_not(None))


def _unlocked(keys: Select[tuple[Any]], key: Column[Any]) -> Select[tuple[Any]]:
    """Lock these rows, and leave out those that another transaction has locked."""
    found = keys.with_for_update(skip_locked=True).cte("heads")
    return select(found.c[key.name])


INBOX = ClaimsInLanes(inbox, INBOX_WAITING, inbox.c.chat_id)
OUTBOX = ClaimsInLanes(outbox, OUTBOX_WAITING, outbox.c.lane)
CHANGE_REQUESTS = Claims(publications, PUBLICATION_WAITING)
ALL: tuple[Claims, ...] = (INBOX, OUTBOX, CHANGE_REQUESTS)
