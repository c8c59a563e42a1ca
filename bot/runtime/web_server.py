"""An ASGI application served in this process, which keeps its own signal handlers."""

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias, TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.runtime.client_limits import ClientLimits, Guests
from bot.runtime.plain_head import read_plain_get
from bot.runtime.ready_answers import ReadyAnswers

_GRACE_SECONDS = 5
# The limit of uvicorn's other parser, and more than any client sends.
_LONGEST_HEAD = 64 * 1024
_READING = (b"GET", b"HEAD")
_BACKLOG = 1024
# The target of a GET and its headers, names in lower case; the whole answer as it goes over the
# wire, or None where the application has to be asked.
AtOnce: TypeAlias = Callable[[bytes, Mapping[bytes, bytes]], bytes | None]
# A request with one of these has a body, or asks for more than an answer.
_NOT_AT_ONCE = (b"content-length", b"transfer-encoding", b"expect", b"upgrade")


class ReadyApp:
    """An application with answers that its server may give by itself."""

    def __init__(
        self, app: ASGIApp, at_once: AtOnce, ready: Callable[[], ReadyAnswers] = dict
    ) -> None:
        """``at_once`` answers this process's requests; ``ready``: what a front may answer."""
        self._app = app
        self.at_once = at_once
        self.ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that is not answered at once."""
        await self._app(scope, receive, send)


class AddressTakenError(OSError):
    """Another process listens at this address, or this machine has no such address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"nothing can listen on {host}:{port}")
        self.host = host
        self.port = port


class _Bounded(HttpToolsProtocol):
    """Ends what uvicorn would wait for without end: heads, bodies, and answers nobody reads.

    httptools stores as many headers as arrive; a connection that sends nothing has no limit of time
    in uvicorn, nor has a body that comes byte by byte.
    """

    guests: Guests
    at_once: AtOnce | None = None
    _is_in_head = False
    _is_under_way = False
    # Whether the request that is being read was answered at once.
    _is_answered = False
    # Whether the parser has begun to read a request, and not ended.
    _is_in_message = False
    _idle_since = -math.inf
    _head = 0
    _body = 0
    _deadline: asyncio.TimerHandle | None = None
    _reading_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Admit the client, or close the connection at once."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self.guests.admit(self, address):
            self._await_request()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._end_deadline()
        self.resume_reading_deadline()
        self.guests.leave(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._is_in_head, self._head, self._body = True, 0, 0
        self._is_in_message, self._is_answered = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Answer at once what can be; give the body its own time."""
        self._is_in_head = False
        self._end_deadline()
        if self.parser.get_method() == b"GET" and self._answers_at_once():
            return
        self._deadline = self.loop.call_later(self.guests.limits.body, self._expire)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Accept a body up to the limit: most endpoints do not read one, so do not limit it."""
        self._body += len(body)
        if self._body > self.guests.limits.largest_body:
            self.transport.close()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Let the application take its time."""
        self._is_in_message = False
        if self._is_answered:
            return
        self._end_deadline()
        self.guests.works(self)
        self._is_under_way = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Let uvicorn's limit of idle connections begin."""
        # A client may send requests without waiting for the answers.
        self._is_under_way = bool(self.pipeline)
        if not self._is_under_way:
            self.guests.waits(self)
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Answer a plain GET without the parser; accept other data up to the limit."""
        if not self._is_in_message and self._answers_plainly(data):
            return
        super().data_received(data)
        # Line breaks before a request end uvicorn's limit of idle time, and begin no request.
        if self._is_in_head or not (self._is_under_way or self.timeout_keep_alive_task):
            self._await_request()
        if self._is_in_head:
            self._head += len(data)
            if self._head > _LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too long.")

    def pause_writing(self) -> None:
        """Limit the time in which the client reads nothing."""
        self.resume_reading_deadline()
        seconds = self.guests.limits.silence
        self._reading_deadline = self.loop.call_later(seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """End this limit."""
        self.resume_reading_deadline()
        super().resume_writing()

    def resume_reading_deadline(self) -> None:
        """Cancel the limit for an answer that is not read."""
        if self._reading_deadline:
            self._reading_deadline.cancel()
            self._reading_deadline = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; of one that was answered meanwhile, wait for the rest."""
        rest = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if rest > 0:
            self.timeout_keep_alive_task = self.loop.call_later(
                rest, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def _answers_plainly(self, data: bytes) -> bool:
        """Answer a GET that is ready, and needs no parser; tell whether."""
        if self.at_once is None or (head := read_plain_get(data)) is None:
            return False
        answer = self._ready(head.target, head.headers)
        if answer is None:
            return False
        self.transport.write(answer)
        if not head.goes_on:
            self.transport.close()
        self._end_deadline()
        self._note_answered()
        return True

    def _answers_at_once(self) -> bool:
        """Write the answer to a parsed GET where it is ready; tell whether.

        The layers of an application take twice as long as all else that a page needs.
        """
        headers = dict(self.headers)
        if any(name in headers for name in _NOT_AT_ONCE):
            return False
        answer = self._ready(self.url, headers)
        if answer is None:
            return False
        self._is_answered = True
        self.transport.write(answer)
        if self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive():
            self.transport.close()
        self._note_answered()
        return True

    def _ready(self, target: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return what is ready for a request, if its turn has come."""
        if self._is_under_way or self.flow.write_paused or self.transport.is_closing():
            return None
        try:
            return self.at_once(target, headers) if self.at_once else None
        except Exception:  # noqa: BLE001 - the application meets the same, and can say so
            return None

    def _note_answered(self) -> None:
        # Whoever was answered last is the last to make room.
        self.guests.works(self)
        self.guests.waits(self)
        if self.timeout_keep_alive_task is None:
            super().on_response_complete()
        else:
            # A timer that runs is left alone: making one takes as long as finding the answer.
            self.server_state.total_requests += 1
            self._idle_since = self.loop.time()

    def _await_request(self) -> None:
        """Limit the time to the end of the next head; a limit that runs already stays."""
        self.guests.waits(self)
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.guests.limits.head, self._expire)

    def _end_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        self.transport.close()


class _HandedOver(_Bounded):
    """A connection that another process has accepted, and has read the beginning of."""

    read = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Go on with what has been read."""
        super().connection_made(transport)
        if not transport.is_closing():
            self.data_received(self.read)

    def on_headers_complete(self) -> None:
        """Close after the answer to a GET: the next one may be ready, and the other process's."""
        super().on_headers_complete()
        if self.cycle and self.parser.get_method() in _READING:
            self.cycle.keep_alive = False


_Kind = TypeVar("_Kind", bound=_Bounded)


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
        limits: ClientLimits | None = None,
    ) -> None:
        self.host = host
        self.port = port
        own: dict[str, object] = {"guests": Guests(limits or ClientLimits())}
        self._handed_over: type[_HandedOver] = type("_HandedOverGuest", (_HandedOver,), {**own})
        if isinstance(app, ReadyApp):
            own["at_once"] = staticmethod(app.at_once)
        self._accepted: type[_Bounded] = type("_Guest", (_Bounded,), own)
        self._config = uvicorn.Config(
            app,
            http=self._accepted,
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

    @property
    def listening(self) -> int:
        """The descriptor of the socket that it listens on, for another process to accept from."""
        if self._listener is None:
            raise RuntimeError("the server does not listen")
        return self._listener.fileno()

    def listen(self) -> None:
        """Bind the port, without answering yet; AddressTakenError where that fails."""
        self._listener = self._bound()
        self.port = self._listener.getsockname()[1]

    async def start(self) -> None:
        """Listen and answer; AddressTakenError where the port cannot be bound."""
        if self._listener is None:
            self.listen()
        self._server = _Uvicorn(self._config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[]))
        # uvicorn signals only by this flag that it is ready.
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await self.accept()

    async def stop(self) -> None:
        """Answer the requests under way, then stop listening."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        if self._listener is not None:
            self._listener.close()
        self._server = self._serving = self._listener = None

    async def accept(self) -> None:
        """Accept connections; nothing where it does already, or is stopped."""
        server = self._server
        if server is None or self._listener is None or server.should_exit or server.servers:
            return
        accepting = await asyncio.get_running_loop().create_server(
            partial(self._protocol, self._accepted),
            # It closes the socket at its end.
            sock=self._listener.dup(),
            backlog=_BACKLOG,
        )
        server.servers.append(accepting)

    def leave_accepting(self) -> None:
        """Leave new connections to another process that listens on the same socket.

        Those that are open end with the answer under way, so that the next request goes there too.
        """
        if self._server is None:
            return
        for accepting in self._server.servers:
            accepting.close()
        self._server.servers.clear()
        for connection in self.connections:
            connection.shutdown()

    async def adopt(self, connection: socket.socket, read: bytes) -> None:
        """Go on with a connection that another process accepted, and read these bytes of."""
        if self._server is None or self._server.should_exit:
            connection.close()
            return

        def protocol() -> asyncio.Protocol:
            made = self._protocol(self._handed_over)
            made.read = read
            return made

        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        except OSError:
            # The client has left meanwhile.
            connection.close()

    def abort(self, client: object) -> None:
        """Close the connection of a client, (host, port), without an answer."""
        for connection in self.connections:
            if getattr(connection, "client", None) == client:
                connection.transport.abort()

    def _protocol(self, kind: type[_Kind]) -> _Kind:
        server = self._server
        if server is None:
            raise RuntimeError("the server is not started")
        return kind(self._config, server.server_state, server.lifespan.state)

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Without the protocol's name, asyncio does not set TCP_NODELAY: 40 ms more for each call.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise AddressTakenError(self.host, self.port) from error
        return listener
