"""The base of all repositories: the transaction they work in, and the dialect's upsert."""

from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.changes import Changes

# Nothing is postponed for longer than this: a later due date was set by a clock that ran ahead.
LONGEST_WAIT = timedelta(minutes=30)
Upsert: TypeAlias = sqlite.Insert | postgresql.Insert
Other = TypeVar("Other", bound="Repository")


class Repository:
    """The rows of one subject in one transaction; `now` stays the same all through it.

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
    """Start an INSERT that supports ON CONFLICT, which each dialect has in a class of its own."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def is_due(moment: Column[datetime]) -> ColumnElement[bool]:
    """Return the condition that a due date is absent, passed or impossible.

    ``moments`` gives the values of its parameters.
    """
    now = bindparam("now", type_=moment.type)
    return moment.is_(None) | (moment <= now) | (moment > bindparam("horizon", type_=moment.type))


def moments(now: datetime) -> dict[str, datetime]:
    """Return the values of the parameters of ``is_due``."""
    return {"now": now, "horizon": now + LONGEST_WAIT}
