"""Who asked to be told of new projects, and of which."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select

from storage.engine.repository import Repository
from storage.engine.schema import people, subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody wants to be told of: labels of the census, None for all of them."""

    id: int
    person_id: int
    territory: str | None
    sector: str | None
    consent_at: datetime


class Subscriptions(Repository):
    """The table `subscriptions`: at most one a person."""

    async def of_person(self, person_id: int) -> Subscription | None:
        """Find what a person subscribed to."""
        statement = select(*_COLUMNS).where(subscriptions.c.person_id == person_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else Subscription(*row)

    async def subscribe(
        self, person_id: int, territory: str | None, sector: str | None, consent_version: int
    ) -> None:
        """Store what a person agreed to be told of, in place of what they chose before."""
        values = {
            "territory": territory,
            "sector": sector,
            "consent_at": self._now,
            "consent_version": consent_version,
        }
        await self._connection.execute(
            self._insert(subscriptions)
            .values(person_id=person_id, **values)
            .on_conflict_do_update(index_elements=[subscriptions.c.person_id], set_=values)
        )

    async def unsubscribe(self, person_id: int) -> bool:
        """Forget a person's subscription; False if there was none."""
        result = await self._connection.execute(
            delete(subscriptions).where(subscriptions.c.person_id == person_id)
        )
        return result.rowcount > 0

    async def after(self, subscription_id: int, most: int) -> tuple[Subscription, ...]:
        """Give the subscriptions after this id, in the order of their ids."""
        result = await self._connection.execute(
            select(*_COLUMNS)
            .where(subscriptions.c.id > subscription_id)
            .order_by(subscriptions.c.id)
            .limit(most)
        )
        return tuple(Subscription(*row) for row in result)

    async def lapsed(self, since: datetime, most: int) -> tuple[Subscription, ...]:
        """Give some of those agreed to before that time, by people of whom nothing came since."""
        is_silent = exists().where(
            people.c.id == subscriptions.c.person_id, people.c.last_seen_at < since
        )
        result = await self._connection.execute(
            select(*_COLUMNS)
            .where(subscriptions.c.consent_at < since, is_silent)
            .order_by(subscriptions.c.id)
            .limit(most)
        )
        return tuple(Subscription(*row) for row in result)

    async def count(self) -> int:
        """Count the subscriptions."""
        statement = select(func.count()).select_from(subscriptions)
        return await self._connection.scalar(statement) or 0


_COLUMNS = (
    subscriptions.c.id,
    subscriptions.c.person_id,
    subscriptions.c.territory,
    subscriptions.c.sector,
    subscriptions.c.consent_at,
)
