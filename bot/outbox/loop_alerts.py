"""Telling the administrators that a loop of the service fails, or works again."""

from collections.abc import Callable

from bot.runtime.supervisor import LoopName
from handlers.core.services import Services
from handlers.messages import Catalogue
from storage.database import Database
from storage.queues.outbox import Audience, Outgoing

TEXT = Catalogue.of("general")


class LoopAlerts:
    """Adds a message for their group to the outbox at each change."""

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
        task = TEXT.label(f"loop_{name}")
        # Several workers tell each for itself.
        worker = self._database.worker if self._database.is_shared else None
        words = "loop_fails_alert" if fails else "loop_works_alert"
        text = TEXT(words, task=task, name=name, worker=worker)
        content = {"text": text, "parse_mode": "HTML"}
        async with self._database.begin() as work:
            work.outbox.owe(Outgoing(Audience.ADMINISTRATORS, "sendMessage", content))
        self._announce(work.changes.owed)
