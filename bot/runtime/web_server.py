"""An ASGI application served in this process, which keeps its own signal handlers."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_GRACE_SECONDS = 5
# The limit of uvicorn's other parser, and more than any client sends.
_LONGEST_HEAD = 64 * 1024


class AddressTakenError(OSError):
    """Another process listens at this address, or this machine has no such address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"nothing can listen on {host}:{port}")
        self.host = host
        self.port = port


class _Bounded(HttpToolsProtocol):
    """Refuses a request whose headers do not end: httptools stores as many as arrive."""

    _is_in_head = False
    _head = 0

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._is_in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: the application limits the body itself."""
        self._is_in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Accept data up to the limit."""
        super().data_received(data)
        if self._is_in_head:
            self._head += len(data)
            if self._head > _LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Change nothing."""
        yield


class WebServer:
    """An ASGI server; port 0 takes a free one. It can be started again after a stop."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        grace_seconds: int = _GRACE_SECONDS,
        log_level: str | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._config = uvicorn.Config(
            app,
            http=_Bounded,
            lifespan="off",
            # Logs are already set up, and an access log would contain nothing but paths.
            log_config=None,
            log_level=log_level,
            access_log=False,
            server_header=False,
            date_header=False,
            # The client's address is not needed: the secret authenticates a request.
            proxy_headers=False,
            ws="none",
            # Long enough that a client rarely sends a request on a connection that is just being
            # closed.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=grace_seconds,
        )
        self._listener: socket.socket | None = None
        self._server: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def is_serving(self) -> bool:
        """Whether it was started, and not stopped since."""
        return self._serving is not None

    @property
    def connections(self) -> tuple[Any, ...]:
        """Uvicorn's own protocol objects of the open connections."""
        return tuple(self._server.server_state.connections) if self._server else ()

    def listen(self) -> None:
        """Bind the port, without answering yet; AddressTakenError where that fails."""
        self._listener = self._bound()
        self.port = self._listener.getsockname()[1]

    async def start(self) -> None:
        """Listen and answer; AddressTakenError where the port cannot be bound."""
        if self._listener is None:
            self.listen()
        listeners = [self._listener] if self._listener else []
        self._server = _Uvicorn(self._config)
        self._serving = asyncio.create_task(self._server.serve(sockets=listeners))
        # uvicorn signals only by this flag that it is ready.
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Answer the requests under way, then stop listening."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = self._listener = None

    def abort(self, client: object) -> None:
        """Close the connection of a client, (host, port), without an answer."""
        for connection in self.connections:
            if getattr(connection, "client", None) == client:
                connection.transport.abort()

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Without the protocol's name, asyncio does not set TCP_NODELAY: 40 ms more for each call.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            raise AddressTakenError(self.host, self.port) from error
        return listener
