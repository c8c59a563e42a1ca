"""The webhook: posts each update in order, and repeats it until the bot accepts it.

Differences from Telegram: the webhook may be plain HTTP, updates are posted one at a time whatever
``max_connections`` says, and an update is taken even where the method in the answer is unreadable.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx

from bot.preview.api_errors import bad
from bot.preview.updates import Update, Updates

logger = logging.getLogger(__name__)
_URL = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?")
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_SECRET = 256
# Bot API, setWebhook: connections by default, and at most.
_CONNECTIONS = 40
_MOST_CONNECTIONS = 100
_LONGEST_PAUSE = 60.0
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class WebhookSender:
    """Posts updates to the webhook's address, if there is one."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._url = ""
        self._secret = ""
        self._connections = _CONNECTIONS
        self._error: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        # Carries out the method in an answer: given its content type and its body.
        self.answered: Callable[[bytes, bytes], Awaitable[None]] | None = None
        # Seconds before the second try of an update; doubled before each further try.
        self.first_pause = 0.5

    async def set(
        self, url: str, *, secret: str = "", connections: int = _CONNECTIONS, drop: bool = False
    ) -> str:
        """Post updates to an address from now on; an empty one stops posting.

        Return what was done, in the server's words. ``drop`` forgets the updates that wait. An
        address that is refused leaves no webhook at all, as on the server.
        """
        wanted = (url, secret if url else "", _clamped(connections) if url else _CONNECTIONS)
        if wanted == (self._url, self._secret, self._connections) and not drop:
            return "Webhook is already set" if url else "Webhook is already deleted"
        if url:
            self._updates.end_poll_for_webhook()
        had_one = bool(self._url)
        await self._remove()
        if drop:
            self._updates.queue.clear()
        _check(url, secret)
        self._url, self._secret, self._connections = wanted
        self.open()
        if url:
            return "Webhook was set"
        return "Webhook was deleted" if had_one else "Webhook is already deleted"

    async def _remove(self) -> None:
        await self.close()
        self._url, self._secret, self._connections, self._error = "", "", _CONNECTIONS, {}
        self._updates.has_webhook = False

    def open(self) -> None:
        """Start to post if there is an address; called again when the server restarts."""
        self._updates.has_webhook = bool(self._url)
        self._updates.wake()
        if self._url and self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop posting, and keep the address."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def info(self) -> dict[str, Any]:
        """Return the Bot API's WebhookInfo."""
        allowed = self._updates.allowed
        return {
            "url": self._url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.queue),
            **self._error,
            **({"max_connections": self._connections} if self._url else {}),
            **({"allowed_updates": allowed} if allowed else {}),
        }

    async def _run(self) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        async with httpx.AsyncClient(timeout=_TIMEOUT, headers=headers) as client:
            while True:
                while not self._updates.queue:
                    await self._updates.news()
                await self._deliver(client, self._updates.queue[0])

    async def _deliver(self, client: httpx.AsyncClient, update: Update) -> None:
        pause = self.first_pause
        while failure := await self._failure(client, update):
            self._error = {"last_error_date": int(time.time()), "last_error_message": failure}
            logger.info("webhook: %s", failure)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._updates.confirm(update["update_id"] + 1)

    async def _failure(self, client: httpx.AsyncClient, update: Update) -> str:
        """Post an update once; return the failure, or an empty text if the bot accepted it."""
        try:
            answer = await client.post(self._url, json=update)
        except httpx.HTTPError as error:
            return f"Connection failed: {type(error).__name__}"
        if not answer.is_success:
            reason = f"{answer.status_code} {answer.reason_phrase}"
            return f"Wrong response from the webhook: {reason}"
        if self.answered and answer.content:
            await self.answered(answer.headers.get("content-type", "").encode(), answer.content)
        return ""


def _clamped(connections: int) -> int:
    return min(max(connections, 1), _MOST_CONNECTIONS)


def _check(url: str, secret: str) -> None:
    if not url:
        return
    if not _URL.fullmatch(url):
        raise bad("invalid webhook URL specified")
    if len(secret) > _LONGEST_SECRET:
        raise bad("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
