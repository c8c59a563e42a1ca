"""Sending what the outbox holds: in order within a chat, retried until it arrives or never can."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from telegram import InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.pump import Pump
from handlers.messages import Catalogue
from handlers.services import Services
from storage.database import Database
from storage.outbox import Audience, Outgoing, Pending
from storage.work import Work

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("general")

_AT_ONCE = 16
_LONGEST_PAUSE = timedelta(minutes=5)
# A message that Telegram could not take for so long says something out of date.
_GIVE_UP_AFTER = timedelta(days=3)
_UNCHANGED = "message is not modified"
_NOT_EDITABLE = ("message to edit not found", "message can't be edited", "message_id_invalid")


class Dispatcher(Pump[Pending, str]):
    """Takes messages from the outbox, one a chat at a time, and makes the calls."""

    def __init__(self, database: Database, bot: ExtBot[None], services: Services) -> None:
        super().__init__("dispatcher", _AT_ONCE, services.clock)
        self._database = database
        self._bot = bot
        self._services = services
        self._halted_until: datetime | None = None

    async def _next(self, busy: frozenset[str], limit: int) -> tuple[Pending, ...]:
        if self._halted_until is not None and self._clock() < self._halted_until:
            self.due = self._halted_until
            return ()
        audiences = self._audiences()
        async with self._database.begin() as work:
            found = await work.outbox.next(busy, limit, audiences)
            if len(found) < limit:
                self.due = await work.outbox.next_due(audiences)
        return found

    def _audiences(self) -> tuple[Audience, ...]:
        """Return who can be written to; what is for others waits until they can."""
        configured = {
            Audience.PERSON: True,
            Audience.ADMINISTRATORS: self._services.admin_chat_id is not None,
            Audience.FACILITATORS: self._services.facilitator_chat_id is not None,
        }
        return tuple(audience for audience, known in configured.items() if known)

    def _lane(self, item: Pending) -> str:
        return item.lane

    async def _do(self, item: Pending) -> None:
        chat_id = await self._chat(item)
        try:
            message_id = await self._call(item, chat_id)
        except RetryAfter as error:
            await self._obey(item, error)
        except ChatMigrated as error:
            await self._follow(chat_id, error.new_chat_id)
        except Forbidden as error:
            await self._blocked(item, chat_id, error)
        except BadRequest as error:
            await self._refused(item, chat_id, error)
        except TelegramError as error:
            await self._postpone(item, error)
        else:
            await self._sent(item, chat_id, message_id)

    async def _chat(self, item: Pending) -> int:
        groups = {
            Audience.ADMINISTRATORS: self._services.admin_chat_id,
            Audience.FACILITATORS: self._services.facilitator_chat_id,
        }
        chat_id = item.chat_id if item.audience is Audience.PERSON else groups[item.audience]
        if chat_id is None:
            raise LookupError(f"outbox row {item.id} has no chat to go to")
        if chat_id > 0:
            return chat_id
        async with self._database.begin() as work:
            return await work.outbox.current_chat(chat_id)

    async def _call(self, item: Pending, chat_id: int) -> int | None:
        """Make the call; return the id of the message where there is one."""
        calls: dict[str, Callable[..., Awaitable[Message | bool]]] = {
            "sendMessage": self._bot.send_message,
            "editMessageText": self._bot.edit_message_text,
            "editMessageReplyMarkup": self._bot.edit_message_reply_markup,
            "sendDocument": self._bot.send_document,
        }
        content = _content(item) | {"chat_id": chat_id}
        try:
            result = await calls[item.method](**content)
        except BadRequest as error:
            if _UNCHANGED in error.message.lower():
                return None
            raise
        return result.message_id if isinstance(result, Message) else None

    async def _sent(self, item: Pending, chat_id: int, message_id: int | None) -> None:
        async with self._database.begin() as work:
            kept = await work.outbox.sent(item.id, chat_id, message_id)
        if not kept and item.about and message_id is not None:
            # Erased while it was on its way: nothing of it may stay where it arrived.
            try:
                await self._bot.delete_message(chat_id, message_id)
            except TelegramError as error:
                logger.error("an erased message stays in a group: %s", type(error).__name__)

    async def _obey(self, item: Pending, error: RetryAfter) -> None:
        """Send nothing at all until Telegram allows it again."""
        wait = error.retry_after
        pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        self._halted_until = self._clock() + pause
        logger.warning("Telegram asks for a pause of %.0f s", pause.total_seconds())
        async with self._database.begin() as work:
            await work.outbox.postpone(item.id, self._halted_until, "RetryAfter")

    async def _follow(self, old: int, new: int) -> None:
        logger.warning("a group became a supergroup: its new id is followed")
        async with self._database.begin() as work:
            await work.outbox.moved(old, new)

    async def _blocked(self, item: Pending, chat_id: int, error: Forbidden) -> None:
        async with self._database.begin() as work:
            if item.audience is Audience.PERSON and chat_id > 0:
                await work.people.blocked(chat_id)
            await self._park(work, item, error)

    async def _refused(self, item: Pending, chat_id: int, error: BadRequest) -> None:
        """Give up what Telegram will never take; a person gets an edit as a new message instead."""
        gone = any(words in error.message.lower() for words in _NOT_EDITABLE)
        async with self._database.begin() as work:
            if gone and item.method == "editMessageText" and chat_id > 0:
                payload = {k: v for k, v in item.payload.items() if k != "message_id"}
                await work.outbox.sent(item.id, chat_id, None)
                await work.outbox.add(
                    Outgoing(Audience.PERSON, "sendMessage", payload, chat_id=chat_id)
                )
                self.wake()
            elif gone and item.method == "editMessageReplyMarkup":
                await work.outbox.sent(item.id, chat_id, None)
            else:
                await self._park(work, item, error)

    async def _postpone(self, item: Pending, error: TelegramError) -> None:
        pause = min(timedelta(seconds=2**item.attempts), _LONGEST_PAUSE)
        async with self._database.begin() as work:
            if work.now - item.created_at > _GIVE_UP_AFTER:
                await self._park(work, item, error)
            else:
                await work.outbox.postpone(item.id, work.now + pause, type(error).__name__)
        logger.warning("%s: next try in %.0f s", type(error).__name__, pause.total_seconds())

    async def _park(self, work: Work, item: Pending, error: TelegramError) -> None:
        """Keep what cannot be delivered, and say so: in the log, and to the administrators."""
        reason = f"{type(error).__name__}: {error.message}"
        await work.outbox.park(item.id, reason)
        logger.error("outbox %d (%s) cannot be delivered: %s", item.id, item.audience, reason)
        if item.about and item.audience is not Audience.ADMINISTRATORS:
            text = TEXT("undelivered_alert", error=type(error).__name__, about=item.about)
            content = {"text": text, "parse_mode": "HTML"}
            await work.outbox.add(Outgoing(Audience.ADMINISTRATORS, "sendMessage", content))


def _content(item: Pending) -> dict[str, Any]:
    """Return the parameters as PTB takes them."""
    content = dict(item.payload)
    if "reply_markup" in content:
        content["reply_markup"] = InlineKeyboardMarkup.de_json(content["reply_markup"], None)
    if "link_preview_options" in content:
        options = LinkPreviewOptions.de_json(content["link_preview_options"], None)
        content["link_preview_options"] = options
    if item.attachment is not None:
        content["document"] = InputFile(item.attachment, filename=item.filename)
    return content
