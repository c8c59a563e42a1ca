"""Sending what the outbox holds: in order within a chat, retried until it arrives or never can."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import IO, Any, TypeAlias, TypeVar

from telegram.error import NetworkError, TelegramError
from telegram.ext import ExtBot

from bot.outbox.addresses import Addresses
from bot.outbox.alert_posts import AlertPost, alert_post
from bot.outbox.bot_api import call
from bot.outbox.failures import Failures
from bot.outbox.made_files import in_parts, made
from bot.outbox.rate_limits import Limits, SendRate
from bot.runtime import metrics
from bot.runtime.lanes import Lanes
from bot.runtime.logs import now_about
from handlers import deliveries
from handlers.administration import basket
from handlers.core.services import Services
from storage.database import Database
from storage.engine.claims import Which
from storage.engine.errors import DatabaseUnavailableError, StorageError, UndoneError
from storage.queues.outbox import Audience, Pending, Priority
from storage.queues.send_pauses import SendPause
from storage.unit_of_work import UnitOfWork
from storage.workers.isolation import MOST_CRASHES

logger = logging.getLogger(__name__)
T = TypeVar("T")
Record: TypeAlias = Callable[[UnitOfWork], Coroutine[Any, Any, T]]

# Between half and all of these calls are under way at a time: where Telegram takes 50 ms for each,
# this allows more than nine hundred messages a second.
_AT_ONCE = 96
# The clock of requests looks once a minute, and when a process starts.
_UNTIL_TODAYS = timedelta(seconds=5)
_MARK_AGAIN_SECONDS = 0.5
_MARK_UNDONE_SECONDS = 0.02


class _ClosedError(Exception):
    """Raised for a call that waits until the office opens."""


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
        self._addresses = Addresses(database, services)
        self._failures = Failures(database, services, self._addresses)
        self._pace = SendRate(limits, services.clock)
        self._made: dict[int, Pending] = {}
        self._forgetting = asyncio.Lock()
        self._reading = asyncio.Lock()
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
        audiences = self._addresses.audiences()
        isolation = self._database.isolation
        async with isolation.claiming(), self._database.begin() as work:
            lanes, in_hours = busy | paused.keys(), self._services.office.is_open(work.now)
            which = await isolation.choose(
                self._name,
                work.workers,
                partial(work.outbox.has_suspect, lanes, audiences, in_hours=in_hours),
            )
            room = 1 if which is Which.SUSPECT else room
            claimed = await work.outbox.claim(
                self._database.worker, lanes, room, audiences, which, in_hours=in_hours
            )
            if len(claimed) == room:
                self.due = self._pace.next_room() if room < limit else None
            elif not self.leaves_nothing(len(claimed)):
                self.due = await self._next_due(work, audiences, paused)
            await self._learn_pace(work, claimed)
        if which is not Which.SOUND:
            self.look_again_soon()
        return claimed

    async def _next_due(
        self, work: UnitOfWork, audiences: Collection[Audience], paused: Mapping[str, datetime]
    ) -> datetime | None:
        # Telegram asked for a pause: this worker, another one, or this one before its restart.
        if halted_until := await work.send_pauses.halted_until():
            return halted_until
        waiting = await work.outbox.lanes_waiting(paused) if paused else frozenset()
        in_hours = self._services.office.is_open(work.now)
        postponed = await work.outbox.next_due(audiences, in_hours=in_hours)
        moments = [paused[lane] for lane in waiting] + ([postponed] if postponed else [])
        if not in_hours and await work.outbox.keeps_any(audiences):
            moments.append(self._services.office.next_opening(work.now))
        return min(moments, default=None)

    def _paused(self) -> dict[str, datetime]:
        """Return the lanes that must wait; a group may have several lanes."""
        return {
            lane: until
            for chat_id, until in self._pace.paused().items()
            for lane in self._addresses.lanes_to(chat_id)
        }

    async def _learn_pace(self, work: UnitOfWork, claimed: Sequence[Pending]) -> None:
        """Count the messages that other workers sent to the chats of these rows."""
        if not (claimed and self._database.is_shared and self._pace.is_kept):
            return
        sent = await work.send_pauses.sent([item.lane for item in claimed])
        for item in claimed:
            self._pace.learn(self._addresses.meant(item), sent.get(item.lane, ()))

    async def _tell_pace(self, work: UnitOfWork, items: Iterable[Pending]) -> None:
        """Record for the other workers what this one sent."""
        if not (self._database.is_shared and self._pace.is_kept):
            return
        pauses: dict[str, SendPause] = {}
        for chat_id in map(self._addresses.meant, items):
            sent, until = self._pace.sent(chat_id), self._pace.free_at(chat_id)
            pauses |= {
                lane: SendPause(lane, sent, until) for lane in self._addresses.lanes_to(chat_id)
            }
        # Sorted, so that two workers do not wait for each other's rows in a deadlock.
        await work.send_pauses.keep([pauses[lane] for lane in sorted(pauses)])

    def _lane(self, item: Pending) -> str:
        return item.lane

    async def _do(self, item: Pending) -> None:
        now_about(outbox=item.id)
        if item.update_id is not None:
            now_about(update=item.update_id)
        if item.crashes >= MOST_CRASHES:
            await self._failures.crashed(item)
            self.wake()
            return
        try:
            if item.priority is Priority.ALERT and not item.payload:
                await self._tell_alerts(item)
            else:
                await self._call(item)
        except StorageError:
            raise
        except Exception as error:
            # A row that the bot itself cannot make a call of must not hold its lane for ever.
            logger.exception("dispatcher: an item failed unexpectedly")
            metrics.LOOP_FAILURES.labels("dispatcher").inc()
            await self._failures.slip(item, error)
            self.wake()

    async def _call(self, item: Pending) -> None:
        chat_id = await self._addresses.present(item)
        if chat_id is None:
            await self._failures.replacements.left(item)
            self.wake()
            return
        if await self._is_outdated(item):
            return
        if item.makes is not None:
            await self._send_made(item, chat_id)
            return
        try:
            send = self._send_stored if item.has_attachment else self._made_call
            message_id = await send(item, chat_id)
        except _ClosedError:
            async with self._database.begin() as work:
                await work.outbox.defer(item.id, work.now, self._database.worker)
        except TelegramError as error:
            await self._failures.meet(item, chat_id, error)
        else:
            await self._sent(item, chat_id, message_id)
            is_news = await self._failures.works(item)
            if not (item.leaves_trace or is_news):
                return
        # A retry may be due, and an alert may have been added to the outbox.
        self.wake()

    async def _is_outdated(self, item: Pending) -> bool:
        """Put off the list of an earlier morning until today's takes its place."""
        if not item.keeps_hours or item.about != basket.ABOUT:
            return False
        async with self._database.begin() as work:
            is_so = await basket.is_outdated(work, self._services.office, item)
            if is_so:
                until = work.now + _UNTIL_TODAYS
                await work.outbox.defer(item.id, until, self._database.worker)
        if is_so:
            self.wake()
        return is_so

    async def _send_stored(self, item: Pending, chat_id: int) -> int | None:
        """Send a file that is stored whole: one at a time, for each may take much memory."""
        async with self._reading:
            file = await self._stored(item)
            # The person was erased meanwhile.
            if file is None:
                return None
            # Closed, it holds no content: the traceback of a refusal keeps it for a while.
            with file:
                return await self._made_call(item, chat_id, file)

    async def _stored(self, item: Pending) -> BytesIO | None:
        async with self._database.begin() as work:
            content = await work.outbox.attachment(item.id)
        return None if content is None else BytesIO(content)

    async def _tell_alerts(self, item: Pending) -> None:
        """Send one message for all alerts that a group is not told of yet."""
        post = await alert_post(self._database, item)
        chat_id = await self._addresses.present(item)
        if post is not None and chat_id is not None:
            try:
                await self._made_call(post.item, chat_id)
            except TelegramError as error:
                await self._failures.meet(item, chat_id, error)
            else:
                logger.info("sent")
                metrics.SENT.inc()
                await self._recorded(partial(self._told, post))
                await self._failures.works(item)
        self.wake()

    async def _send_made(self, item: Pending, chat_id: int) -> None:
        """Make a file and send it, in parts where it is too large; begin anew where that fails."""
        message_ids: list[int | None] = []
        try:
            async with made(self._database, self._services, item) as files:
                for number, file in enumerate(files, 1):
                    if not await self._still_waits(item):
                        break
                    part = in_parts(item, number, len(files))
                    message_ids.append(await self._made_call(part, chat_id, file))
        except TelegramError as error:
            await self._failures.meet(item, chat_id, error)
        except OSError as error:
            # Most likely a full disk: the file is made again later, like any failed call.
            failure = NetworkError(f"no file: {type(error).__name__}")
            await self._failures.meet(item, chat_id, failure)
        else:
            await self._sent_made(item, chat_id, message_ids)
        self.wake()

    async def _still_waits(self, item: Pending) -> bool:
        async with self._database.begin() as work:
            return await work.outbox.still_waits(item.id)

    async def _sent_made(
        self, item: Pending, chat_id: int, message_ids: Sequence[int | None]
    ) -> None:
        logger.info("sent")
        metrics.SENT.inc()
        if await self._recorded(partial(self._forget_all, {item.id: item})):
            return
        # The person was erased during the call: the files must not stay in the chat either.
        for message_id in filter(None, message_ids):
            try:
                await self._bot.delete_message(chat_id, message_id)
            except TelegramError as error:
                logger.error("an erased file stays in a chat: %s", type(error).__name__)

    async def _told(self, post: AlertPost, work: UnitOfWork) -> None:
        await post.sent(work)
        await self._tell_pace(work, [post.item])

    async def _made_call(
        self, item: Pending, chat_id: int, file: IO[bytes] | None = None
    ) -> int | None:
        await self._can_mark.wait()
        async with self._pace.turn(self._addresses.meant(item)):
            # The office may have closed since the row was claimed.
            if item.keeps_hours and not self._services.office.is_open(self._clock()):
                raise _ClosedError
            return await call(self._bot, item, chat_id, file)

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
                await self._failures.replacements.undeleted(item, error)

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
            await deliveries.arrived(work, item, self._services)
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
                except UndoneError:
                    # No outage: others may go on sending, and the next attempt may succeed.
                    await asyncio.sleep(_MARK_UNDONE_SECONDS)
                except DatabaseUnavailableError as error:
                    self._can_mark.clear()
                    logger.error("what was sent waits to be marked: %s", error)
                    await asyncio.sleep(_MARK_AGAIN_SECONDS)
        finally:
            self._can_mark.set()
