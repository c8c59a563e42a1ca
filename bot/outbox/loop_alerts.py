"""Telling the administrators that a loop of the service fails, or works again."""

import logging
from collections.abc import Callable

from bot.runtime.error_reference import new_reference
from bot.runtime.supervisor import LoopName
from handlers.core.services import Services
from storage.database import Database
from storage.queues.alerts import Alert, AlertKind
from storage.queues.outbox import Audience

logger = logging.getLogger(__name__)


class LoopAlerts:
    """Adds an alert for their group at each change."""

    def __init__(
        self, database: Database, services: Services, announce: Callable[[int], None]
    ) -> None:
        self._database = database
        self._services = services
        self._announce = announce

    async def tell(self, name: LoopName, *, fails: bool) -> None:
        """Add the alert; StorageError or a driver's error where the database does not accept it."""
        # Without a group, the alert would stay in the outbox and be sent long afterwards.
        if self._services.admin_chat_id is None:
            return
        kind = AlertKind.LOOP_FAILS if fails else AlertKind.LOOP_WORKS
        reference = new_reference()
        # Several workers tell each for itself: they are counted, and told together.
        async with self._database.begin() as work:
            await work.alerts.add(Audience.ADMINISTRATORS, Alert(kind, reference, name.value))
        logger.warning("%s: loop %s %s", reference, name, "fails" if fails else "works again")
        self._announce(work.changes.owed)
