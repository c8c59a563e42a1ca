"""The requests of a period with their histories, read some at a time for a file of all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import select

from storage.engine.repository import Repository
from storage.engine.schema import interest_events, interests
from storage.records.days import Days

# A row as it is stored, by its columns' names.
Stored: TypeAlias = Mapping[str, Any]
# A request may be many kilobytes, and each has several events.
AT_ONCE = 100


class RequestPages(Repository):
    """Pages of `interests` and `interest_events`, as they are stored."""

    async def requests(self, days: Days, after: int = -1) -> list[Stored]:
        """Return the next requests first made in a period, after this id; empty at the end."""
        result = await self._connection.execute(
            select(interests)
            .where(interests.c.id > after)
            .where(interests.c.created_at >= days.begins_at)
            .where(interests.c.created_at < days.ends_at)
            .order_by(interests.c.id)
            .limit(AT_ONCE)
        )
        return [dict(row) for row in result.mappings()]

    async def events(self, requests: Sequence[Stored]) -> list[Stored]:
        """Return the histories of these requests with their numbers, each oldest first."""
        result = await self._connection.execute(
            select(interests.c.number, interest_events)
            .join_from(interests, interest_events)
            .where(interests.c.id.in_([row["id"] for row in requests]))
            .order_by(interests.c.id, interest_events.c.id)
        )
        return [dict(row) for row in result.mappings()]
