"""The administrators whom the bot has met, so that a request can be handed over to one of them.

Telegram does not tell a bot who is in a group: it meets whoever taps, types a command there, joins
the group, or was handed a request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from storage.engine.repository import Repository
from storage.engine.schema import colleagues

# Somebody who is met again within this time is not written down again.
_OFTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Colleague:
    """An administrator: Telegram's id, the name shown, and when they were last met."""

    telegram_id: int
    name: str
    seen_at: datetime


class Colleagues(Repository):
    """The table `colleagues`."""

    async def meet(self, telegram_id: int, name: str) -> None:
        """Record that this administrator was met now, under this name."""
        known = await self.get(telegram_id)
        if known and known.name == name and self._now - known.seen_at < _OFTEN:
            return
        values = {"name": name, "seen_at": self._now}
        await self._connection.execute(
            self._insert(colleagues)
            .values(telegram_id=telegram_id, **values)
            .on_conflict_do_update(index_elements=[colleagues.c.telegram_id], set_=values)
        )

    async def get(self, telegram_id: int) -> Colleague | None:
        """Find an administrator by Telegram's id."""
        statement = select(colleagues).where(colleagues.c.telegram_id == telegram_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else Colleague(row.telegram_id, row.name, row.seen_at)

    async def latest(self, most: int) -> tuple[Colleague, ...]:
        """Give those met last, the latest first."""
        result = await self._connection.execute(
            select(colleagues)
            .order_by(colleagues.c.seen_at.desc(), colleagues.c.telegram_id)
            .limit(most)
        )
        return tuple(Colleague(row.telegram_id, row.name, row.seen_at) for row in result)

    async def forget(self, telegram_id: int) -> int:
        """Forget an administrator who left, or was erased; returns how many rows were deleted."""
        result = await self._connection.execute(
            delete(colleagues).where(colleagues.c.telegram_id == telegram_id)
        )
        return result.rowcount
