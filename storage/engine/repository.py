"""What every repository shares: the transaction it is bound to and the upsert of its dialect."""

from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.changes import Changes

# Nothing is put off for longer: what seems to be was put off by a clock that ran ahead.
LONGEST_WAIT = timedelta(minutes=30)
Upsert: TypeAlias = sqlite.Insert | postgresql.Insert
Other = TypeVar("Other", bound="Repository")


class Repository:
    """One subject's rows, seen through one transaction; `now` is the same for all of it.

    It keeps nothing itself: what the transaction has changed so far stands in its ``changes``.
    """

    def __init__(self, connection: AsyncConnection, now: datetime, changes: Changes) -> None:
        self._connection = connection
        self._now = now
        self._changes = changes

    def _beside(self, kind: type[Other]) -> Other:
        """Return another repository of the same transaction."""
        return kind(self._connection, self._now, self._changes)

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _insert(self, table: Table) -> Upsert:
        return insert_into(table, self._dialect)


def insert_into(table: Table, dialect: str) -> Upsert:
    """Start an INSERT that can say ON CONFLICT: each dialect has its own."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def is_due(moment: Column[datetime]) -> ColumnElement[bool]:
    """Tell what need not wait (any longer) for a moment; bound by ``moments``."""
    now = bindparam("now", type_=moment.type)
    return moment.is_(None) | (moment <= now) | (moment > bindparam("horizon", type_=moment.type))


def moments(now: datetime) -> dict[str, datetime]:
    """Return what ``is_due`` compares with."""
    return {"now": now, "horizon": now + LONGEST_WAIT}
