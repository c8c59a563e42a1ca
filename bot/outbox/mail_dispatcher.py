"""Sending the e-mails of the outbox: in order for each address, apart from what goes to Telegram.

It is a loop of its own, so that a mail server that hangs keeps no message to Telegram waiting.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from bot.outbox.letters import written
from bot.outbox.mail_failures import MailFailures
from bot.runtime import metrics
from bot.runtime.lanes import Lanes
from bot.runtime.logs import now_about
from bot.runtime.smtp import Letterhead, MailError, Postman
from handlers.core.services import Services
from storage.database import Database
from storage.engine.claims import Which
from storage.engine.errors import DatabaseUnavailableError, StorageError, UndoneError
from storage.queues.outbox import Audience, Pending
from storage.unit_of_work import UnitOfWork
from storage.workers.isolation import MOST_CRASHES

logger = logging.getLogger(__name__)
# Few connections at a time: mail servers limit them.
_AT_ONCE = 4
# Nobody waits for an e-mail by the second, so nothing need wake this loop.
_LOOK_EVERY = timedelta(seconds=5)
_MARK_AGAIN_SECONDS = 0.5
_ONLY = (Audience.EMAIL,)


class MailDispatcher(Lanes[Pending, str]):
    """Takes e-mails from the outbox, one for each address at a time, and sends them."""

    def __init__(
        self, database: Database, services: Services, postman: Postman, head: Letterhead
    ) -> None:
        super().__init__("mail_sender", _AT_ONCE, database, services.clock)
        self._postman = postman
        self._head = head
        self._failures = MailFailures(database, services)
        self._services = services

    async def _next(self, busy: frozenset[str], limit: int) -> tuple[Pending, ...]:
        isolation, worker = self._database.isolation, self._database.worker
        async with isolation.claiming(), self._database.begin() as work:
            in_hours = self._services.office.is_open(work.now)
            which = await isolation.choose(
                self._name,
                work.workers,
                partial(work.outbox.has_suspect, busy, _ONLY, in_hours=in_hours),
            )
            room = 1 if which is Which.SUSPECT else limit
            claimed = await work.outbox.claim(worker, busy, room, _ONLY, which, in_hours=in_hours)
            self.due = work.now + _LOOK_EVERY
        if which is not Which.SOUND:
            self.look_again_soon()
        return claimed

    def _lane(self, item: Pending) -> str:
        return item.lane

    async def _do(self, item: Pending) -> None:
        now_about(outbox=item.id)
        if item.crashes >= MOST_CRASHES:
            await self._failures.crashed(item)
            return
        # The office may have closed since the row was claimed.
        if item.keeps_hours and not self._services.office.is_open(self._clock()):
            async with self._database.begin() as work:
                await work.outbox.defer(item.id, work.now, self._database.worker)
            return
        try:
            message = written(item, self._head, self._clock())
            await self._postman.deliver(message)
        except MailError as error:
            await self._failures.meet(item, error)
        except StorageError:
            raise
        except Exception as error:
            # An e-mail that the bot itself cannot write must not hold its lane for ever.
            logger.exception("mail: an item failed unexpectedly")
            metrics.LOOP_FAILURES.labels(self._name).inc()
            await self._failures.slip(item, error)
        else:
            logger.info("sent")
            metrics.SENT.inc()
            await self._recorded(partial(self._failures.works, item))

    async def _recorded(self, record: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """Record that an e-mail was taken, however long the database is away.

        Left unrecorded, it would be sent again.
        """
        while True:
            try:
                async with self._database.begin() as work:
                    await record(work)
            except (UndoneError, DatabaseUnavailableError) as error:
                logger.error("what was mailed waits to be marked: %s", type(error).__name__)
                await asyncio.sleep(_MARK_AGAIN_SECONDS)
            else:
                return
