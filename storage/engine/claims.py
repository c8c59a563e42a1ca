"""Which worker has claimed which row, in the inbox, the outbox and the change requests alike.

A claimed row holds the worker's name, a free one NULL. A worker that asks for rows gets its own
unfinished claims again; the claims of a dead worker are freed once another notices it
(`Workers.free`).
"""

from enum import Enum
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

# The parameter that names the worker: bind it when executing a statement of ``Claims.claiming``.
WORKER = "of_worker"
_FEWEST, _MOST = "fewest_crashes", "most_crashes"
_ANY_NUMBER = 2**31 - 1


class Which(Enum):
    """Which free rows a worker claims, by the crashes they were in; its own it gets in any case."""

    SOUND = (0, 0)
    SUSPECT = (1, _ANY_NUMBER)
    OWN = (-1, -1)

    @property
    def parameters(self) -> dict[str, int]:
        """The parameters of a statement of ``Claims.claiming``."""
        fewest, most = self.value
        return {_FEWEST: fewest, _MOST: most}


class Claims:
    """The waiting rows of a table that workers claim."""

    def __init__(self, table: Table, waiting: ColumnElement[bool]) -> None:
        self._table = table
        self._waiting = waiting
        (self.key,) = table.primary_key
        self._by: Column[str] = table.c.claimed_by
        self._crashes: Column[int] = table.c.crashes
        self._worker = bindparam(WORKER, type_=self._by.type)
        self.is_mine = waiting & (self._by == self._worker)

    def heads(self, *is_free: ColumnElement[bool]) -> Select[tuple[Any]]:
        """Select the rows a worker may claim: its own, and unclaimed ones that meet `is_free`.

        The parameters of `Which` tell how often a free row may have crashed.
        """
        wanted = self._crashes.between(bindparam(_FEWEST), bindparam(_MOST))
        free = and_(self._by.is_(None), wanted, *is_free)
        return select(self.key).where(self._waiting, (self._by == self._worker) | free)

    def claiming(self, heads: Select[tuple[Any]]) -> Update:
        """Claim these rows, except those that another worker is claiming right now."""
        return (
            update(self._table)
            .where(self.key.in_(_unlocked(heads, self.key)))
            .values(claimed_by=self._worker)
        )

    def held_by(self, worker: str | None) -> tuple[ColumnElement[bool], ...]:
        """Return conditions on the worker's claim; none if no worker is named."""
        return () if worker is None else (self._waiting, self._by == worker)

    def giving_back(self, key: int, worker: str | None, **values: object) -> Update:
        """Change a row and release its claim, if the worker still holds it."""
        return (
            update(self._table)
            .where(self.key == key, *self.held_by(worker))
            .values(claimed_by=None, **values)
        )

    def freeing_lost(self) -> ReturningUpdate[tuple[Any]]:
        """Free the rows whose worker is dead, count a crash, and return their keys."""
        return self._freeing(self._by.not_in(select(workers.c.id)), crashes=self._crashes + 1)

    def freeing_crashed(self) -> ReturningUpdate[tuple[Any]]:
        """Free the rows of a named worker that died, count a crash, and return their keys."""
        return self._freeing(self._by == self._worker, crashes=self._crashes + 1)

    def freeing_own(self) -> ReturningUpdate[tuple[Any]]:
        """Free the rows of a named worker that ends in order, and return their keys."""
        return self._freeing(self._by == self._worker)

    def held(self) -> Select[tuple[Any]]:
        """Select the rows that a named worker holds."""
        return select(self.key).where(self.is_mine)

    def suspects(self) -> Select[tuple[Any]]:
        """Select the rows that were in a crash."""
        return select(self.key).where(self._waiting, self._crashes > literal_column("0"))

    def _freeing(
        self, condition: ColumnElement[bool], **values: object
    ) -> ReturningUpdate[tuple[Any]]:
        # A dead worker's last transaction may still lock its rows: they are left for the next call.
        lost = select(self.key).where(self._waiting, self._by.is_not(None), condition)
        return (
            update(self._table)
            .where(self.key.in_(_unlocked(lost, self.key)))
            .values(claimed_by=None, **values)
            .returning(self.key)
        )


class ClaimsInLanes(Claims):
    """Rows claimed in order, one at a time in each lane: a unique index enforces it."""

    def __init__(self, table: Table, waiting: ColumnElement[bool], lane: Column[Any]) -> None:
        super().__init__(table, waiting)
        self._lane = lane
        self.other = table.alias("other")

    def has_other(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Tell whether another waiting row of the lane meets this condition."""
        of_lane = self.other.c[self._lane.name] == self._lane
        is_waiting = self.other.c.state == literal_column("'waiting'")
        return exists().where(of_lane, is_waiting, condition)

    def has_claimed(self) -> ColumnElement[bool]:
        """Tell whether another row of the lane is claimed."""
        return self.has_other(self.other.c.claimed_by.is_not(None))


def _unlocked(keys: Select[tuple[Any]], key: Column[Any]) -> Select[tuple[Any]]:
    """Select these rows with a lock, skipping those that another transaction has locked."""
    heads = keys.with_for_update(skip_locked=True).cte("heads")
    return select(heads.c[key.name])


INBOX = ClaimsInLanes(inbox, INBOX_WAITING, inbox.c.chat_id)
OUTBOX = ClaimsInLanes(outbox, OUTBOX_WAITING, outbox.c.lane)
CHANGE_REQUESTS = Claims(publications, PUBLICATION_WAITING)
ALL: tuple[Claims, ...] = (INBOX, OUTBOX, CHANGE_REQUESTS)
