"""How often something may be done within a period: counted here, for all workers and restarts.

A key names what is counted and for whom. It is stored as a digest, so that the table names nobody,
and a row is of no more use once its period is over.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, or_, select, update

from storage.engine.repository import Repository
from storage.engine.schema import allowances


@dataclass(frozen=True, slots=True)
class Spending:
    """Whether one more was allowed; if not, whether to say so now, and when it is allowed again."""

    is_allowed: bool
    is_to_tell: bool
    until: datetime


class Allowances(Repository):
    """The table `allowances`."""

    async def spend(
        self, key: str, most: int, within: timedelta, tell_again: timedelta
    ) -> Spending:
        """Count one more; beyond `most` it is refused, and told once in `tell_again`."""
        over = allowances.c.until <= self._now
        # A row that ends later than a whole period from now was written by a clock that ran ahead.
        over |= allowances.c.until > self._now + within
        new = {"spent": 1, "until": self._now + within, "told_at": None}
        again = {
            "spent": case((over, 1), else_=allowances.c.spent + 1),
            "until": case((over, self._now + within), else_=allowances.c.until),
            "told_at": case((over, None), else_=allowances.c.told_at),
        }
        result = await self._connection.execute(
            self._insert(allowances)
            .values(key=_digest(key), **new)
            .on_conflict_do_update(index_elements=[allowances.c.key], set_=again)
            .returning(allowances.c.spent, allowances.c.until)
        )
        spent, until = result.one()
        is_allowed = spent <= most
        is_to_tell = not is_allowed and await self._tell(key, tell_again)
        return Spending(is_allowed, is_to_tell, until)

    async def spent_until(self, key: str, most: int) -> datetime | None:
        """Return when one more is allowed again; None if it is now. Nothing is counted."""
        until: datetime | None = await self._connection.scalar(
            select(allowances.c.until).where(
                allowances.c.key == _digest(key),
                allowances.c.spent >= most,
                allowances.c.until > self._now,
            )
        )
        return until

    async def forgive(self, key: str) -> None:
        """Begin the count anew."""
        await self._connection.execute(delete(allowances).where(allowances.c.key == _digest(key)))

    async def _tell(self, key: str, tell_again: timedelta) -> bool:
        is_due = or_(allowances.c.told_at.is_(None), allowances.c.told_at <= self._now - tell_again)
        result = await self._connection.execute(
            update(allowances)
            .where(allowances.c.key == _digest(key), is_due)
            .values(told_at=self._now)
        )
        return result.rowcount > 0


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
