"""Where people come from: counts by day, from the start, of which none is of a person.

Nothing else is kept of an opening: neither who, nor when in the day, nor which project or answer.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import BigInteger, func, select, type_coerce

from storage.engine.repository import Repository
from storage.engine.schema import arrivals
from storage.records.days import PARIS, Days


class Source(StrEnum):
    """Where the link stood that opened the bot; NONE where the bot was found without one."""

    POSTER = "poster"
    PAGE = "page"
    INLINE = "inline"
    SHARED = "shared"
    LINK = "link"
    NONE = "none"


class Opened(StrEnum):
    """What was opened: a project's card, an answer, or the welcome."""

    PROJECT = "project"
    ANSWER = "answer"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class ArrivalFigures:
    """How often the bot was opened in a period, by source, and by what was opened.

    Sources and kinds that were not counted are left out; the others are in the order above.
    """

    sources: Mapping[Source, int] = field(default_factory=dict)
    opened: Mapping[Opened, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many times in all."""
        return sum(self.sources.values())


class Arrivals(Repository):
    """The table `arrivals`."""

    async def count(self, source: Source, opened: Opened) -> None:
        """Count one opening of today."""
        row = {"day": self._now.astimezone(PARIS).date(), "source": source, "opened": opened}
        await self._connection.execute(
            self._insert(arrivals)
            .values(**row, count=1)
            .on_conflict_do_update(
                index_elements=[arrivals.c.day, arrivals.c.source, arrivals.c.opened],
                set_={"count": arrivals.c.count + 1},
            )
        )

    async def read(self, days: Days) -> ArrivalFigures:
        """Return the counts of a period."""
        total = type_coerce(func.sum(arrivals.c.count), BigInteger)
        result = await self._connection.execute(
            select(arrivals.c.source, arrivals.c.opened, total)
            .where(arrivals.c.day >= days.first, arrivals.c.day < days.end)
            .group_by(arrivals.c.source, arrivals.c.opened)
        )
        sources, opened = Counter[str](), Counter[str]()
        for source, what, count in result:
            sources[source] += int(count)
            opened[what] += int(count)
        return ArrivalFigures(
            {one: sources[one] for one in Source if sources[one]},
            {one: opened[one] for one in Opened if opened[one]},
        )
