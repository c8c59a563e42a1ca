"""Sending what the outbox holds: in order within a chat, retried until it arrives or never can."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias, TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.outbox.bot_api import call
from bot.outbox.rate_limits import Limits, SendRate
from bot.runtime import metrics
from bot.runtime.lanes import Lanes
from bot.runtime.logs import now_about
from handlers import deliveries
from handlers.core.services import Services
from handlers.messages import Catalogue
from storage.database import Database
from storage.engine.errors import DatabaseUnavailableError, StorageError
from storage.queues.outbox import Audience, Outgoing, Pending, lane_of
from storage.queues.send_pauses import SendPause
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("general")
T = TypeVar("T")
Record: TypeAlias = Callable[[UnitOfWork], Coroutine[Any, Any, T]]

# Between half and all of these calls are under way at a time: where Telegram takes 50 ms for each,
# this allows more than nine hundred messages a second.
_AT_ONCE = 96
_MARK_AGAIN_SECONDS = 0.5
_LONGEST_PAUSE = timedelta(minutes=5)
# After this time a message is out of date, and Telegram has not accepted it.
_GIVE_UP_AFTER = timedelta(days=3)
# Errors of a setting that names no group, or a group that the bot may not write in: the operator
# can correct both.
_OUT_OF_REACH = ("chat not found", "not enough rights", "have no rights", "was deactivated")
_NOT_EDITABLE = ("message to edit not found", "message can't be edited", "message_id_invalid")


class Dispatcher(Lanes[Pending, str]):
    """Takes messages from the outbox, one per chat at a time, and sends them."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[None],
        services: Services,
        limits: Limits | None = None,
    ) -> None:
        super().__init__("dispatcher", _AT_ONCE, database, services.clock)
        self._bot = bot
        self._services = services
        self._pace = SendRate(limits, services.clock)
        self._made: dict[int, Pending] = {}
        self._forgetting = asyncio.Lock()
        # Cleared while the database cannot record what was sent: a message sent now would be sent
        # again if this process died.
        self._can_mark = asyncio.Event()
        self._can_mark.set()

    async def _next(self, busy: frozenset[str], limit: int) -> tuple[Pending, ...]:
        room = min(limit, self._pace.room(len(busy), self._database.workers))
        if room <= 0:
            self.due = self._pace.next_room()
            return ()
        paused = self._paused()
        audiences = self._audiences()
        async with self._database.begin() as work:
            lanes = busy | paused.keys()
            claimed = await work.outbox.claim(self._database.worker, lanes, room, audiences)
            if len(claimed) == room:
                self.due = self._pace.next_room() if room < limit else None
            elif not self.leaves_nothing(len(claimed)):
                self.due = await self._next_due(work, audiences, paused)
            await self._learn_pace(work, claimed)
        return claimed

    async def _next_due(
        self, work: UnitOfWork, audiences: Collection[Audience], paused: Mapping[str, datetime]
    ) -> datetime | None:
        # Telegram asked for a pause: this worker, another one, or this one before its restart.
        if halted_until := await work.send_pauses.halted_until():
            return halted_until
        waiting = await work.outbox.lanes_waiting(paused) if paused else frozenset()
        postponed = await work.outbox.next_due(audiences)
        moments = [paused[lane] for lane in waiting] + ([postponed] if postponed else [])
        return min(moments, default=None)

    def _paused(self) -> dict[str, datetime]:
        """Return the lanes that must wait; a group may have several lanes."""
        return {
            lane: until
            for chat_id, until in self._pace.paused().items()
            for lane in self._lanes_to(chat_id)
        }

    def _lanes_to(self, chat_id: int) -> tuple[str, ...]:
        groups = [audience.value for audience, group in self._groups().items() if group == chat_id]
        return (lane_of(Audience.PERSON, chat_id), *groups)

    async def _learn_pace(self, work: UnitOfWork, claimed: Sequence[Pending]) -> None:
        """Count the messages that other workers sent to the chats of these rows."""
        if not (claimed and self._database.is_shared and self._pace.is_kept):
            return
        sent = await work.send_pauses.sent([item.lane for item in claimed])
        for item in claimed:
            self._pace.learn(self._address(item), sent.get(item.lane, ()))

    async def _tell_pace(self, work: UnitOfWork, items: Iterable[Pending]) -> None:
        """Record for the other workers what this one sent."""
        if not (self._database.is_shared and self._pace.is_kept):
            return
        pauses: dict[str, SendPause] = {}
        for chat_id in map(self._address, items):
            sent, until = self._pace.sent(chat_id), self._pace.free_at(chat_id)
            pauses |= {lane: SendPause(lane, sent, until) for lane in self._lanes_to(chat_id)}
        # Sorted, so that two workers do not wait for each other's rows in a deadlock.
        await work.send_pauses.keep([pauses[lane] for lane in sorted(pauses)])

    def _groups(self) -> dict[Audience, int | None]:
        return {
            Audience.ADMINISTRATORS: self._services.admin_chat_id,
            Audience.FACILITATORS: self._services.facilitator_chat_id,
        }

    def _audiences(self) -> tuple[Audience, ...]:
        """Return the audiences that can be written to; messages for others wait."""
        reachable = [
            audience for audience, chat_id in self._groups().items() if chat_id is not None
        ]
        return (Audience.PERSON, *reachable)

    def _lane(self, item: Pending) -> str:
        return item.lane

    async def _do(self, item: Pending) -> None:
        now_about(outbox=item.id)
        if item.update_id is not None:
            now_about(update=item.update_id)
        chat_id = await self._chat(item)
        await self._can_mark.wait()
        try:
            async with self._pace.turn(self._address(item)):
                message_id = await call(self._bot, item, chat_id)
        except TelegramError as error:
            await self._failed(item, chat_id, error)
        else:
            await self._sent(item, chat_id, message_id)
            if not item.leaves_trace:
                return
        # A retry may be due, and an alert may have been added to the outbox.
        self.wake()

    async def _failed(self, item: Pending, chat_id: int, error: TelegramError) -> None:
        match error:
            case Forbidden() | BadRequest() if _is_out_of_reach(item, error):
                await self._await_group(item, error)
            case RetryAfter():
                await self._obey(item, error)
            case ChatMigrated():
                await self._follow(chat_id, error.new_chat_id)
            case Forbidden():
                await self._blocked(item, chat_id, error)
            case BadRequest():
                await self._refused(item, chat_id, error)
            case _:
                await self._postpone(item, error)

    def _address(self, item: Pending) -> int:
        """Return the chat that a call was meant for, even if the group has moved since."""
        chat_id = item.chat_id if item.chat_id is not None else self._groups()[item.audience]
        if chat_id is None:
            raise LookupError(f"outbox row {item.id} has no chat to go to")
        return chat_id

    async def _chat(self, item: Pending) -> int:
        chat_id = self._address(item)
        if chat_id > 0:
            return chat_id
        async with self._database.begin() as work:
            return await work.outbox.current_chat(chat_id)

    async def _sent(self, item: Pending, chat_id: int, message_id: int | None) -> None:
        logger.info("sent")
        metrics.SENT.inc()
        if not item.leaves_trace:
            await self._forget(item)
            return
        is_recorded = await self._write_down(
            partial(self._keep, item, chat_id, message_id),
            at_least=lambda work: work.outbox.sent(item.id, chat_id, message_id),
        )
        if not is_recorded and message_id is not None:
            # The row was erased during the call: the message must not stay in the chat either.
            try:
                await self._bot.delete_message(chat_id, message_id)
            except TelegramError as error:
                logger.error("an erased message stays in a group: %s", type(error).__name__)

    async def _forget(self, item: Pending) -> None:
        """Record a call that leaves no trace, together with others that wait for the same."""
        self._made[item.id] = item
        async with self._forgetting:
            if item.id in self._made:
                made, self._made = self._made, {}
                try:
                    await self._write_down(
                        partial(self._forget_all, made),
                        at_least=lambda work: work.outbox.forget(made),
                    )
                except BaseException:
                    self._made |= made
                    raise

    async def _forget_all(self, made: Mapping[int, Pending], work: UnitOfWork) -> int:
        forgotten = await work.outbox.forget(made)
        await self._tell_pace(work, made.values())
        return forgotten

    async def _keep(
        self, item: Pending, chat_id: int, message_id: int | None, work: UnitOfWork
    ) -> bool:
        is_recorded = await work.outbox.sent(item.id, chat_id, message_id)
        if is_recorded and deliveries.is_in_thread(item):
            await deliveries.arrived(work, item, self._services.identity)
        await self._tell_pace(work, [item])
        return is_recorded

    async def _write_down(self, record: Record[T], *, at_least: Record[T]) -> T:
        """Record that messages arrived, and what follows; that they arrived ``at_least``.

        Left unrecorded, they would be sent again.
        """
        try:
            return await self._recorded(record)
        except StorageError:
            raise
        except Exception as error:
            name = type(error).__name__
            logger.error("sent, but what follows from it failed: %s", name, exc_info=error)
            return await self._recorded(at_least)

    async def _recorded(self, record: Record[T]) -> T:
        """Record, retrying as long as the database is away."""
        try:
            while True:
                try:
                    async with self._database.begin() as work:
                        return await record(work)
                except DatabaseUnavailableError as error:
                    self._can_mark.clear()
                    logger.error("what was sent waits to be marked: %s", error)
                    await asyncio.sleep(_MARK_AGAIN_SECONDS)
        finally:
            self._can_mark.set()

    async def _obey(self, item: Pending, error: RetryAfter) -> None:
        """Send nothing at all until Telegram allows it again."""
        wait = error.retry_after
        pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        until = self._clock() + pause
        logger.warning("Telegram asks for a pause of %.0f s", pause.total_seconds())
        metrics.pause(pause.total_seconds())
        async with self._database.begin() as work:
            await work.send_pauses.halt(until)
            await work.outbox.postpone(item.id, until, "RetryAfter", self._database.worker)

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
        """Give up a message that Telegram will never accept; resend a person's lost edit as new."""
        gone = any(words in error.message.lower() for words in _NOT_EDITABLE)
        async with self._database.begin() as work:
            if gone and item.method == "editMessageText" and chat_id > 0:
                payload = {k: v for k, v in item.payload.items() if k != "message_id"}
                await work.outbox.sent(item.id, chat_id, None)
                work.outbox.owe(
                    Outgoing(
                        Audience.PERSON,
                        "sendMessage",
                        payload,
                        chat_id=chat_id,
                        about=item.about,
                        quotes=item.quotes,
                    )
                )
            elif gone and item.method == "editMessageReplyMarkup":
                await work.outbox.sent(item.id, chat_id, None)
            elif gone and deliveries.is_in_thread(item):
                await work.outbox.sent(item.id, chat_id, None)
                await deliveries.removed(work, item, self._services.identity)
            else:
                await self._park(work, item, error)

    async def _await_group(self, item: Pending, error: TelegramError) -> None:
        """Postpone a message for a group that cannot be reached, however long that takes."""
        pause = _pause_after(item)
        async with self._database.begin() as work:
            reason, worker = type(error).__name__, self._database.worker
            await work.outbox.postpone(item.id, work.now + pause, reason, worker)
        logger.error(
            "the group of the %s cannot be written to (%s): its messages wait, next try in %.0f s",
            item.audience,
            error.message,
            pause.total_seconds(),
        )

    async def _postpone(self, item: Pending, error: TelegramError) -> None:
        pause = _pause_after(item)
        async with self._database.begin() as work:
            if work.now - item.created_at > _GIVE_UP_AFTER:
                await self._park(work, item, error)
            else:
                await work.outbox.postpone(
                    item.id, work.now + pause, type(error).__name__, self._database.worker
                )
        logger.warning("%s: next try in %.0f s", type(error).__name__, pause.total_seconds())

    async def _park(self, work: UnitOfWork, item: Pending, error: TelegramError) -> None:
        """Set aside a message that cannot be delivered; log it and alert the administrators."""
        reason = f"{type(error).__name__}: {error.message}"
        await work.outbox.park(item.id, reason, self._database.worker)
        # Telegram's error text may quote the message: it stays in the row and out of the log.
        kind = type(error).__name__
        logger.error("outbox %d (%s) cannot be delivered: %s", item.id, item.audience, kind)
        metrics.PARKED.inc()
        if await deliveries.failed(work, item, kind, self._services.identity):
            return
        # A list that could not be shown is asked for again.
        if item.leaves_trace and not item.quotes and item.audience is not Audience.ADMINISTRATORS:
            number = await deliveries.number_of(work, item.about)
            text = TEXT("undelivered_alert", error=kind, about=item.about, number=number)
            content = {"text": text, "parse_mode": "HTML"}
            work.outbox.owe(Outgoing(Audience.ADMINISTRATORS, "sendMessage", content))


def _is_out_of_reach(item: Pending, error: TelegramError) -> bool:
    # Messages of a handoff are not postponed: the person learns that the message does not arrive.
    if item.audience is Audience.PERSON or deliveries.is_in_thread(item):
        return False
    words = error.message.lower()
    return isinstance(error, Forbidden) or any(phrase in words for phrase in _OUT_OF_REACH)


def _pause_after(item: Pending) -> timedelta:
    return min(timedelta(seconds=2 ** min(item.attempts, 10)), _LONGEST_PAUSE)
