"""Reading many requests: how many stand how, and lists of them for the team.

Those of erased people are left out: nothing can be done about them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from storage.engine.repository import Repository
from storage.engine.schema import deadlines, interests
from storage.records.interest_rows import as_interest
from storage.records.interest_values import Interest, Role
from storage.records.lifecycle import OPEN, Status

# So many projects or people in charge are read: nobody turns more pages of them.
_MOST_GROUPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests a list holds; without a status, all that are open.

    ``project_id`` empty: those without a project. ``owner_id``: who has them in charge.
    """

    status: Status | None = None
    project_id: str | None = None
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class RequestGroup:
    """Open requests that have a project, or a person in charge, in common; ``key`` is its id."""

    key: str
    name: str
    count: int


class RequestLists(Repository):
    """The table `interests`, read for the lists of the team."""

    async def counts(self) -> Mapping[Status, int]:
        """Count the requests by status; a status that none has is there too."""
        result = await self._connection.execute(
            select(interests.c.status, func.count()).where(_KNOWN).group_by(interests.c.status)
        )
        found = {Status(status): count for status, count in result}
        return {status: found.get(status, 0) for status in Status}

    async def count(self, wanted: Wanted) -> int:
        """Count the requests of a list."""
        counting = select(func.count()).select_from(interests).where(*_conditions(wanted))
        return await self._connection.scalar(counting) or 0

    async def page(self, wanted: Wanted, first: int, most: int) -> tuple[Interest, ...]:
        """Give so many requests of a list after the ``first`` ones, the oldest first."""
        ids = await self._connection.scalars(
            select(interests.c.id)
            .where(*_conditions(wanted))
            # The id decides among those of one moment, so that no request is on two pages.
            .order_by(interests.c.created_at, interests.c.id)
            .offset(first)
            .limit(most)
        )
        return await self.several(ids.all())

    async def several(self, ids: Sequence[int]) -> tuple[Interest, ...]:
        """Give the requests with these ids, in this order, without those that are gone."""
        result = await self._connection.execute(
            select(interests).where(_KNOWN, interests.c.id.in_(ids))
        )
        found = {row.id: as_interest(row) for row in result}
        return tuple(found[each] for each in ids if each in found)

    async def waiting(self) -> tuple[Interest, ...]:
        """Give all that nobody has taken in charge, oldest first."""
        is_waiting = interests.c.status == Status.RECEIVED
        return await self._all(select(interests).where(is_waiting).order_by(interests.c.id))

    async def offering_to_lead(self, most: int) -> tuple[Interest, ...]:
        """Give the open requests of firms that would lead a project, the latest first."""
        is_offer = (interests.c.role == Role.LEAD) & interests.c.status.in_(OPEN)
        latest = select(interests).where(is_offer).order_by(interests.c.id.desc())
        return await self._all(latest.limit(most))

    async def without_deadline(self, most: int) -> tuple[Interest, ...]:
        """Give open requests of which nothing is due, the oldest first."""
        has_deadline = exists().where(deadlines.c.interest_id == interests.c.id)
        is_forgotten = interests.c.status.in_(OPEN) & ~has_deadline
        oldest = select(interests).where(is_forgotten).order_by(interests.c.id)
        return await self._all(oldest.limit(most))

    async def projects(self) -> tuple[RequestGroup, ...]:
        """Give the projects that have open requests, those with the most first."""
        project = func.coalesce(interests.c.project_id, "")
        # Proposals have no project, and each a title of its own.
        title = func.max(interests.c.project_title)
        return await self._groups(project, title)

    async def owners(self) -> tuple[RequestGroup, ...]:
        """Give who has open requests in charge, those with the most first."""
        return await self._groups(
            interests.c.owner_id,
            func.max(interests.c.owner_name),
            interests.c.owner_id.is_not(None),
        )

    async def numbered(self, end: int, most: int) -> tuple[Interest, ...]:
        """Give the requests whose number ends so, of the latest year first."""
        ids = await self._connection.scalars(
            select(interests.c.id)
            .where(_KNOWN, interests.c.number.endswith(f"-{end:04d}"))
            .order_by(interests.c.id.desc())
            .limit(most)
        )
        return await self.several(ids.all())

    async def firms(self, most: int) -> tuple[tuple[int, str], ...]:
        """Give the id and the firm's name of the latest requests."""
        result = await self._connection.execute(
            select(interests.c.id, interests.c.company)
            .where(_KNOWN)
            .order_by(interests.c.id.desc())
            .limit(most)
        )
        return tuple((row.id, row.company) for row in result)

    async def _all(self, statement: Select[Any]) -> tuple[Interest, ...]:
        result = await self._connection.execute(statement.where(_KNOWN))
        return tuple(map(as_interest, result))

    async def _groups(
        self,
        key: ColumnElement[object],
        name: ColumnElement[str],
        *conditions: ColumnElement[bool],
    ) -> tuple[RequestGroup, ...]:
        result = await self._connection.execute(
            select(key.label("key"), name.label("name"), func.count().label("total"))
            .where(_KNOWN, interests.c.status.in_(OPEN), *conditions)
            .group_by(key)
            .order_by(func.count().desc(), key)
            .limit(_MOST_GROUPS)
        )
        return tuple(RequestGroup(str(row.key), row.name or "", row.total) for row in result)


_KNOWN = interests.c.person_id.is_not(None)


def _conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    is_wanted = (
        interests.c.status.in_(OPEN)
        if wanted.status is None
        else interests.c.status == wanted.status
    )
    conditions = [_KNOWN, is_wanted]
    if wanted.project_id is not None:
        conditions.append(func.coalesce(interests.c.project_id, "") == wanted.project_id)
    if wanted.owner_id is not None:
        conditions.append(interests.c.owner_id == wanted.owner_id)
    return tuple(conditions)
