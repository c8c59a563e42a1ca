"""How fast somebody writes, read from the inbox: the same for every worker, and after a restart."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, select, update

from storage.repository import Repository
from storage.schema import inbox

_HELD = "flood"


class Tempo(Repository):
    """The recent updates of a chat, in the table `inbox`."""

    async def is_over(self, chat_id: int, update_id: int, limit: int, within: timedelta) -> bool:
        """Tell whether more than `limit` updates came within a time, this one counted."""
        earliest = await self._connection.scalar(
            select(inbox.c.received_at)
            .where(self._before(chat_id, update_id, within))
            .order_by(inbox.c.received_at.desc())
            .offset(limit - 1)
            .limit(1)
        )
        return earliest is not None

    async def hold(self, chat_id: int, update_id: int, within: timedelta) -> bool:
        """Mark an update as left unanswered; True where it is the first one within that time."""
        earlier = await self._connection.scalar(
            select(
                exists().where(self._before(chat_id, update_id, within), inbox.c.reference == _HELD)
            )
        )
        await self._connection.execute(
            update(inbox).where(inbox.c.update_id == update_id).values(reference=_HELD)
        )
        return not earlier

    def _before(self, chat_id: int, update_id: int, within: timedelta) -> ColumnElement[bool]:
        return and_(
            inbox.c.chat_id == chat_id,
            inbox.c.received_at > self._now - within,
            inbox.c.update_id < update_id,
        )
