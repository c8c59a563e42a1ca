"""The numbers that people are given: TI-2026-0042, one series a year for each prefix."""

from zoneinfo import ZoneInfo

from storage.engine.repository import Repository
from storage.engine.schema import counters

PREFIX = "TI"
TIME_ZONE = ZoneInfo("Europe/Paris")


class Numbering(Repository):
    """The table `counters`."""

    async def allocate(self, prefix: str = PREFIX) -> str:
        """Take the year's next number; it goes back if the unit of work does not commit."""
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
