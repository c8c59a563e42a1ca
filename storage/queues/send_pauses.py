"""The pauses in sending that Telegram asks for, shared by all workers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, bindparam, select

from storage.engine.repository import Repository
from storage.engine.schema import rests

# Stands for all lanes: no lane of the outbox has this name.
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class SendPause:
    """A lane that sends nothing before `until`; `sent` holds its last send times (Unix time, s)."""

    lane: str
    sent: tuple[float, ...]
    until: datetime


class SendPauses(Repository):
    """The table `rests`: the pause of each lane, and the halt of all lanes."""

    async def halt(self, until: datetime) -> None:
        """Stop all sending, of every worker, until then."""
        await self.keep([SendPause(EVERYTHING, (), until)])

    async def halted_until(self) -> datetime | None:
        """Return until when all sending is halted; None if it is not."""
        until: datetime | None = await self._connection.scalar(_HALTED_UNTIL, {"now": self._now})
        return until

    async def keep(self, pauses: Sequence[SendPause]) -> None:
        """Store the pauses of these lanes."""
        statement = self._insert(rests)
        values = ("sent", "since", "until")
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[rests.c.lane],
                set_={name: statement.excluded[name] for name in values},
            ),
            [self._row(pause) for pause in pauses],
        )

    async def sent(self, lanes: Collection[str]) -> dict[str, tuple[float, ...]]:
        """Return the last send times of each of these lanes."""
        result = await self._connection.execute(_SENT, {"lanes": list(lanes)})
        return {row.lane: tuple(row.sent) for row in result}

    def _row(self, pause: SendPause) -> dict[str, object]:
        return {
            "lane": pause.lane,
            "sent": list(pause.sent),
            "since": self._now,
            "until": pause.until,
        }


def is_paused(now: BindParameter[datetime]) -> ColumnElement[bool]:
    """Match pauses in force; one that starts in the future was written before a clock went back."""
    return (rests.c.since <= now) & (rests.c.until > now)


_SENT = select(rests.c.lane, rests.c.sent).where(
    rests.c.lane.in_(bindparam("lanes", expanding=True))
)
_HALTED_UNTIL = select(rests.c.until).where(
    rests.c.lane == EVERYTHING, is_paused(bindparam("now", type_=rests.c.until.type))
)
