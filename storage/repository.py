"""What every repository shares: the transaction it is bound to and the upsert of its dialect."""

from datetime import datetime

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


class Repository:
    """One subject's rows, seen through one transaction; `now` is the same for all of it."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Start an INSERT that can say ON CONFLICT: each dialect has its own."""
        if self._connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)
