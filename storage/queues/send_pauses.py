"""The pace that Telegram asks for, as far as several workers must share it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, bindparam, select

from storage.engine.repository import Repository
from storage.engine.schema import rests

# No lane of the outbox is called so.
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class SendPause:
    """A lane that says nothing before `until`; `sent` tells when it spoke last (Unix time, s)."""

    lane: str
    sent: tuple[float, ...]
    until: datetime


class SendPauses(Repository):
    """The table `rests`: lanes that wait, and the halt of all."""

    async def halt(self, until: datetime) -> None:
        """Stop all sending, of every worker, until then."""
        await self.keep([SendPause(EVERYTHING, (), until)])

    async def halted_until(self) -> datetime | None:
        """Tell until when nothing may be sent; None where all may be."""
        until: datetime | None = await self._connection.scalar(_HALTED_UNTIL, {"now": self._now})
        return until

    async def keep(self, found: Sequence[SendPause]) -> None:
        """Let these lanes rest."""
        statement = self._insert(rests)
        values = ("sent", "since", "until")
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[rests.c.lane],
                set_={name: statement.excluded[name] for name in values},
            ),
            [self._row(one) for one in found],
        )

    async def sent(self, lanes: Collection[str]) -> dict[str, tuple[float, ...]]:
        """Tell when each of these lanes spoke last."""
        result = await self._connection.execute(_SENT, {"lanes": list(lanes)})
        return {row.lane: tuple(row.sent) for row in result}

    def _row(self, one: SendPause) -> dict[str, object]:
        return {"lane": one.lane, "sent": list(one.sent), "since": self._now, "until": one.until}


def is_paused(now: BindParameter[datetime]) -> ColumnElement[bool]:
    """Tell a rest that lasts; one that begins later is of a clock that was put back."""
    return (rests.c.since <= now) & (rests.c.until > now)


_SENT = select(rests.c.lane, rests.c.sent).where(
    rests.c.lane.in_(bindparam("lanes", expanding=True))
)
_HALTED_UNTIL = select(rests.c.until).where(
    rests.c.lane == EVERYTHING, is_paused(bindparam("now", type_=rests.c.until.type))
)
