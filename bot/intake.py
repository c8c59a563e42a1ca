"""Handling what the inbox holds: in order within a chat, many chats at once.

The whole handling of an update is one transaction: what it changes, what the bot will say, and
the mark that it is done. So after a crash it is either done, or it has not happened.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeAlias

from telegram import Update
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import Application

from bot import metrics
from bot.logs import now_about
from bot.pump import Pump
from bot.updates import understood
from handlers.messages import Catalogue
from handlers.services import Services
from handlers.turn import CURRENT, BotContext, Turn
from storage.database import Database
from storage.errors import StorageError
from storage.inbox import Waiting
from storage.outbox import Audience, Outgoing
from storage.work import Work

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("general")

BotApplication: TypeAlias = Application[Any, BotContext, Any, Any, Any, Any]
_AT_ONCE = 64
_RETRY_AFTER = timedelta(seconds=2)
# A person who waits longer is shown that the bot is busy.
_TYPING_AFTER_SECONDS = 0.7


class Intake(Pump[Waiting, int]):
    """Takes updates from the inbox, one a chat at a time, and hands them to the handlers."""

    def __init__(
        self,
        database: Database,
        application: BotApplication,
        services: Services,
        announce: Callable[[], None],
    ) -> None:
        super().__init__("intake", _AT_ONCE, database, services.clock)
        self._application = application
        self._services = services
        self._announce = announce

    async def _next(self, busy: frozenset[int], limit: int) -> tuple[Waiting, ...]:
        async with self._database.begin() as work:
            found = await work.inbox.claim(self._database.worker, busy, limit)
            if not found and not busy:
                self.due = await work.inbox.next_due()
        return found

    def _lane(self, item: Waiting) -> int:
        return item.chat_id

    async def _do(self, item: Waiting) -> None:
        """Handle one update, whatever it is and whatever happens."""
        now_about(update=item.update_id)
        try:
            update = understood(item.body, self._application.bot)
        except Exception as error:  # noqa: BLE001 - PTB raises anything on what it cannot parse
            await self._set_aside(item, None, error)
            return
        try:
            turn = await self._handle(update)
        except StorageError as error:
            await self._try_later(item, error)
        except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the person is told
            await self._set_aside(item, update, error)
            await self._answer_tap(update, None)
        else:
            self._announce()
            logger.info("handled: outbox %s", turn.owed)
            metrics.handled(turn, item.received_at)
            await self._answer_tap(update, turn)

    async def _handle(self, update: Update) -> Turn:
        typing = asyncio.get_running_loop().call_later(
            _TYPING_AFTER_SECONDS, self._show_typing, update
        )
        try:
            async with self._database.begin() as work:
                turn = Turn(self._services, work, update)
                CURRENT.set(turn)
                await self._application.process_update(update)
                # PTB hands a handler's error to its error handlers, and goes on.
                if turn.failure is not None:
                    raise turn.failure
                await work.inbox.done(update.update_id, self._database.worker)
        finally:
            typing.cancel()
        return turn

    def _show_typing(self, update: Update) -> None:
        if update.effective_chat:
            action = self._application.bot.send_chat_action(
                update.effective_chat.id, ChatAction.TYPING
            )
            self.spawn(_absorb(action))

    async def _answer_tap(self, update: Update, turn: Turn | None) -> None:
        """Stop the wait of a tapped button; Telegram forgets the tap after some seconds anyway."""
        query = update.callback_query
        if query is None:
            return
        text = turn.toast_text if turn else None
        alert = turn.toast_is_alert if turn else False
        self.spawn(
            _absorb(self._application.bot.answer_callback_query(query.id, text, show_alert=alert))
        )

    async def _try_later(self, item: Waiting, error: StorageError) -> None:
        logger.warning("update %d waits: %s", item.update_id, type(error).__name__)
        metrics.POSTPONED.inc()
        async with self._database.begin() as work:
            until = work.now + _RETRY_AFTER
            await work.inbox.postpone(item.update_id, until, self._database.worker)

    async def _set_aside(self, item: Waiting, update: Update | None, error: Exception) -> None:
        """Keep the update for repair, apologise to the person, tell the administrators."""
        reference = "E-" + secrets.token_hex(3).upper()
        logger.error("%s: an update failed: %s", reference, type(error).__name__, exc_info=error)
        metrics.SET_ASIDE.inc()
        async with self._database.begin() as work:
            await work.inbox.set_aside(item.update_id, reference, self._database.worker)
            if update is not None and update.effective_chat is not None:
                await self._apologise(work, update.effective_chat.id, reference)
            alert = TEXT("failure_alert", reference=reference, kind=type(error).__name__)
            await work.outbox.add(
                Outgoing(
                    Audience.ADMINISTRATORS, "sendMessage", {"text": alert, "parse_mode": "HTML"}
                )
            )
        self._announce()

    async def _apologise(self, work: Work, chat_id: int, reference: str) -> None:
        text = TEXT("failure", reference=reference, identity=self._services.identity)
        content = {"text": text, "parse_mode": "HTML"}
        await work.outbox.add(Outgoing(Audience.PERSON, "sendMessage", content, chat_id=chat_id))


async def _absorb(call: Coroutine[Any, Any, bool]) -> None:
    """Make a call whose failure changes nothing for anybody."""
    try:
        await call
    except TelegramError as error:
        logger.info("a passing call failed: %s", type(error).__name__)


async def remember_failure(_update: object, context: BotContext) -> None:
    """Keep a handler's error for the turn to end with: PTB's only way to see it."""
    context.turn.failure = context.error
