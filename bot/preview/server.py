"""The preview as an HTTP server on loopback: the Bot API, the chat page, and what it asks for."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.preview.bot_endpoint import BotEndpoint
from bot.preview.messenger import Messenger
from bot.preview.page_endpoint import PageEndpoint

# Not a secret: it opens this machine's preview only.
PREVIEW_TOKEN = "1000000001:local-preview"  # noqa: S105
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
    """A messenger that speaks HTTP."""

    def __init__(
        self,
        messenger: Messenger | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = PREVIEW_TOKEN,
    ) -> None:
        self.messenger = messenger or Messenger()
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
        config = uvicorn.Config(
            self.app(),
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            # Long enough that no client of this machine meets a connection closed under its hand.
            timeout_keep_alive=75,
        )
        self._server = _Uvicorn(config)
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
        self.messenger.notes("stopping")
        self._server.should_exit = True
        await self._serving
        self._server = None

    def app(self) -> Starlette:
        """Return the ASGI application."""
        bot = BotEndpoint(self.messenger, self._token)
        page = PageEndpoint(self.messenger, self._stopping)
        return Starlette(
            routes=[
                Route("/", lambda _request: FileResponse(_PAGE / "index.html")),
                Route("/bot{token}/{method}", bot.call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", bot.download),
                Mount("/preview", routes=page.routes()),
                Mount("/static", StaticFiles(directory=_PAGE)),
            ],
            # Another site's page must not drive this one under a name of its own.
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
            ],
        )

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise PortInUseError(self._port) from error
        return listener


@contextlib.asynccontextmanager
async def running(server: PreviewServer) -> AsyncIterator[PreviewServer]:
    """Serve for as long as the block lasts."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
