"""What every repository shares: the transaction it is bound to and the upsert of its dialect."""

from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Upsert: TypeAlias = sqlite.Insert | postgresql.Insert


class Repository:
    """One subject's rows, seen through one transaction; `now` is the same for all of it."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _insert(self, table: Table) -> Upsert:
        return insert_into(table, self._dialect)


def insert_into(table: Table, dialect: str) -> Upsert:
    """Start an INSERT that can say ON CONFLICT: each dialect has its own."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
