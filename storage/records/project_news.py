"""What changed in the census since people were last told, and how far telling them has come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from storage.engine.repository import Repository
from storage.engine.schema import interests, known_projects, project_news
from storage.records.interest_rows import as_interest
from storage.records.interests import Interest
from storage.records.lifecycle import OPEN


class NewsKind(StrEnum):
    """What happened to projects."""

    OPENED = "opened"
    CLOSED = "closed"
    # It had said that it sought one.
    FOUND_LEAD = "found_lead"
    # Its file had said nothing of who leads it.
    NAMED_LEAD = "named_lead"


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project as it stood when people were last told; ``lead`` None where none was named."""

    project_id: str
    title: str
    lead: str | None
    is_open: bool
    is_announced: bool
    seeks_lead: bool


@dataclass(frozen=True, slots=True)
class News:
    """What people are being told: those up to a row (``told_up_to``) know it already.

    Those who opened are told together; of the other kinds, each row is about one project.
    """

    id: int
    kind: NewsKind
    project_ids: tuple[str, ...]
    told_up_to: int


class ProjectNews(Repository):
    """The tables `known_projects` and `project_news`."""

    async def known(self) -> Mapping[str, KnownProject]:
        """Give the projects as they stood when people were last told, by their ids."""
        result = await self._connection.execute(select(known_projects))
        return {row.project_id: KnownProject(*row) for row in result}

    async def remember(self, projects: Collection[KnownProject]) -> None:
        """Replace what is known by these."""
        await self._connection.execute(delete(known_projects))
        if projects:
            await self._connection.execute(
                self._insert(known_projects),
                [
                    {
                        "project_id": each.project_id,
                        "title": each.title,
                        "lead": each.lead,
                        "is_open": each.is_open,
                        "is_announced": each.is_announced,
                        "seeks_lead": each.seeks_lead,
                    }
                    for each in projects
                ],
            )

    async def begin(self, kind: NewsKind, project_ids: Collection[str]) -> None:
        """Begin to tell people of this."""
        await self._connection.execute(
            self._insert(project_news).values(
                kind=kind, project_ids=list(project_ids), at=self._now
            )
        )

    async def next(self) -> News | None:
        """Give what people are to be told first, unless another worker is telling them.

        Of those who opened on several days, the first stands for all: see ``opened``.
        """
        other = project_news.alias()
        is_opened = project_news.c.kind == NewsKind.OPENED
        first = select(func.min(other.c.id)).where(other.c.kind == NewsKind.OPENED)
        result = await self._connection.execute(
            select(project_news)
            .where(~is_opened | (project_news.c.id == first.scalar_subquery()))
            .order_by(project_news.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = result.one_or_none()
        return None if row is None else _news(row)

    async def opened(self) -> tuple[News, ...]:
        """Give all that opened and that people are being told, to whoever holds the first."""
        result = await self._connection.execute(
            select(project_news)
            .where(project_news.c.kind == NewsKind.OPENED)
            .order_by(project_news.c.id)
            .with_for_update()
        )
        return tuple(map(_news, result))

    async def told_up_to(self, news_id: int, row_id: int) -> None:
        """Note that everybody up to this row was told."""
        await self._connection.execute(
            update(project_news).where(project_news.c.id == news_id).values(told_up_to=row_id)
        )

    async def end(self, news_id: int) -> None:
        """Note that everybody was told."""
        await self._connection.execute(delete(project_news).where(project_news.c.id == news_id))

    async def waiting_for(self, project_id: str, after: int, most: int) -> tuple[Interest, ...]:
        """Give the open requests about a project after this id, in the order of their ids."""
        result = await self._connection.execute(
            select(interests)
            .where(
                interests.c.project_id == project_id,
                interests.c.status.in_(OPEN),
                interests.c.person_id.is_not(None),
                interests.c.id > after,
            )
            .order_by(interests.c.id)
            .limit(most)
        )
        return tuple(map(as_interest, result))


def _news(row: Row[*tuple[Any, ...]]) -> News:
    return News(row.id, NewsKind(row.kind), tuple(row.project_ids), row.told_up_to)
