"""Making one message of the alerts that a group is not told of yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.core.alerts import summary
from handlers.core.posting import composed
from storage.database import Database
from storage.queues.alerts import CountedAlert
from storage.queues.outbox import Pending
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AlertPost:
    """A row that stands for alerts, with the text to send, and the alerts that the text tells."""

    item: Pending
    told: Sequence[CountedAlert]

    async def sent(self, work: UnitOfWork) -> None:
        """Record that the group was told."""
        await work.alerts.told(self.item.audience, self.told)
        await work.outbox.forget([self.item.id])


async def alert_post(database: Database, item: Pending) -> AlertPost | None:
    """Write the text; None where nothing is to be told, or not yet: the row is put off."""
    async with database.begin() as work:
        due = await work.alerts.due(item.audience)
        if due > work.now:
            await work.outbox.defer(item.id, due, database.worker)
            return None
        untold = await work.alerts.untold(item.audience)
        if not untold:
            await work.outbox.forget([item.id])
            return None
    text, told = summary(untold)
    return AlertPost(replace(item, payload=composed(text, None)), told)
