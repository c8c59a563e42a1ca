"""The pages as one application: its routes, and what holds for every answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.pages.change_pages import ChangePages
from bot.pages.follow_pages import FollowPages
from bot.pages.form_pages import FormPages
from bot.pages.public import PublicPages
from bot.pages.rendering import HEADERS, message
from bot.pages.request_page import RequestPage
from bot.pages.visitor_rendering import HEADERS as VISITOR_HEADERS
from bot.pages.visitor_rendering import STYLE_PATH, language_of, style
from bot.runtime import metrics
from bot.runtime.web_server import ReadyApp
from handlers.messages import ENGLISH
from storage.engine.errors import StorageError

logger = logging.getLogger(__name__)
# Where the pages stand; a proxy in front passes these paths on.
PREFIX = "/demande/"
_FORMS = ("/formulaires/", f"/{ENGLISH}/formulaires/")
VISITOR_PREFIXES = (*_FORMS, "/suivi/")
# What is answered where a page cannot be shown.
Away: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]
# Where the status begins in an answer as it goes over the wire; the code of the digit 0.
_STATUS_AT, _ZERO = len(b"HTTP/1.1 "), ord("0")
# A form of some kilobytes comes in less, but for a telephone at the edge of the network.
_SECONDS = 20.0


def pages_app(
    request_page: RequestPage,
    forms: FormPages,
    following: FollowPages,
    changing: ChangePages,
    public: PublicPages,
) -> ReadyApp:
    """Return the application of all pages; ``public`` answers what is none of the others."""
    of_requests = _pages_of_requests(request_page)
    of_visitors = _pages_of_visitors(forms, following, changing)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(sent: Message) -> None:
            if sent["type"] == "http.response.start":
                metrics.page_answered(sent["status"] // 100)
            await send(sent)

        path = scope["path"]
        if path.startswith(PREFIX):
            await of_requests(scope, receive, send_counted)
        elif path.startswith(VISITOR_PREFIXES):
            await of_visitors(scope, receive, send_counted)
        else:
            await public(scope, receive, send_counted)

    def counted_at_once(target: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
        answer = public.at_once(target, headers)
        if answer is not None:
            metrics.page_answered(answer[_STATUS_AT] - _ZERO)
        return answer

    return ReadyApp(counted, counted_at_once, public.ready)


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
    return _guarded(pages, HEADERS, _away)


def _pages_of_visitors(forms: FormPages, following: FollowPages, changing: ChangePages) -> ASGIApp:
    one = "/suivi/{token}"
    routes = [
        Route(one, following.show, methods=["GET"]),
        Route(f"{one}/donnees", following.data, methods=["GET"]),
        Route(f"{one}/modifier/{{number}}", changing.show, methods=["GET"]),
        Route(f"{one}/modifier/{{number}}", changing.send, methods=["POST"]),
        Route(f"{one}/{{act}}", following.ask, methods=["GET"]),
        Route(f"{one}/{{act}}", following.make, methods=["POST"]),
    ]
    routes.append(Route(STYLE_PATH, style, methods=["GET"]))
    for root in ("/formulaires", f"/{ENGLISH}/formulaires"):
        routes += [
            Route(f"{root}/lien-perdu", forms.lost, methods=["GET"]),
            Route(f"{root}/lien-perdu", forms.find, methods=["POST"]),
            Route(f"{root}/recu/{{token}}", forms.receipt, methods=["GET"]),
        ]
        for address in (f"{root}/{{slug}}", f"{root}/{{slug}}/{{project_id}}"):
            routes.append(Route(address, forms.show, methods=["GET"]))
            routes.append(Route(address, forms.send, methods=["POST"]))

    async def missing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return forms.look.message("no_form", language_of(request), status)

    async def away(request: Request, _error: Exception) -> Response:
        return forms.look.message("away", language_of(request), 503)

    pages = Starlette(routes=routes, exception_handlers={HTTPException: missing, Exception: away})
    pages.router.redirect_slashes = False

    async def admitting(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None
        if scope["method"] == "POST" and scope["path"].startswith(_FORMS):
            # Before the layers of an application: a flood costs no more than this.
            refusal = forms.turned_away(Request(scope))
        await (refusal or pages)(scope, receive, send)

    return _guarded(admitting, VISITOR_HEADERS, away)


async def _missing(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return message("missing", status)


async def _away(_request: Request, _error: Exception) -> Response:
    return message("away", 503)


def _guarded(app: ASGIApp, headers: Mapping[str, str], away: Away) -> ASGIApp:
    """Give every answer the headers, and an answer to whatever fails: no error names the page."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_guarded(sent: Message) -> None:
            nonlocal has_begun
            if sent["type"] == "http.response.start":
                has_begun = True
                own = MutableHeaders(scope=sent)
                for name, value in headers.items():
                    own.setdefault(name, value)
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
                answer = await away(Request(scope), error)
                await answer(scope, receive, send_guarded)

    return guarded
