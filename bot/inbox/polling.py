"""Fetching updates: each batch is stored in the inbox before the next offset confirms it."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from telegram.constants import UpdateType
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ExtBot
from telegram.request import BaseRequest

from bot.inbox.backlog import Backlog
from bot.inbox.raw_updates import is_inline_query, numbered
from bot.inbox.source import UpdateSource
from bot.outbox.bot_api import refuses_token
from bot.runtime import json_text, metrics
from storage.database import Database
from storage.engine.errors import InboxFullError, StorageError
from storage.queues.inbox import CURSOR_MEMORY

logger = logging.getLogger(__name__)
T = TypeVar("T")

# The kinds of updates that the handlers understand. Edited messages are relayed to the place of the
# original message: each handler of messages asks for new ones, so an edit never runs a command
# again.
ALLOWED_UPDATES = (
    UpdateType.MESSAGE,
    UpdateType.EDITED_MESSAGE,
    UpdateType.CALLBACK_QUERY,
    UpdateType.INLINE_QUERY,
    UpdateType.MY_CHAT_MEMBER,
)
LONG_POLL_SECONDS = 30
_NETWORK_SECONDS = 15
_LONGEST_PAUSE = 60.0
_LONGEST_OBEYED = 3600.0
_FULL_SECONDS = 1.0
# A server that ignores the timeout, or the offset, answers at once with nothing new: such polls are
# no closer together than this. It is also the shortest pause that an error may ask for.
_SHORTEST_PAUSE = 1.0
# The largest batch that Telegram returns (Bot API, getUpdates).
_BATCH = 100
# Errors that Telegram and the proxies before it are known to cause: the class name says enough.
_EXPECTED = (TelegramError, ValueError)


class PollingSource(UpdateSource):
    """The polling loop. PTB's own confirms up to 100 updates before one is handled."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a service
        self,
        bot: ExtBot[None],
        request: BaseRequest,
        database: Database,
        backlog: Backlog,
        announce: Callable[[int], None],
        clock: Callable[[], datetime],
        take_inline: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._bot = bot
        self._request = request
        self._database = database
        self._backlog = backlog
        self._announce = announce
        self._clock = clock
        self._take_inline = take_inline
        self._last_batch = clock()
        self._pause = 0.0
        self._has_left_webhook = False

    async def run(self) -> None:
        """Fetch until cancelled; InvalidToken where Telegram no longer knows the token."""
        await self._leave_webhook()
        offset = await self._insist(self._first_offset)
        while True:
            offset = await self._insist(partial(self._fetch, offset))
            self._pause = 0.0

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Retry a step until it succeeds and return its result; only InvalidToken is permanent."""
        while True:
            try:
                return await step()
            except InvalidToken as error:
                if refuses_token(error):
                    raise
                await self._wait_after(error)
            except InboxFullError as error:
                self._backlog.note_refused(error)
                await asyncio.sleep(_FULL_SECONDS)
            except Exception as error:  # noqa: BLE001 - it is logged there, whatever it is
                await self._wait_after(error)

    async def _leave_webhook(self) -> None:
        """Remove the webhook: Telegram refuses getUpdates otherwise. The updates that wait stay.

        Where that fails, the fetches are tried all the same: a server may have no webhooks.
        """
        try:
            if (await self._bot.get_webhook_info()).url:
                await self._bot.delete_webhook(drop_pending_updates=False)
                logger.warning("a webhook was left over: it is deleted, to fetch instead")
            self._has_left_webhook = True
        except InvalidToken as error:
            if refuses_token(error):
                raise
            logger.warning("this server knows no webhooks: none is left over")
        except Exception as error:  # noqa: BLE001 - PTB may raise any on an answer that it cannot parse
            name = type(error).__name__
            logger.warning("whether a webhook is left over is not known: %s", name)

    async def _first_offset(self) -> int | None:
        async with self._database.begin() as work:
            cursor = await work.inbox.cursor()
        return None if cursor is None else cursor + 1

    async def _fetch(self, offset: int | None) -> int | None:
        """Fetch a batch, store it, and return the offset that confirms it."""
        if self._clock() - self._last_batch > CURSOR_MEMORY:
            offset = None
        until = time.monotonic() + _SHORTEST_PAUSE
        try:
            batch = await self._get_updates(offset)
        except Conflict:
            # Only once: it may be that of another bot with this token, which would set it again.
            if not self._has_left_webhook:
                await self._leave_webhook()
            raise
        confirmed = await self._keep(batch) if batch else offset
        if not batch or (offset is not None and confirmed is not None and confirmed <= offset):
            await asyncio.sleep(max(0.0, until - time.monotonic()))
        return confirmed

    async def _keep(self, batch: list[dict[str, Any]]) -> int:
        """Store a batch and return the offset that confirms it; inline queries are not stored."""
        self._last_batch = self._clock()
        rows = numbered(batch)
        inline = [raw for raw in batch if is_inline_query(raw)]
        passing = {raw.get("update_id") for raw in inline}
        if kept := [row for row in rows if row.update_id not in passing]:
            async with self._database.begin() as work:
                new = await work.inbox.add(kept, self._backlog.room)
            self._backlog.note_kept()
            metrics.RECEIVED.inc(new)
            self._announce(new)
        for raw in inline:
            self._take_inline(raw)
        return max(row.update_id for row in rows) + 1

    async def _get_updates(self, offset: int | None) -> list[dict[str, Any]]:
        """Return raw updates: PTB parses whole batches, so one bad update would block all."""
        query = {
            "timeout": LONG_POLL_SECONDS,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
            # A batch is stored whole: one larger than the inbox would be refused for ever.
            "limit": min(_BATCH, self._backlog.limit),
        }
        if offset is not None:
            query["offset"] = offset
        answer = await self._request.retrieve(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}",
            read_timeout=LONG_POLL_SECONDS + _NETWORK_SECONDS,
        )
        result: list[dict[str, Any]] = json_text.read(answer)["result"]
        return result

    async def _wait_after(self, error: Exception) -> None:
        if isinstance(error, RetryAfter):
            asked = error.retry_after
            pause = asked if isinstance(asked, (int, float)) else asked.total_seconds()
            self._pause = min(max(pause, _SHORTEST_PAUSE), _LONGEST_OBEYED)
        else:
            self._pause = min(max(1.0, self._pause * 2), _LONGEST_PAUSE)
        if isinstance(error, Conflict):
            logger.error("another program uses this token, or a webhook is set")
        elif isinstance(error, StorageError):
            self._backlog.note_refused(error)
        elif not isinstance(error, NetworkError):
            place = None if isinstance(error, _EXPECTED) else error
            logger.error("updates cannot be fetched: %s", type(error).__name__, exc_info=place)
        logger.warning("%s: next try in %.0f s", type(error).__name__, self._pause)
        await asyncio.sleep(self._pause)
