"""Handling the updates of the inbox: in order within a chat, many chats concurrently.

Handling an update is one transaction: the changes, the bot's messages in the outbox, and the mark
that the update is done. So after a crash it is either done, or nothing of it has happened. Updates
of several chats share a transaction, because the commit is most of the cost of a short one. Where
one of them fails, the transaction is rolled back and each is handled again by itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from telegram import Update
from telegram.constants import ChatAction, ChatType
from telegram.error import TelegramError
from telegram.ext import Application

from bot.inbox.raw_updates import understood
from bot.outbox.bot_api import ask
from bot.runtime import metrics
from bot.runtime.error_reference import CrashedError, new_reference
from bot.runtime.lanes import Lanes
from bot.runtime.logs import now_about
from handlers.core import spoken
from handlers.core.ahead import done_ahead, needs_work
from handlers.core.services import Services
from handlers.core.turn import CURRENT, BotContext, Turn
from handlers.messages import Catalogue, speaking
from handlers.prefetch import UpcomingText, asked_anew, match_ahead, match_texts, prefetch
from handlers.questions.ask import UnmatchedError
from handlers.table import AHEAD
from storage.database import Database
from storage.engine.claims import Which
from storage.engine.errors import StorageError, UndoneError
from storage.queues.alerts import Alert, AlertKind
from storage.queues.inbox import WaitingUpdate
from storage.queues.outbox import Audience, Outgoing
from storage.unit_of_work import UnitOfWork
from storage.workers.isolation import MOST_CRASHES

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("general")

BotApplication: TypeAlias = Application[Any, BotContext, Any, Any, Any, Any]
_AT_ONCE = 128
# Limits of a shared transaction: its first answer leaves only at the commit, and other writers wait
# for it.
_TOGETHER = 64
_TOGETHER_SECONDS = 0.03
_REPEATS = 2
_RETRY_AFTER = timedelta(seconds=2)
_MOST_MATCHES = 3
# A person who waits longer sees that the bot is busy.
_TYPING_AFTER_SECONDS = 0.7


class InboxWorker(Lanes[WaitingUpdate, int]):
    """Takes updates from the inbox, one per chat at a time, and hands them to the handlers."""

    def __init__(
        self,
        database: Database,
        application: BotApplication,
        services: Services,
        announce: Callable[[int], None],
    ) -> None:
        super().__init__("inbox", _AT_ONCE, database, services.clock, together=_TOGETHER)
        self._application = application
        self._services = services
        self._announce = announce
        # Updates that are handled together and not done yet; of these, the questions to match
        # first.
        self._left: dict[int, WaitingUpdate] = {}
        self._asked: dict[int, UpcomingText] = {}
        # Python runs one thread at a time: two threads that match would only slow each other.
        self._matching = asyncio.Lock()

    async def _next(self, busy: frozenset[int], limit: int) -> tuple[WaitingUpdate, ...]:
        isolation = self._database.isolation
        async with isolation.claiming(), self._database.begin() as work:
            which = await isolation.choose(
                self._name, work.workers, partial(work.inbox.has_suspect, busy)
            )
            limit = 1 if which is Which.SUSPECT else limit
            claimed = await work.inbox.claim(self._database.worker, busy, limit, which)
            if not claimed and not busy:
                self.due = await work.inbox.next_due()
        if which is not Which.SOUND:
            self.look_again_soon()
        return claimed

    def _lane(self, item: WaitingUpdate) -> int:
        return item.chat_id

    async def _do_together(self, items: Sequence[WaitingUpdate]) -> None:
        """Handle updates of different chats, in few transactions that are each short."""
        # A single question need not be matched beforehand while no other is being matched.
        if len(items) == 1 and not self._matching.locked():
            await self._do(items[0])
            return
        self._left |= {item.update_id: item for item in items}
        try:
            updates = [understood(item.body, self._application.bot) for item in items]
            asked = await asked_anew(self._database, self._services, updates)
            numbers = {one.update.update_id for one in asked}
            # Taps need not wait until the questions of other people are matched.
            await self._handle_all(
                [
                    each
                    for each in updates
                    # What needs work beforehand is handled by itself: others must not wait for it.
                    if each.update_id not in numbers and not needs_work(AHEAD, each)
                ]
            )
            self._asked |= {one.update.update_id: one for one in asked}
            await self._match_all(numbers)
        except Exception as error:  # noqa: BLE001 - of whatever fails here, each one by itself will tell
            logger.info("each by itself, because of %s", type(error).__name__)
        finally:
            for item in items:
                self._asked.pop(item.update_id, None)
            left = [item for item in items if self._left.pop(item.update_id, None)]
        await super()._do_together(left)

    async def _match_all(self, numbers: Collection[int]) -> None:
        """Match and handle these questions together with all others that wait by then.

        Where that fails, each question is handled by the task that took it.
        """
        async with self._matching:
            while not self._asked.keys().isdisjoint(numbers):
                some = list(self._asked.values())[:_TOGETHER]
                try:
                    some = some[: await match_ahead(self._services, some)]
                    await self._handle_all([one.update for one in some])
                finally:
                    for one in some:
                        self._asked.pop(one.update.update_id, None)

    async def _handle_all(self, updates: Sequence[Update]) -> None:
        """Handle these updates, and remove each from ``_left`` once it is done."""
        while updates:
            turns = await self._handle_some(updates)
            for turn in turns:
                # Already removed where the task that took it was stopped in the meantime.
                if item := self._left.pop(turn.update.update_id, None):
                    self._handled(turn, item)
                    self.release(item)
            updates = updates[len(turns) :]

    async def _handle_some(self, updates: Sequence[Update]) -> Sequence[Turn]:
        """Handle updates in one transaction, as many as its time limit allows; return turns."""
        turns: list[Turn] = []
        async with self._database.begin() as work:
            until = time.monotonic() + _TOGETHER_SECONDS
            work.read_ahead.use(await prefetch(work, self._services, updates))
            for update in updates:
                now_about(update=update.update_id)
                turns.append(await self._turn(work, update))
                if time.monotonic() > until:
                    break
            await self._mark_done(work, turns)
        self._announce(work.changes.owed)
        return turns

    async def _do(self, item: WaitingUpdate) -> None:
        """Handle one update; any failure is dealt with here."""
        now_about(update=item.update_id)
        if item.crashes >= MOST_CRASHES:
            # Not even parsed: that may be what the processes died of.
            await self._set_aside(item, None, CrashedError())
            return
        try:
            update = understood(item.body, self._application.bot)
        except Exception as error:  # noqa: BLE001 - PTB raises anything on what it cannot parse
            await self._set_aside(item, None, error)
            return
        try:
            turn = await self._handle_matched(update, await self._ahead(update))
        except StorageError as error:
            await self._try_later(item, error)
        except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the person is told
            await self._set_aside(item, update, error)
            self._answer_tap(update, None)
        else:
            self._handled(turn, item)

    async def _ahead(self, update: Update) -> object:
        """Do what is slow while no transaction is open."""
        if asked := await asked_anew(self._database, self._services, [update]):
            await match_ahead(self._services, asked)
        return await done_ahead(AHEAD, self._database, self._services, update)

    async def _handle_matched(self, update: Update, ahead: object) -> Turn:
        """Handle one update; where its text turns out to need matching, match it and begin again.

        Whenever the files have changed after a match, another is needed.
        """
        served, matches = self._services.knowledge, 0
        while True:
            try:
                return await self._handle_alone(update, ahead)
            except UnmatchedError as unmatched:
                if self._services.knowledge is not served:
                    served, matches = self._services.knowledge, 0
                elif matches == _MOST_MATCHES:
                    raise
                matches += 1
                # What the handler asks for, wherever it found that: in an edited message too.
                await match_texts(self._services, [(unmatched.text, unmatched.after)])

    async def _handle_alone(self, update: Update, ahead: object) -> Turn:
        """Handle one update, and again at once where other transactions disturbed it."""
        for _ in range(_REPEATS):
            try:
                return await self._handle_once(update, ahead)
            except UndoneError as error:
                logger.info("handled again: %s", error)
        return await self._handle_once(update, ahead)

    async def _handle_once(self, update: Update, ahead: object) -> Turn:
        async with self._database.begin() as work:
            turn = await self._turn(work, update, ahead)
            await self._mark_done(work, [turn])
        self._announce(work.changes.owed)
        return turn

    async def _turn(self, work: UnitOfWork, update: Update, ahead: object = None) -> Turn:
        turn = Turn(self._services, work, update)
        turn.ahead = ahead
        CURRENT.set(turn)
        typing = asyncio.get_running_loop().call_later(
            _TYPING_AFTER_SECONDS, self._show_typing, update
        )
        try:
            with speaking(await spoken.tell_language(turn)):
                await self._application.process_update(update)
        finally:
            typing.cancel()
        # PTB passes a handler's error to its error handlers and does not raise it.
        if turn.failure is not None:
            raise turn.failure
        await turn.keep_context()
        return turn

    async def _mark_done(self, work: UnitOfWork, turns: Sequence[Turn]) -> None:
        kept = [turn.update.update_id for turn in turns if not turn.is_forgettable]
        if kept:
            await work.inbox.done(kept, self._database.worker)
        forgotten = [turn.update.update_id for turn in turns if turn.is_forgettable]
        if forgotten:
            await work.inbox.forget(forgotten, self._database.worker)

    def _handled(self, turn: Turn, item: WaitingUpdate) -> None:
        now_about(update=item.update_id)
        logger.info("handled")
        metrics.handled(turn, item.received_at)
        self._answer_tap(turn.update, turn)

    def _show_typing(self, update: Update) -> None:
        if update.effective_chat and update.effective_chat.type != ChatType.CHANNEL:
            action = {"chat_id": update.effective_chat.id, "action": ChatAction.TYPING.value}
            self.spawn(self._call_optionally("sendChatAction", action))

    def _answer_tap(self, update: Update, turn: Turn | None) -> None:
        """End the progress display of a tapped button; Telegram ends it soon anyway."""
        query = update.callback_query
        if query is None:
            return
        answer: dict[str, object] = {"callback_query_id": query.id}
        if turn is not None and turn.toast_text:
            answer |= {"text": turn.toast_text, "show_alert": turn.toast_is_alert}
        self.spawn(self._call_optionally("answerCallbackQuery", answer))

    async def _call_optionally(self, method: str, parameters: Mapping[str, object]) -> None:
        """Make a call whose failure may be ignored."""
        try:
            await ask(self._application.bot, method, parameters)
        except TelegramError as error:
            logger.info("a passing call failed: %s", type(error).__name__)

    async def _try_later(self, item: WaitingUpdate, error: StorageError) -> None:
        logger.warning("update %d waits: %s", item.update_id, type(error).__name__)
        metrics.POSTPONED.inc()
        async with self._database.begin() as work:
            until = work.now + _RETRY_AFTER
            await work.inbox.postpone(item.update_id, until, self._database.worker)
        self.wake()

    async def _set_aside(
        self, item: WaitingUpdate, update: Update | None, error: Exception
    ) -> None:
        """Keep the update for repair, apologise to the person, alert the administrators."""
        reference = new_reference()
        logger.error("%s: an update failed: %s", reference, type(error).__name__, exc_info=error)
        metrics.SET_ASIDE.inc()
        async with self._database.begin() as work:
            await work.inbox.set_aside(item.update_id, reference, self._database.worker)
            chat_id = _chat_of(item, update, error)
            if chat_id is not None:
                await self._apologise(work, chat_id, reference)
            kind = AlertKind.UNREAD if chat_id is None else AlertKind.FAILURE
            await work.alerts.add(Audience.ADMINISTRATORS, Alert(kind, reference))
        self._announce(work.changes.owed)

    async def _apologise(self, work: UnitOfWork, chat_id: int, reference: str) -> None:
        tongues = await work.people.tongues([chat_id])
        with speaking(tongues[chat_id].language):
            text = TEXT("failure", reference=reference, identity=self._services.identity)
        content = {"text": text, "parse_mode": "HTML"}
        work.outbox.owe(Outgoing(Audience.PERSON, "sendMessage", content, chat_id=chat_id))


def _chat_of(item: WaitingUpdate, update: Update | None, error: Exception) -> int | None:
    """Return the chat to apologise to; None where there is none, or all readers would see it."""
    if update is not None:
        chat = update.effective_chat
        return chat.id if chat and chat.type != ChatType.CHANNEL else None
    # An update without a chat is queued under its own number; a group may be a channel.
    is_person = 0 < item.chat_id != item.update_id
    return item.chat_id if isinstance(error, CrashedError) and is_person else None


async def remember_failure(_update: object, context: BotContext) -> None:
    """Store a handler's error for the end of the turn: PTB gives no other access to it."""
    context.turn.failure = context.error
