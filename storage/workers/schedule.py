"""What is done now and then, once for all processes."""

from datetime import datetime

from sqlalchemy import update

from storage.engine.repository import Repository
from storage.engine.schema import recurrences


class Schedule(Repository):
    """The table `recurrences`."""

    async def claim(self, name: str, due: datetime) -> bool:
        """Tell whether this is the one to do what was due then; it counts as done on commit.

        The first time ever, there is nothing to look back on: the moment is noted, nothing done.
        """
        first = await self._connection.execute(
            self._insert(recurrences)
            .values(name=name, last_at=self._now)
            .on_conflict_do_nothing()
            .returning(recurrences.c.name)
        )
        if first.one_or_none() is not None:
            return False
        result = await self._connection.execute(
            update(recurrences)
            .where(recurrences.c.name == name, recurrences.c.last_at < due)
            .values(last_at=self._now)
        )
        return result.rowcount > 0
