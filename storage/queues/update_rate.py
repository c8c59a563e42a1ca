"""How fast a chat sends updates, read from the inbox: all workers agree, even after a restart."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, case, exists, func, select, update

from storage.engine.repository import Repository
from storage.engine.schema import inbox

_HELD = "flood"


@dataclass(frozen=True, slots=True)
class Recent:
    """A chat's recent updates; `last_handled` is an update number, None if none was handled."""

    chat_id: int
    is_fast: bool
    last_handled: int | None


class UpdateRate(Repository):
    """The recent updates of a chat, in the table `inbox`."""

    async def recent(
        self, chats: Collection[int], limit: int, within: timedelta
    ) -> tuple[Recent, ...]:
        """Look at several chats at once: a chat that is not fast is surely within the limit.

        Chats without recent updates are left out.
        """
        if not chats:
            return ()
        parameters = {"chats": list(chats), "limit": limit, "since": self._now - within}
        return tuple(Recent(*row) for row in await self._connection.execute(_RECENT, parameters))

    async def handled_at(self, update_ids: Collection[int]) -> dict[int, datetime]:
        """Return when these updates were handled, by chat."""
        if not update_ids:
            return {}
        rows = await self._connection.execute(_HANDLED_AT, {"numbers": list(update_ids)})
        return {row.chat_id: row.done_at for row in rows}

    async def is_over(self, chat_id: int, update_id: int, limit: int, within: timedelta) -> bool:
        """Tell whether more than `limit` updates came within this duration, this one included."""
        parameters = _parameters(chat_id, update_id, self._now, within)
        earliest = await self._connection.scalar(_NTH_BEFORE, parameters | {"nth": limit - 1})
        return earliest is not None

    async def came_between(self, chat_id: int, handled_at: datetime, update_id: int) -> bool:
        """Tell whether an update came between the one handled at this time and this one.

        Update numbers are compared, not times: the clock may have been changed in between, or be
        another worker's.
        """
        parameters = {"chat": chat_id, "handled_at": handled_at, "number": update_id}
        return bool(await self._connection.scalar(_CAME_BETWEEN, parameters))

    async def came_since(self, chat_id: int, since: datetime, update_id: int) -> bool:
        """Tell whether an update of a chat came after this time, and before this update."""
        parameters = _parameters(chat_id, update_id, self._now, self._now - since)
        return bool(await self._connection.scalar(_CAME_BEFORE, parameters))

    async def hold(self, chat_id: int, update_id: int, within: timedelta) -> bool:
        """Mark an update as left unanswered; True if it is the first within this duration."""
        parameters = _parameters(chat_id, update_id, self._now, within)
        earlier = await self._connection.scalar(_HELD_BEFORE, parameters)
        await self._connection.execute(
            update(inbox).where(inbox.c.update_id == update_id).values(reference=_HELD)
        )
        return not earlier


_RECENT = (
    select(
        inbox.c.chat_id,
        func.count() > bindparam("limit"),
        func.max(case((inbox.c.done_at.is_not(None), inbox.c.update_id))),
    )
    .where(
        inbox.c.chat_id.in_(bindparam("chats", expanding=True)),
        inbox.c.received_at > bindparam("since"),
    )
    .group_by(inbox.c.chat_id)
)
_HANDLED_AT = select(inbox.c.chat_id, inbox.c.done_at).where(
    inbox.c.update_id.in_(bindparam("numbers", expanding=True))
)
_BEFORE = and_(
    inbox.c.chat_id == bindparam("chat"),
    inbox.c.received_at > bindparam("since"),
    # A row dated in the future was written before the clock was put back.
    inbox.c.received_at <= bindparam("now"),
    inbox.c.update_id < bindparam("number"),
)
_NTH_BEFORE = (
    select(inbox.c.received_at)
    .where(_BEFORE)
    .order_by(inbox.c.received_at.desc())
    .offset(bindparam("nth"))
    .limit(1)
)
_CAME_BEFORE = select(exists().where(_BEFORE))
_HELD_BEFORE = select(exists().where(_BEFORE, inbox.c.reference == _HELD))

_HANDLED = (
    select(func.max(inbox.c.update_id))
    .where(inbox.c.chat_id == bindparam("chat"), inbox.c.done_at == bindparam("handled_at"))
    .scalar_subquery()
)
_CAME_BETWEEN = select(
    exists().where(
        inbox.c.chat_id == bindparam("chat"),
        inbox.c.update_id > _HANDLED,
        inbox.c.update_id < bindparam("number"),
    )
)


def _parameters(
    chat_id: int, update_id: int, now: datetime, within: timedelta
) -> dict[str, object]:
    return {"chat": chat_id, "number": update_id, "since": now - within, "now": now}
