"""An ASGI application served in this process, which keeps its own signal handlers."""

import asyncio
import contextlib
import ipaddress
import logging
import math
import resource
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.runtime.plain_head import read_plain_get

_GRACE_SECONDS = 5
# The limit of uvicorn's other parser, and more than any client sends.
_LONGEST_HEAD = 64 * 1024
_FEWEST_CONNECTIONS, _MOST_CONNECTIONS = 64, 2048
# Calls to Telegram (192), the database, files.
_OWN_DESCRIPTORS = 320
# The target of a GET and its headers, names in lower case; the whole answer as it goes over the
# wire, or None where the application has to be asked.
AtOnce: TypeAlias = Callable[[bytes, Mapping[bytes, bytes]], bytes | None]
# A request with one of these has a body, or asks for more than an answer.
_NOT_AT_ONCE = (b"content-length", b"transfer-encoding", b"expect", b"upgrade")
logger = logging.getLogger(__name__)


class ReadyApp:
    """An application with answers that its server may give by itself."""

    def __init__(self, app: ASGIApp, at_once: AtOnce) -> None:
        self._app = app
        self.at_once = at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that is not answered at once."""
        await self._app(scope, receive, send)


class AddressTakenError(OSError):
    """Another process listens at this address, or this machine has no such address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"nothing can listen on {host}:{port}")
        self.host = host
        self.port = port


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What one client may take of the server; times in seconds.

    ``head``: from the connection, or from the first byte of a further request, to the end of the
    headers. ``body``: from there to the end of the body. ``silence``: how long a client may leave
    an answer unread. ``connections`` counts all, ``per_address`` those of one public address: a
    proxy, through which everybody comes, has a private one. ``largest_body`` is in bytes.
    """

    head: float = 10.0
    body: float = 30.0
    silence: float = 30.0
    connections: int = 0
    per_address: int = 256
    largest_body: int = 64_000_000


class Guests:
    """The open connections; the one that has waited longest makes room for a new one."""

    def __init__(self, limits: ClientLimits) -> None:
        self.limits = limits
        self._most = limits.connections or _most_connections()
        # Values are unused: a dict keeps the order of arrival.
        self._all: dict[_Bounded, str] = {}
        self._waiting: dict[_Bounded, None] = {}
        self._is_full = False

    def admit(self, guest: "_Bounded", address: str) -> bool:
        """Count a connection; False where there is no room for it."""
        if _is_public(address):
            own = sum(1 for other in self._all.values() if other == address)
            if own >= self.limits.per_address:
                return False
        if len(self._all) >= self._most and not self._makes_room():
            return False
        self._all[guest] = address
        return True

    def waits(self, guest: "_Bounded") -> None:
        """Note that no request of this connection is complete: it may be closed for another."""
        if guest in self._all:
            self._waiting.setdefault(guest)

    def works(self, guest: "_Bounded") -> None:
        """Note that a request of this connection is being answered."""
        self._waiting.pop(guest, None)

    def leave(self, guest: "_Bounded") -> None:
        """Forget a connection."""
        self._all.pop(guest, None)
        self._waiting.pop(guest, None)

    def _makes_room(self) -> bool:
        if not self._is_full:
            self._is_full = True
            logger.warning("%d connections are open: the idle ones make room", len(self._all))
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.transport.abort()
        return True


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
        answer = self._ready(*head)
        if answer is None:
            return False
        self.transport.write(answer)
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


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _most_connections() -> int:
    """Return how many connections may be open: the rest of the descriptors is for our own calls."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, soft - _OWN_DESCRIPTORS))


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
        if isinstance(app, ReadyApp):
            own["at_once"] = staticmethod(app.at_once)
        self._config = uvicorn.Config(
            app,
            http=type("_Guest", (_Bounded,), own),
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
