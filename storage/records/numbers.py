"""The numbers shown to people, such as TI-2026-0042: one series per year and prefix."""

from zoneinfo import ZoneInfo

from storage.engine.repository import Repository
from storage.engine.schema import counters

PREFIX = "TI"
TIME_ZONE = ZoneInfo("Europe/Paris")


class Numbering(Repository):
    """The table `counters`."""

    async def allocate(self, prefix: str = PREFIX) -> str:
        """Allocate the year's next number; it is free again if the unit of work rolls back."""
        series = f"{prefix}-{self._now.astimezone(TIME_ZONE).year}"
        result = await self._connection.execute(
            self._insert(counters)
            .values(name=series, value=1)
            .on_conflict_do_update(
                index_elements=[counters.c.name], set_={"value": counters.c.value + 1}
            )
            .returning(counters.c.value)
        )
        return f"{series}-{result.scalar_one():04d}"
