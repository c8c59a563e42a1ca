"""How much retention erased on which day: counts alone, which are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from storage.engine.repository import Repository
from storage.engine.schema import retention_register
from storage.records.numbers import TIME_ZONE


@dataclass(frozen=True, slots=True)
class SweptCount:
    """How many rows of a table went on a day of Paris (``2026-11-27``)."""

    day: str
    what: str
    count: int


class Register(Repository):
    """The table `retention_register`."""

    async def add(self, counts: Mapping[str, int]) -> None:
        """Add to the counts of today, by table; what is zero leaves no row."""
        day = self._now.astimezone(TIME_ZONE).date().isoformat()
        rows = [
            {"day": day, "what": what, "count": count} for what, count in counts.items() if count
        ]
        if not rows:
            return
        adding = self._insert(retention_register)
        added = retention_register.c.count + adding.excluded.count
        await self._connection.execute(
            adding.on_conflict_do_update(
                index_elements=[retention_register.c.day, retention_register.c.what],
                set_={"count": added},
            ),
            rows,
        )

    async def latest(self, most_days: int) -> tuple[SweptCount, ...]:
        """Give the entries of the latest days on which something went, the newest day first."""
        days = (
            select(retention_register.c.day)
            .distinct()
            .order_by(retention_register.c.day.desc())
            .limit(most_days)
        )
        rows = await self._connection.execute(
            select(retention_register)
            .where(retention_register.c.day.in_(days))
            .order_by(retention_register.c.day.desc(), retention_register.c.what)
        )
        # A row has a method of the name of the last column.
        return tuple(SweptCount(*row) for row in rows)
