"""A weekly message to the facilitators, sent once despite restarts and several workers."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.runtime.repeating import repeat
from handlers.core.posting import composed
from handlers.core.services import Services
from handlers.curation.gaps import (
    MOST_READ,
    READ_LENGTH,
    compare_ahead,
    grouped,
    quoted_first,
)
from handlers.messages import PARIS, Catalogue
from storage.database import Database
from storage.queues.outbox import Audience, Outgoing, Priority
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("unanswered")
NAME = "weekly-digest"
_HOUR = 9
_WEEK = timedelta(days=7)
_MOST_GAPS = 5
_LOOK_EVERY_SECONDS = 300.0


class WeeklyDigest:
    """Sends the digest on Mondays at nine, Paris time; later if no worker ran then."""

    def __init__(
        self, database: Database, services: Services, announce: Callable[[], None]
    ) -> None:
        self._database = database
        self._services = services
        self._announce = announce

    async def run(self) -> None:
        """Check every few minutes whether it is due, until cancelled."""
        await repeat(self.send_if_due, _LOOK_EVERY_SECONDS, NAME)

    async def send_if_due(self) -> bool:
        """Add the digest of the last seven days to the outbox; False where it is not due here."""
        if self._services.facilitator_chat_id is None:
            return False
        due = last_due(self._services.clock())
        async with self._database.begin() as work:
            if not await work.schedule.is_due(NAME, due):
                return False
        await compare_ahead(self._database, self._services)
        async with self._database.begin() as work:
            if not await work.schedule.claim(NAME, due):
                return False
            await work.outbox.add(await self._composed(work))
        self._announce()
        logger.info("the weekly digest is on its way")
        return True

    async def _composed(self, work: UnitOfWork) -> Outgoing:
        since = work.now - _WEEK
        tally = await work.questions.tally(since)
        unanswered = await work.questions.unanswered(MOST_READ, since, length=READ_LENGTH)
        gaps = grouped(self._services.likeness, unanswered)[:_MOST_GAPS]
        text = TEXT("digest", tally=tally, gaps=gaps, since=since, now=work.now)
        return Outgoing(
            Audience.FACILITATORS,
            "sendMessage",
            composed(text, None),
            quotes=quoted_first(gaps),
            priority=Priority.BROADCAST,
            keeps_hours=True,
        )


def last_due(now: datetime) -> datetime:
    """Return the most recent Monday at nine, Paris time."""
    local = now.astimezone(PARIS)
    monday = (local - timedelta(days=local.weekday())).replace(
        hour=_HOUR, minute=0, second=0, microsecond=0
    )
    return monday if monday <= local else monday - _WEEK
