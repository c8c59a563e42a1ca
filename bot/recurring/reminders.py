"""The clock of requests: the group's list each morning, and all that was due by then.

A morning has one list, claimed for all workers (`work.schedule`). What was due by the time of the
list is then done in small transactions, one a reader, each of which deletes what it does. A process
that dies in between leaves the rest to the next, which knows by the time of the last list what has
been listed already; on a later day, it is done with that day's list. Nothing of this happens
outside the office's hours.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from bot.runtime.repeating import repeat
from handlers.administration import basket, reminders
from handlers.administration.basket import NAME
from handlers.administration.reminders import Ask
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.requests import due
from storage.database import Database
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS = 60.0
# Old requests get their deadlines so many at a time.
_MOST_PLANNED = 50


class Reminders:
    """Does what is due about requests, each morning or as soon as a worker runs again."""

    def __init__(
        self, database: Database, services: Services, announce: Callable[[], None], ask: Ask
    ) -> None:
        self._database = database
        self._services = services
        self._announce = announce
        self._ask = ask

    async def run(self) -> None:
        """Check every minute whether something is due, until cancelled."""
        await repeat(self.catch_up, _LOOK_EVERY_SECONDS, NAME)

    async def catch_up(self) -> None:
        """Do all that is due and was not done yet; nothing while the office is closed."""
        if not self._services.office.is_open(self._services.clock()):
            return
        while await self._plan_some():
            pass
        # What a process left that died after an earlier list is done with today's, so that nobody
        # is told of both on one day.
        await self._post_basket()
        while await self._settle_one():
            pass

    async def _post_basket(self) -> None:
        """Queue the list of this morning, unless another worker did, or it is not due."""
        async with self._database.begin() as work:
            listed = await self._listed_by(work)
            if not self._is_open(work) or not await work.schedule.claim(NAME, self._morning(work)):
                return
            is_posted = await basket.post(self._posting(work), listed)
        if is_posted:
            self._announce()

    async def _settle_one(self) -> bool:
        """Do what is due for one reader; False where nothing is left for this worker."""
        async with self._database.begin() as work:
            by = await self._listed_by(work)
            if by is None:
                return False
            overdue = await work.deadlines.overdue(by, 1)
            if not overdue:
                return False
            await reminders.settle(self._posting(work), overdue[0], by, self._ask)
        self._announce()
        return True

    async def _listed_by(self, work: UnitOfWork) -> datetime | None:
        """Return by when things were due that the last list named; None to do nothing now."""
        if not self._is_open(work):
            return None
        by = await work.schedule.hold(NAME)
        # A clock that ran ahead noted a time to come: the next list puts it right.
        return by if by is not None and by <= work.now else None

    async def _plan_some(self) -> bool:
        """Plan for some of the requests that have nothing due, before they can be listed today."""
        async with self._database.begin() as work:
            if not await work.schedule.is_due(NAME, self._morning(work)):
                return False
            if await work.schedule.hold(NAME) is None:
                return False
            return await due.plan_missing(self._posting(work), _MOST_PLANNED) > 0

    def _posting(self, work: UnitOfWork) -> Posting:
        return Posting(self._services, work, keeps_hours=True)

    def _is_open(self, work: UnitOfWork) -> bool:
        return self._services.office.is_open(work.now)

    def _morning(self, work: UnitOfWork) -> datetime:
        return self._services.office.due(work.now, 0)
