"""Recurring tasks, run once for all processes."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from storage.engine.repository import LONGEST_WAIT, Repository
from storage.engine.schema import recurrences


class Schedule(Repository):
    """The table `recurrences`."""

    async def is_due(self, name: str, due: datetime) -> bool:
        """Tell whether ``claim`` would succeed now, without claiming.

        A caller that prepares something slow asks this first, in a transaction of its own.
        """
        last_at = await self._last(name)
        return last_at is not None and (last_at < due or last_at > self._now + LONGEST_WAIT)

    async def is_known(self, name: str) -> bool:
        """Tell whether the task ever ran, or was noted to begin."""
        return await self._connection.scalar(_LAST, {"name": name}) is not None

    async def claim(self, name: str, due: datetime) -> bool:
        """Tell whether the caller is to run the task due at that time; it counts as done on commit.

        While another worker runs it, this returns False at once. The first call ever only notes
        the time: no earlier run is known.
        """
        if await self._last(name) is None:
            return False
        last_at = recurrences.c.last_at
        # A last run far in the future was noted by a clock that ran ahead.
        is_due = (last_at < due) | (last_at > self._now + LONGEST_WAIT)
        unlocked = (
            select(recurrences.c.name)
            .where(recurrences.c.name == name, is_due)
            .with_for_update(skip_locked=True)
            .cte("unlocked")
        )
        result = await self._connection.execute(
            update(recurrences)
            .where(recurrences.c.name.in_(select(unlocked.c.name)))
            .values(last_at=self._now)
            .returning(recurrences.c.name)
        )
        return result.one_or_none() is not None

    async def hold(self, name: str) -> datetime | None:
        """Return when the task ran last, and keep other workers from it until the unit ends.

        None where another worker does so now, and where the task never ran.
        """
        last_at: datetime | None = await self._connection.scalar(
            _LAST.with_for_update(skip_locked=True), {"name": name}
        )
        return last_at

    async def _last(self, name: str) -> datetime | None:
        """Return when the task ran last; note the time, and return None, on the first call ever."""
        last_at: datetime | None = await self._connection.scalar(_LAST, {"name": name})
        if last_at is None:
            await self._connection.execute(
                self._insert(recurrences)
                .values(name=name, last_at=self._now)
                .on_conflict_do_nothing()
            )
        return last_at


_LAST = select(recurrences.c.last_at).where(recurrences.c.name == bindparam("name"))
