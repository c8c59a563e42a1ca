"""Alerts to the groups of the team: counted as they come, told together, once a minute at most.

A waiting row of the outbox, one for each group, stands for all alerts that are not told yet. Its
text is made from their counts when it is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import RowMapping, delete, func, select, update

from storage.engine.repository import Repository
from storage.engine.schema import OUTBOX_WAITING, alerts, outbox
from storage.queues.outbox import Audience, Outbox, Outgoing, Priority, lane_of

EVERY = timedelta(minutes=1)
_LATEST = 5


class AlertKind(StrEnum):
    """What a group is told about; its words are in ``handlers/messages/alerts.yaml``."""

    FAILURE = "failure"
    UNREAD = "unread"
    UNDELIVERED = "undelivered"
    UNBLANKED = "unblanked"
    LOOP_FAILS = "loop_fails"
    LOOP_WORKS = "loop_works"
    GROUP_CLOSED = "group_closed"
    GROUP_OPEN = "group_open"
    MAIL_CLOSED = "mail_closed"
    MAIL_OPEN = "mail_open"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that happened: ``subject`` is what it happened to (a loop, a group).

    ``reference`` finds it in the log; ``matter`` is what a person knows it by, such as the number
    of a request.
    """

    kind: AlertKind
    reference: str
    subject: str = ""
    matter: str = ""


@dataclass(frozen=True, slots=True)
class CountedAlert:
    """What happened ``count`` times and is not told yet; ``latest``: (reference, matter) pairs."""

    name: str
    kind: AlertKind
    subject: str
    count: int
    latest: tuple[tuple[str, str], ...]


class Alerts(Repository):
    """The table `alerts`."""

    async def add(self, audience: Audience, alert: Alert) -> None:
        """Count an alert; the group is told of it at once, or a minute after the last message."""
        name = f"{audience}:{alert.kind}:{alert.subject}"
        values = {"kind": alert.kind, "subject": alert.subject, "raised_at": self._now}
        await self._connection.execute(
            self._insert(alerts)
            .values(name=name, audience=audience, count=0, latest=[], **values)
            .on_conflict_do_nothing()
        )
        found = select(alerts.c.latest).where(alerts.c.name == name).with_for_update()
        latest = [*(await self._connection.scalar(found) or []), [alert.reference, alert.matter]]
        await self._connection.execute(
            update(alerts)
            .where(alerts.c.name == name)
            .values(count=alerts.c.count + 1, latest=latest[-_LATEST:], raised_at=self._now)
        )
        await self._see_to(audience)

    async def untold(self, audience: Audience) -> tuple[CountedAlert, ...]:
        """Return what a group is not told of yet, in the order of its last time."""
        result = await self._connection.execute(
            select(alerts)
            .where(alerts.c.audience == audience, alerts.c.count > 0)
            # A kind that only another version knows waits for that version.
            .where(alerts.c.kind.in_(list(AlertKind)))
            .order_by(alerts.c.raised_at, alerts.c.name)
        )
        return tuple(_counted(row) for row in result.mappings())

    async def told(self, audience: Audience, those: Iterable[CountedAlert]) -> None:
        """Record that a group was told of these; what came meanwhile is told with the next."""
        for one in those:
            await self._connection.execute(
                update(alerts)
                .where(alerts.c.name == one.name)
                .values(count=alerts.c.count - one.count, told_at=self._now)
            )
        if await self.untold(audience):
            await self._see_to(audience)

    async def due(self, audience: Audience) -> datetime:
        """Return when a group may be told again; the moment may be in the past."""
        last: datetime | None = await self._connection.scalar(
            select(func.max(alerts.c.told_at)).where(alerts.c.audience == audience)
        )
        # A time in the future was noted by a clock that ran ahead.
        return self._now if last is None or last > self._now else last + EVERY

    async def forget(self, duration: timedelta) -> int:
        """Delete what was told that long ago; returns how many rows."""
        is_old = (alerts.c.count == 0) & (alerts.c.told_at < self._now - duration)
        return (await self._connection.execute(delete(alerts).where(is_old))).rowcount

    async def _see_to(self, audience: Audience) -> None:
        queue = self._beside(Outbox)
        await self._changes.write(outbox)
        # A claimed row may have its text already. This one is locked, so that no other worker
        # claims it, and reads what to tell, before this alert is committed.
        waiting = (
            select(outbox.c.id)
            .where(OUTBOX_WAITING, outbox.c.lane == lane_of(audience, None))
            .where(outbox.c.priority == Priority.ALERT, outbox.c.claimed_by.is_(None))
            .limit(1)
            .with_for_update()
        )
        if await self._connection.scalar(waiting) is not None:
            return
        due = await self.due(audience)
        await queue.add(
            Outgoing(
                audience,
                "sendMessage",
                {},
                not_before=due if due > self._now else None,
                priority=Priority.ALERT,
                is_final=True,
            )
        )


def _counted(row: RowMapping) -> CountedAlert:
    latest = tuple((str(reference), str(matter)) for reference, matter in row["latest"])
    count = int(row["count"])
    return CountedAlert(
        row["name"], AlertKind(row["kind"]), row["subject"], count, latest[-min(count, _LATEST) :]
    )
