"""What takes the place of a call whose message, or whose quoted message, is out of reach."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from telegram.error import TelegramError

from bot.outbox.addresses import Addresses
from bot.outbox.refusals import Consequence, judge
from bot.runtime.error_reference import new_reference
from handlers import deliveries
from handlers.core.services import Services
from storage.database import Database
from storage.queues.alerts import Alert, AlertKind
from storage.queues.outbox import Audience, Delivery, Making, Outgoing, Pending
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
_NUMBER = re.compile(r"\b(?:TI|Q)-\d{4}-\d{4,}\b")


class Replacements:
    """Posts anew what an edit would have shown; says where an erased message stays visible."""

    def __init__(self, database: Database, services: Services, addresses: Addresses) -> None:
        self._database = database
        self._services = services
        self._addresses = addresses

    async def left(self, item: Pending) -> None:
        """Record that the message to change stands in a chat that was left."""
        async with self._database.begin() as work:
            await self.post_anew(work, item, is_visible=True)

    async def post_anew(self, work: UnitOfWork, item: Pending, *, is_visible: bool) -> None:
        """Post what the edit of a message would have shown; the message is out of reach."""
        if not await work.outbox.sent(item.id, self._addresses.meant(item), None):
            return
        if item.is_final:
            if is_visible:
                await self.leave_visible(work, item)
            return
        home = await self._addresses.home(work, item)
        if item.method != "editMessageText" or await self._edit_newer(work, item):
            return
        if home is not None and deliveries.is_in_thread(item):
            await deliveries.removed(work, item, self._services, is_deleted=not is_visible)
            return
        payload = {k: v for k, v in item.payload.items() if k != "message_id"}
        if home is None:
            self._owe(work, item, Audience.PERSON, payload)
        elif item.about is None or not await work.outbox.reword(
            item.about, home, payload, keeps_hours=item.keeps_hours
        ):
            self._owe(work, item, home, payload)

    async def _edit_newer(self, work: UnitOfWork, item: Pending) -> bool:
        """Make the edit in the message that was posted anew since; False where there is none."""
        # Notes about one thing are messages of their own: none stands for another.
        is_main = item.about is not None and not item.about.is_note
        standing = await work.outbox.delivery(item.about) if item.about and is_main else None
        lost = Delivery(self._addresses.meant(item), item.payload["message_id"])
        if standing is None or standing == lost:
            return False
        if await work.outbox.current_chat(standing.chat_id) != standing.chat_id:
            return False
        content = {**item.payload, "message_id": standing.message_id}
        work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                item.method,
                content,
                chat_id=standing.chat_id,
                about=item.about,
                quotes=item.quotes,
                keeps_hours=item.keeps_hours,
            )
        )
        return True

    def _owe(
        self,
        work: UnitOfWork,
        item: Pending,
        audience: Audience,
        payload: Mapping[str, Any],
        attachment: bytes | None = None,
    ) -> None:
        """Queue a call again, as a new message with its file."""
        work.outbox.owe(
            Outgoing(
                audience,
                "sendMessage" if item.edits else item.method,
                payload,
                chat_id=self._addresses.meant(item) if audience is Audience.PERSON else None,
                attachment=attachment,
                filename=item.filename,
                makes=None if item.makes is None else Making(item.makes),
                makes_of=item.makes_of,
                about=item.about,
                priority=item.priority,
                is_final=item.is_final,
                quotes=item.quotes,
                keeps_hours=item.keeps_hours,
            )
        )

    async def send_without(self, work: UnitOfWork, item: Pending, name: str) -> None:
        """Send a message without its quote or topic, which is gone or closed."""
        attachment = await work.outbox.attachment(item.id) if item.has_attachment else None
        if await work.outbox.sent(item.id, self._addresses.meant(item), None):
            payload = {k: v for k, v in item.payload.items() if k != name}
            self._owe(work, item, item.audience, payload, attachment)

    async def undeleted(self, item: Pending, error: TelegramError) -> None:
        """Record that a message erased during its call could not be deleted from the chat."""
        if item.audience is Audience.PERSON and self._addresses.meant(item) > 0:
            return
        if judge(error, in_group=True).consequence is not Consequence.ANEW or stays(error):
            async with self._database.begin() as work:
                await self.leave_visible(work, item)

    async def leave_visible(self, work: UnitOfWork, item: Pending) -> None:
        """Say that a person's data stay in a chat where the bot cannot blank them."""
        reference = new_reference()
        logger.error("%s: an erased message stays in a group", reference)
        number = _NUMBER.search(str(item.payload.get("text", "")))
        matter = number[0] if number else ""
        await work.alerts.add(
            Audience.ADMINISTRATORS, Alert(AlertKind.UNBLANKED, reference, matter=matter)
        )


def stays(error: TelegramError) -> bool:
    """Tell whether the message that cannot be edited is still there."""
    return "can't be" in error.message.lower() or "expired" in error.message.lower()
