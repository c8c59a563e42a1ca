"""What is done now and then, once for all processes."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from storage.engine.repository import LONGEST_WAIT, Repository
from storage.engine.schema import recurrences


class Schedule(Repository):
    """The table `recurrences`."""

    async def claim(self, name: str, due: datetime) -> bool:
        """Tell whether this is the one to do what was due then; it counts as done on commit.

        Nobody waits for a worker that is doing it. The first time ever, there is nothing to look
        back on: the moment is noted, nothing done.
        """
        if await self._connection.scalar(_LAST, {"name": name}) is None:
            await self._connection.execute(
                self._insert(recurrences)
                .values(name=name, last_at=self._now)
                .on_conflict_do_nothing()
            )
            return False
        last_at = recurrences.c.last_at
        # What was done much later than now was done by a clock that ran ahead.
        is_due = (last_at < due) | (last_at > self._now + LONGEST_WAIT)
        found = (
            select(recurrences.c.name)
            .where(recurrences.c.name == name, is_due)
            .with_for_update(skip_locked=True)
            .cte("found")
        )
        result = await self._connection.execute(
            update(recurrences)
            .where(recurrences.c.name.in_(select(found.c.name)))
            .values(last_at=self._now)
            .returning(recurrences.c.name)
        )
        return result.one_or_none() is not None


_LAST = select(recurrences.c.last_at).where(recurrences.c.name == bindparam("name"))
