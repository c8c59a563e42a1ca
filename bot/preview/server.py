"""The preview's HTTP server on loopback: the Bot API, the chat page and its requests."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.preview.bot_endpoint import PREFIXES, BotEndpoint
from bot.preview.chat_file import ChatFile
from bot.preview.letters import Letters
from bot.preview.messenger import Messenger
from bot.preview.page_endpoint import PageEndpoint
from bot.preview.personas import BOT_ID
from bot.runtime.web_server import WebServer

# Not a secret: it gives access to the preview of this machine only.
PREVIEW_TOKEN = f"{BOT_ID}:local-preview"
# No page may frame another one's answers, nor read them as another kind of file.
_GUARDS = (
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
)
logger = logging.getLogger(__name__)
# What the bot's links lead to; as on a server, these stand at the root.
OWN_PAGES = ("/demande/", "/suivi/", "/formulaires/", "/en/formulaires/")
# The chat has the root: the public pages, whose links are relative, stand in a folder.
PUBLIC_PAGES = "/site"
_HOSTS = ["127.0.0.1", "localhost"]
_PAGE = Path(__file__).parent / "page"


class PreviewServer:
    """An HTTP server over a messenger; it can be stopped and started again on the same port.

    ``chats`` is a file that keeps the messages when the process ends.
    """

    def __init__(
        self,
        messenger: Messenger | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = PREVIEW_TOKEN,
        chats: Path | None = None,
    ) -> None:
        self.messenger = messenger or Messenger()
        self._chat_file = ChatFile(chats, self.messenger) if chats else None
        self._token = token
        self._stopping = asyncio.Event()
        # The bot's e-mails and its own pages: a bot that is told of this preview sets them.
        self.letters = Letters()
        self.pages: ASGIApp | None = None
        # Connections are cut on purpose here: uvicorn must not log them as errors.
        self._server = WebServer(self.app(), host, port, grace_seconds=1, log_level="critical")

    @property
    def url(self) -> str:
        """The server's address, once started."""
        return f"http://{self._server.host}:{self._server.port}"

    async def start(self) -> None:
        """Start to listen; port 0 takes a free one. AddressTakenError if the port is taken."""
        self._server.listen()
        self._stopping.clear()
        if self._chat_file:
            self._chat_file.open()
        self.messenger.updates.open()
        self.messenger.webhook.open()
        await self._server.start()

    async def stop(self) -> None:
        """End the requests under way, and stop listening."""
        if not self._server.is_serving:
            return
        self._stopping.set()
        self.messenger.updates.close()
        await self.messenger.webhook.close()
        self.messenger.notes("stopping")
        await self._server.stop()
        if self._chat_file:
            await self._chat_file.close()

    def app(self) -> ASGIApp:
        """Return the ASGI application."""
        bot = BotEndpoint(self.messenger, self._token, self._stopping, self._abort)
        self.messenger.webhook.answered = bot.take_from_webhook
        page = _page(PageEndpoint(self.messenger, self._stopping), self.letters)

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and self.pages and scope["path"].startswith(OWN_PAGES):
                # They hide their address from every site, and sign their forms themselves.
                await self.pages(scope, receive, send)
                return
            if scope["type"] == "http" and self.pages and _is_public(scope):
                await self.pages({**scope, "root_path": PUBLIC_PAGES}, receive, send)
                return
            if scope["type"] == "http" and _is_foreign(scope):
                await PlainTextResponse("another site asks", 403)(scope, receive, send)
                return
            to_bot = scope["type"] == "http" and scope["path"].startswith(PREFIXES)
            await (bot if to_bot else page)(scope, receive, send)

        # Prevents DNS rebinding: a site whose name leads to this machine must not use the preview.
        return _guarded(TrustedHostMiddleware(either, allowed_hosts=_HOSTS))

    def _abort(self, scope: Scope) -> None:
        """Close the connection of a request without an answer."""
        self._server.abort(scope["client"])


def _is_public(scope: Scope) -> bool:
    return bool(scope["path"].startswith(f"{PUBLIC_PAGES}/"))


def _is_foreign(scope: Scope) -> bool:
    """Tell by what browsers send whether a page of another site makes this request.

    Sec-Fetch-Site says it; a browser that does not send it names the page in Origin or Referer. The
    bot sends none of them. Any site may link to the chat page itself.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if scope["path"] == "/" and scope["method"] in {"GET", "HEAD"}:
        return False
    if any(n == b"sec-fetch-site" and v not in {b"none", b"same-origin"} for n, v in headers):
        return True
    host = next((value for name, value in headers if name == b"host"), b"").lower()
    pages = (value for name, value in headers if name in {b"origin", b"referer"})
    return any(not _is_on(page.lower(), host) for page in pages)


def _is_on(page: bytes, host: bytes) -> bool:
    """Tell whether the address of a page is on this host and port; ``null`` is on none."""
    return page == b"http://" + host or page.startswith(b"http://" + host + b"/")


def _guarded(app: ASGIApp) -> ASGIApp:
    """Forbid other sites to show any answer within theirs; answer 500 where the app fails."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message = {**message, "headers": [*message.get("headers", ()), *_GUARDS]}
            await send(message)

        try:
            await app(scope, receive, send_guarded)
        except Exception:
            if has_begun:
                raise
            logger.exception("the preview failed to answer")
            await PlainTextResponse("the preview failed", 500)(scope, receive, send_guarded)

    return guarded


def _page(endpoint: PageEndpoint, letters: Letters) -> Starlette:
    async def index(_request: Request) -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    return Starlette(
        routes=[
            Route("/", index),
            Route("/courrier", letters.show),
            Mount("/preview", routes=endpoint.routes()),
            Mount("/static", StaticFiles(directory=_PAGE)),
        ]
    )


@contextlib.asynccontextmanager
async def running(server: PreviewServer) -> AsyncIterator[PreviewServer]:
    """Serve for as long as the block lasts."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
