"""The service over HTTP: Telegram's webhook, and endpoints about the service's health.

An update is in the inbox before Telegram gets a 200. An update that cannot be stored now gets a
503, and Telegram sends it again. A request that is no update gets a 400 once, and is logged.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.inbox.backlog import Backlog
from bot.inbox.raw_updates import inline_query_in, parsed
from bot.runtime import metrics
from handlers.core.services import Services
from storage.database import Database
from storage.engine.errors import InboxFullError, StorageError
from storage.queues.inbox import Received

logger = logging.getLogger(__name__)
PATH = "/telegram"
LARGEST_BODY = 1_000_000
_DIGITS = 10
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_COME_BACK = {"Retry-After": "5"}
_PATIENCE_SECONDS = 5.0
# How long the next commit waits where the last one stored several updates: Telegram sends the next
# ones as soon as those are confirmed, one after the other.
_GATHER_SECONDS = 0.002


class RefusedUpdate(Exception):  # noqa: N818 - an answer, not an error of this program
    """Why an update is refused: the status, and the label for the metrics."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Mailbox:
    """Stores updates; those that arrive during a commit share the next one."""

    def __init__(
        self, database: Database, backlog: Backlog, announce: Callable[[int], None]
    ) -> None:
        self._database = database
        self._backlog = backlog
        self._announce = announce
        self._waiting: list[tuple[Received, asyncio.Future[None]]] = []
        self._keeping: asyncio.Task[None] | None = None
        # True where the last commit stored several updates.
        self._is_busy = False

    async def keep(self, update: Received) -> None:
        """Return once the update is stored; StorageError where it cannot be."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((update, stored))
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        await stored

    async def _keep(self) -> None:
        try:
            while self._waiting:
                if self._is_busy:
                    await asyncio.sleep(_GATHER_SECONDS)
                batch, self._waiting = self._waiting, []
                self._is_busy = len(batch) > 1
                error = await self._add([update for update, _ in batch])
                for _, stored in batch:
                    if stored.done():
                        continue
                    if error:
                        stored.set_exception(error)
                    else:
                        stored.set_result(None)
        finally:
            self._keeping = None

    async def _add(self, updates: list[Received]) -> Exception | None:
        # Telegram may send an update twice within a moment; an insert takes each once.
        rows = list({update.update_id: update for update in updates}.values())
        try:
            async with self._database.begin() as work:
                new = await work.inbox.add(rows, self._backlog.room)
        except StorageError as error:
            self._backlog.note_refused(error)
            return error
        except Exception as error:  # noqa: BLE001 - each of those who wait is answered
            return error
        self._backlog.note_kept()
        metrics.RECEIVED.inc(new)
        if new:
            self._announce(new)
        return None


class Health:
    """The conditions of a worker's readiness, for a load balancer."""

    def __init__(
        self,
        backlog: Backlog,
        services: Services,
        is_refused: Callable[[], bool] = lambda: False,
        failing: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Watch these; ``is_refused`` tells whether Telegram refuses the webhook's address.

        ``failing`` names the loops of this process that fail repeatedly.
        """
        self._backlog = backlog
        self._services = services
        self._is_refused = is_refused
        self._failing = failing
        self.has_met_telegram = False

    @property
    def failing_loops(self) -> list[str]:
        """The loops of this process that fail repeatedly."""
        return sorted(self._failing())

    async def checks(self) -> dict[str, bool]:
        """Return the conditions by name."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._backlog.look()
            answers = True
        except Exception:  # noqa: BLE001 - without its tables too, whatever the driver calls that
            answers = False
        return {
            "database": answers and not self._backlog.is_damaged,
            "inbox": answers and self._backlog.takes_more,
            "knowledge": bool(self._services.knowledge.entries),
            "telegram": self.has_met_telegram and not self._is_refused(),
            "loops": not self._failing(),
        }


class Webhook:
    """The ASGI application of a worker."""

    def __init__(
        self,
        secret: str,
        mailbox: Mailbox,
        health: Health,
        *,
        is_open: bool = True,
        pages: ASGIApp | None = None,
        take_inline: Callable[[Mapping[str, Any]], None] = lambda _raw: None,
    ) -> None:
        """Make it; unless ``is_open``, updates are refused until ``open`` is called.

        ``pages`` answers what the other endpoints do not. ``take_inline`` gets the inline queries,
        which are not stored.
        """
        self._secret = secret.encode()
        self._mailbox = mailbox
        self._health = health
        self._is_open = is_open
        self._pages = pages
        self._take_inline = take_inline
        self._has_refused = False

    def open(self) -> None:
        """Accept updates from now on: the service is ready."""
        self._is_open = True

    def app(self) -> ASGIApp:
        """Return the application."""
        routes = [
            Route(PATH, self.take, methods=["POST"]),
            Route("/healthz", self.live),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
        ]
        own = {route.path for route in routes}
        endpoints = Starlette(routes=routes)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
                # Bypasses the router and its layers, which take longer than the handling of a
                # request.
                response = await self.take(Request(scope, receive))
                await response(scope, receive, send)
            elif scope["type"] == "http" and self._pages and scope["path"] not in own:
                # For the same reason: a page from memory takes less than the layers would.
                await self._pages(scope, receive, send)
            else:
                await endpoints(scope, receive, send)

        return app

    async def take(self, request: Request) -> Response:
        """Store one update, then confirm it."""
        try:
            self._check_secret(request)
            self._check_open()
            body = await _body(request)
            if (inline := inline_query_in(body)) is not None:
                self._take_inline(inline)
                return Response()
            await self._keep(_understood(body))
        except RefusedUpdate as refusal:
            return _refused(refusal)
        except ClientDisconnect:
            return _refused(RefusedUpdate(400, "disconnected"))
        except Exception as error:
            # Whatever the error is, Telegram must send the update again.
            logger.error("an update cannot be kept: %s", type(error).__name__, exc_info=error)
            return _refused(RefusedUpdate(503, "database"))
        return Response()

    async def _keep(self, update: Received) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._mailbox.keep(update)
        except InboxFullError:
            raise RefusedUpdate(503, "full") from None
        except StorageError:
            raise RefusedUpdate(503, "database") from None
        except TimeoutError:
            logger.error("an update was not kept in time: Telegram comes back with it")
            raise RefusedUpdate(503, "database") from None

    async def live(self, _request: Request) -> Response:
        """Answer that the process is alive."""
        return PlainTextResponse("ok")

    async def ready(self, _request: Request) -> Response:
        """Answer whether updates can be stored and handled."""
        checks = await self._health.checks()
        ready = all(checks.values())
        answer = {"ready": ready, "checks": checks, "failing_loops": self._health.failing_loops}
        return JSONResponse(answer, 200 if ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Return the metrics."""
        return Response(metrics.exposed(), media_type=metrics.CONTENT_TYPE)

    def _check_secret(self, request: Request) -> None:
        given = request.headers.get(_SECRET_HEADER, "")
        # Compared as bytes: compare_digest refuses strings that are not ASCII.
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret):
            raise RefusedUpdate(403, "secret")

    def _check_open(self) -> None:
        if self._is_open:
            return
        if not self._has_refused:
            logger.info("posts are refused until the service is ready: Telegram keeps them")
            self._has_refused = True
        raise RefusedUpdate(503, "starting")


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    # Python refuses to parse a number of thousands of digits.
    if not length.isdecimal() or len(length) > _DIGITS or int(length) > LARGEST_BODY:
        raise RefusedUpdate(413, "size")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise RefusedUpdate(413, "size")
    return bytes(body)


def _understood(body: bytes) -> Received:
    try:
        return parsed(body)
    except ValueError:
        logger.error("a post with the right secret is no update: %d bytes", len(body))
        raise RefusedUpdate(400, "body") from None


def _refused(refusal: RefusedUpdate) -> Response:
    metrics.REFUSED.labels(refusal.reason).inc()
    headers = _COME_BACK if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return PlainTextResponse(refusal.reason, refusal.status, headers)
