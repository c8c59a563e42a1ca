"""What follows when the mail server does not take an e-mail: wait, give up, tell the team."""

import logging
from datetime import timedelta

from bot.runtime import metrics
from bot.runtime.error_reference import CrashedError, new_reference
from bot.runtime.smtp import MailError, MailTrouble
from handlers import deliveries
from handlers.core.services import Services
from storage.database import Database
from storage.engine.repository import LONGEST_WAIT
from storage.queues.alerts import Alert, AlertKind
from storage.queues.outbox import Audience, Pending, digest_of
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
# A server that does not know the sender yet lets some minutes pass (greylisting, RFC 6647).
_FIRST_PAUSE = timedelta(seconds=30)
_GIVE_UP_AFTER = timedelta(days=3)
_MOST_SLIPS = 5
# So many failed attempts at one e-mail take a quarter of an hour: what is shorter is not told.
_TOLD_AFTER = 5
_CLOSED = "mail_server"


class MailFailures:
    """Records what follows from each attempt."""

    def __init__(self, database: Database, services: Services) -> None:
        self._database = database
        self._services = services
        # A former process may have said that e-mails do not go out.
        self._may_be_told = True

    async def meet(self, item: Pending, error: MailError) -> None:
        """Record a refusal, and what follows from it."""
        metrics.FAILED.labels("other").inc()
        async with self._database.begin() as work:
            if error.trouble is MailTrouble.NEVER:
                await self._park(work, item, error, error.why)
            elif work.now - item.created_at > _GIVE_UP_AFTER:
                await self._park(work, item, error, "mail_trouble")
            else:
                await self._wait(work, item, error)

    async def works(self, item: Pending, work: UnitOfWork) -> None:
        """Record that an e-mail was taken; say so where the team was told that none is."""
        await work.outbox.mailed(item.id)
        if item.is_mail_to_visitor:
            await deliveries.arrived(work, item, self._services)
        await work.change_requests.clear_alarm(_alarm_of(item))
        if self._may_be_told and await work.change_requests.clear_alarm(_CLOSED):
            alert = Alert(AlertKind.MAIL_OPEN, new_reference())
            await work.alerts.add(Audience.ADMINISTRATORS, alert)
        self._may_be_told = False

    async def slip(self, item: Pending, error: Exception) -> None:
        """Record that the bot failed to write an e-mail: some more attempts, then it is parked."""
        async with self._database.begin() as work:
            if item.attempts >= _MOST_SLIPS:
                await self._park(work, item, error, "fault")
            else:
                await self._postpone(work, item, type(error).__name__)

    async def crashed(self, item: Pending) -> None:
        """Set aside an e-mail that two processes died of."""
        async with self._database.begin() as work:
            await self._park(work, item, CrashedError(), "fault")

    async def _wait(self, work: UnitOfWork, item: Pending, error: MailError) -> None:
        await self._postpone(work, item, error.why)
        is_closed = error.trouble is MailTrouble.CLOSED
        lasts = error.why == "mail_away" and item.attempts + 1 >= _TOLD_AFTER
        if not (is_closed or lasts):
            return
        self._may_be_told = True
        if await work.change_requests.raise_alarm(_CLOSED, error.why):
            reference = new_reference()
            logger.error("%s: the mail server takes no e-mails (%s)", reference, error.why)
            alert = Alert(AlertKind.MAIL_CLOSED, reference, matter=error.why)
            await work.alerts.add(Audience.ADMINISTRATORS, alert)

    async def _postpone(self, work: UnitOfWork, item: Pending, why: str) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(item.attempts, 10), LONGEST_WAIT)
        await work.outbox.postpone(item.id, work.now + pause, why, self._database.worker)
        logger.warning("%s: next try in %.0f s", why, pause.total_seconds())

    async def _park(self, work: UnitOfWork, item: Pending, error: Exception, why: str) -> None:
        """Give up an e-mail that will never be taken; the administrators are told."""
        reference, kind = new_reference(), type(error).__name__
        await work.outbox.park(item.id, f"{kind}: {why}", self._database.worker)
        logger.error("%s: outbox %d cannot be mailed: %s (%s)", reference, item.id, kind, why)
        metrics.PARKED.inc()
        if await deliveries.failed(work, item, why, self._services):
            return
        if await self._is_known(work, item, why):
            return
        matter = await deliveries.matter(work, item.about)
        alert = Alert(AlertKind.UNDELIVERED, reference, why, matter)
        await work.alerts.add(Audience.ADMINISTRATORS, alert)

    async def _is_known(self, work: UnitOfWork, item: Pending, why: str) -> bool:
        """Tell whether the group knows already that an administrator's address is refused.

        An e-mail to anybody else is not repeated by the next one: each that fails is told.
        """
        if why != "mail_address" or not item.is_mail_to_team:
            return False
        return not await work.change_requests.raise_alarm(_alarm_of(item), why)


def _alarm_of(item: Pending) -> str:
    # The column that keeps it has 32 signs.
    return f"mail_{digest_of(item.address or '')[:24]}"
