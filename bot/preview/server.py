"""The preview as an HTTP server on loopback: the Bot API, the chat page, and what it asks for."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.preview.bot_endpoint import PREFIXES, BotEndpoint
from bot.preview.chat_file import ChatFile
from bot.preview.messenger import Messenger
from bot.preview.page_endpoint import PageEndpoint
from bot.preview.people import BOT_ID

# Not a secret: it opens this machine's preview only.
PREVIEW_TOKEN = f"{BOT_ID}:local-preview"
_HOSTS = ["127.0.0.1", "localhost"]
_PAGE = Path(__file__).parent / "page"


class PortInUseError(OSError):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use")
        self.port = port


class _Uvicorn(uvicorn.Server):
    """uvicorn, leaving the signals of the process to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Change nothing."""
        yield


class PreviewServer:
    """A messenger that speaks HTTP. It can be stopped and started again, on the same port.

    With ``chats``, a file, what was said outlives the process.
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
        self._host = host
        self._port = port
        self._token = token
        self._stopping = asyncio.Event()
        self._server: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the server answers, once started."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen; PortInUseError where the port is taken. Port 0 takes a free one."""
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._stopping.clear()
        if self._chat_file:
            self._chat_file.open()
        self.messenger.updates.open()
        self.messenger.webhook.open()
        self._server = _Uvicorn(_configured(self.app()))
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        # uvicorn says only by this flag that it is ready.
        while not self._server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """End what is under way and stop listening."""
        if self._server is None or self._serving is None:
            return
        self._stopping.set()
        self.messenger.updates.close()
        await self.messenger.webhook.close()
        self.messenger.notes("stopping")
        self._server.should_exit = True
        await self._serving
        if self._chat_file:
            await self._chat_file.close()
        self._server = None

    def app(self) -> ASGIApp:
        """Return the ASGI application."""
        bot = BotEndpoint(self.messenger, self._token, self._stopping, self._abort)
        page = _page(PageEndpoint(self.messenger, self._stopping))

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and _is_foreign(scope):
                await PlainTextResponse("another site asks", 403)(scope, receive, send)
                return
            to_bot = scope["type"] == "http" and scope["path"].startswith(PREFIXES)
            await (bot if to_bot else page)(scope, receive, send)

        # Another site's page must not drive this one under a name of its own.
        return TrustedHostMiddleware(either, allowed_hosts=_HOSTS)

    def _listen(self) -> socket.socket:
        # Without the protocol's name, asyncio does not set TCP_NODELAY: 40 ms more for each call.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen()
        except OSError as error:
            listener.close()
            raise PortInUseError(self._port) from error
        return listener

    def _abort(self, scope: Scope) -> None:
        """Close the connection of a request without another word."""
        for connection in list(self._server.server_state.connections) if self._server else ():
            if getattr(connection, "client", None) == scope["client"]:
                connection.transport.abort()


def _is_foreign(scope: Scope) -> bool:
    """Tell whether a page of another site makes this request: a browser says so, a bot does not.

    A link that leads to the chat page may stand anywhere.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    said = next((value for name, value in headers if name == b"sec-fetch-site"), b"none")
    return scope["path"] != "/" and said not in {b"none", b"same-origin"}


def _configured(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        # Long enough that no client of this machine meets a connection closed under its hand.
        timeout_keep_alive=75,
    )


def _page(endpoint: PageEndpoint) -> Starlette:
    async def index(_request: Request) -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    return Starlette(
        routes=[
            Route("/", index),
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
