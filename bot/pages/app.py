"""The pages as one application: its routes, and what holds for every answer."""

import asyncio
import logging

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.pages.public import PublicPages
from bot.pages.rendering import HEADERS, message
from bot.pages.request_page import RequestPage
from bot.runtime.web_server import ReadyApp
from storage.engine.errors import StorageError

logger = logging.getLogger(__name__)
# Where the pages stand; a proxy in front passes these paths on.
PREFIX = "/demande/"
# A form of some kilobytes comes in less, but for a telephone at the edge of the network.
_SECONDS = 20.0


def pages_app(request_page: RequestPage, public: PublicPages) -> ReadyApp:
    """Return the application of all pages; ``public`` answers what is no page of a request."""
    of_requests = _pages_of_requests(request_page)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        is_request = scope["path"].startswith(PREFIX)
        await (of_requests if is_request else public)(scope, receive, send)

    return ReadyApp(either, public.at_once)


def _pages_of_requests(request_page: RequestPage) -> ASGIApp:
    one = f"{PREFIX}{{token}}"
    pages = Starlette(
        routes=[
            Route(one, request_page.show, methods=["GET"]),
            Route(f"{one}/{{act}}", request_page.ask, methods=["GET"]),
            Route(f"{one}/{{act}}", request_page.make, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _missing, Exception: _away},
    )
    # A redirect to an address without its last slash would repeat the link in a header.
    pages.router.redirect_slashes = False
    return _guarded(pages)


async def _missing(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return message("missing", status)


async def _away(_request: Request, _error: Exception) -> Response:
    return message("away", 503)


def _guarded(app: ASGIApp) -> ASGIApp:
    """Give every answer the headers, and an answer to whatever fails: no error names the page."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_guarded(sent: Message) -> None:
            nonlocal has_begun
            if sent["type"] == "http.response.start":
                has_begun = True
                MutableHeaders(scope=sent).update(HEADERS)
            await send(sent)

        try:
            async with asyncio.timeout(_SECONDS):
                await app(scope, receive, send_guarded)
        except ClientDisconnect:
            return
        except Exception as error:
            known = isinstance(error, StorageError | TimeoutError)
            logger.error(
                "a page cannot be shown: %s",
                type(error).__name__,
                exc_info=None if known else error,
            )
            if not has_begun:
                await message("away", 503)(scope, receive, send_guarded)

    return guarded
