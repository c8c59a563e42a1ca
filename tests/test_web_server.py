"""What listens takes requests of a sensible size, and goes on after others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from dialogue import inside, put_inside, tune
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.runtime import client_limits
from bot.runtime.client_limits import ClientLimits
from bot.runtime.web_server import ReadyApp, WebServer

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(name="server")
async def listening() -> AsyncIterator[WebServer]:
    server = WebServer(PlainTextResponse("here"), "127.0.0.1", 0)
    await server.start()
    yield server
    await server.stop()


async def answer(server: WebServer, *parts: bytes) -> bytes:
    """Send a request part by part; return what comes until the server closes or has answered."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(10):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


async def test_requests_come_one_after_the_other_whatever_their_length(server: WebServer) -> None:
    long = b"X-Long: " + b"x" * 30_000 + b"\r\n"
    reader, writer = await asyncio.open_connection(server.host, server.port)
    # Of one connection, each head is measured by itself.
    for _ in range(4):
        for part in (HEAD, long[:20_000], long[20_000:], b"\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(4) == b"here"
    writer.close()


async def test_a_head_that_does_not_end_is_refused(server: WebServer) -> None:
    endless = [HEAD, *[b"X-Many: " + b"x" * 8_000 + b"\r\n"] * 9]
    assert (await answer(server, *endless)).startswith(b"HTTP/1.1 400")
    assert (await answer(server, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")


async def test_one_header_that_does_not_end_is_refused(server: WebServer) -> None:
    assert (await answer(server, HEAD, b"X-Long: ", *[b"x" * 8_000] * 9)).startswith(
        b"HTTP/1.1 400"
    )


BRIEF = ClientLimits(head=0.1, body=0.1, silence=0.1)


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


@asynccontextmanager
async def limited(limits: ClientLimits) -> AsyncIterator[WebServer]:
    server = WebServer(read_all, "127.0.0.1", 0, limits=limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def trickle(writer: asyncio.StreamWriter, begin: bytes, rest: bytes) -> None:
    """Send some bytes, then one after the other, until the server has had enough."""
    try:
        writer.write(begin)
        for byte in rest:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)
    except ConnectionError:
        pass


POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 500\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "rest"),
    [
        (b"", b""),
        (b"GET", b""),
        (HEAD, b"X-Slow: " + b"x" * 500),
        (b"", b"\r\n" * 250),
        (POST, b""),
        (POST, b"x" * 400),
        (HEAD + b"\r\n", b"\r\n" * 250),
        (HEAD + b"\r\n", HEAD + b"x" * 500),
    ],
    ids=["silent", "word", "head", "blank", "no body", "body", "blank after", "second head"],
)
async def test_who_does_not_end_a_request_is_left(begin: bytes, rest: bytes) -> None:
    async with limited(BRIEF) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        trickling = asyncio.create_task(trickle(writer, begin, rest))
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        trickling.cancel()
        writer.close()
        assert (await answer(server, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")


async def test_an_answer_that_nobody_reads_ends() -> None:
    ended = asyncio.Event()

    async def talkative(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await PlainTextResponse("x" * 30_000_000)(scope, receive, send)
        finally:
            ended.set()

    server = WebServer(talkative, "127.0.0.1", 0, limits=BRIEF)
    await server.start()
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(HEAD + b"\r\n")
    async with asyncio.timeout(10):
        await ended.wait()
    writer.close()
    await server.stop()


async def test_a_body_has_a_largest_size_on_every_path() -> None:
    async with limited(ClientLimits(largest_body=1000)) as server:
        head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5000\r\n\r\n"
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await answer(server, head, b"x" * 5000)


async def test_idle_connections_make_room_and_those_at_work_stay() -> None:
    async with limited(ClientLimits(connections=3)) as server:
        working = await asyncio.open_connection(server.host, server.port)
        working[1].write(HEAD + b"\r\n" + HEAD)
        await working[0].readuntil(b"\r\n\r\n")
        idle = [await asyncio.open_connection(server.host, server.port) for _ in range(10)]
        # Each newcomer is served, whoever holds connections open.
        for _ in range(5):
            assert (await answer(server, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")
        assert len(server.connections) <= 3
        async with asyncio.timeout(10):
            assert await idle[0][0].read() == b""
        for _, writer in [working, *idle]:
            writer.close()


async def test_one_public_address_cannot_take_all(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, client_limits, is_public=bool)
    async with limited(ClientLimits(per_address=2)) as server:
        opened = [await asyncio.open_connection(server.host, server.port) for _ in range(3)]
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await opened[2][0].read() == b""
        for _, writer in opened:
            writer.close()


def test_only_public_addresses_are_counted() -> None:
    # Behind a proxy, everybody comes from a private address.
    public = inside(client_limits, "is_public")
    assert [public(a) for a in ("149.154.167.220", "2001:67c:4e8::1")] == [True, True]
    assert not any(public(a) for a in ("127.0.0.1", "10.0.0.3", "172.18.0.2", "::1", "fd00::1", ""))


def test_there_are_fewer_connections_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    most = inside(client_limits, "most_connections")
    for soft, expected in ((1024, 704), (256, 64), (1_000_000, 2048), (-1, 2048)):
        monkeypatch.setattr("resource.getrlimit", lambda _, soft=soft: (soft, soft))
        assert most() == expected


READY = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready"
GET = b"GET /ready HTTP/1.1\r\nHost: here\r\n"


def at_once(target: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
    if b"x-broken" in headers:
        raise ValueError
    return READY if target == b"/ready" else None


async def path_and_length(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{scope['path']} {len(body)}")(scope, receive, send)


@asynccontextmanager
async def ready(limits: ClientLimits | None = None) -> AsyncIterator[WebServer]:
    server = WebServer(ReadyApp(path_and_length, at_once), "127.0.0.1", 0, limits=limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def everything(server: WebServer, sent: bytes) -> bytes:
    """Send requests of which the last one closes the connection; return all that comes."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(sent)
    async with asyncio.timeout(10):
        received = await reader.read()
    writer.close()
    return received


@pytest.mark.parametrize(
    "last", [GET + b"Connection: close\r\n\r\n", b"GET /ready HTTP/1.0\r\n\r\n"], ids=["1.1", "1.0"]
)
async def test_what_is_ready_is_answered_in_order_with_the_rest(last: bytes) -> None:
    async with ready() as server:
        received = await everything(server, GET + b"\r\n" + HEAD + b"\r\n" + GET + b"\r\n" + last)
    bodies = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 200 OK")]
    # What comes while the application is at work waits for its turn, and is the application's.
    assert bodies == [b"", b"ready", b"/ 0", b"/ready 0", b"/ready 0"]


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /ready HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc",
        GET + b"Content-Length: 3\r\n\r\nabc",
        GET + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"GET /ready?x HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc",
        GET + b"X-Broken: 1\r\nContent-Length: 3\r\n\r\nabc",
        GET + b"X-Broken: 1\r\n\r\n",
    ],
    ids=["post", "body", "chunks", "other", "broken with body", "broken"],
)
async def test_the_application_answers_whatever_is_not_ready(request_: bytes) -> None:
    async with ready() as server:
        received = await everything(server, request_ + GET + b"Connection: close\r\n\r\n")
    first, last = received.split(b"HTTP/1.1 200 OK")[1:]
    assert first.endswith(b" 3" if b"abc" in request_ else b" 0")
    assert last.endswith(b"/ready 0")


@pytest.mark.parametrize(
    "last", [GET + b"Connection: close\r\n\r\n", b"GET /ready HTTP/1.0\r\n\r\n"]
)
async def test_the_last_answer_of_a_connection_closes_it(last: bytes) -> None:
    async with ready() as server:
        assert await everything(server, GET + b"\r\n" + last) == READY + READY


async def test_who_was_answered_at_once_has_the_same_limits_of_time() -> None:
    async with ready(BRIEF) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        for _ in range(2):
            writer.write(GET + b"\r\n")
            assert await reader.readexactly(len(READY)) == READY
        # No limit of a request runs while none has begun.
        connection = server.connections[0]
        assert inside(connection, "deadline") is None
        assert connection.timeout_keep_alive_task is not None
        writer.write(GET)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_an_idle_connection_is_closed_after_its_last_answer_not_its_first() -> None:
    async with ready() as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(GET + b"\r\n")
        assert await reader.readexactly(len(READY)) == READY
        connection = server.connections[0]
        first = connection.timeout_keep_alive_task
        writer.write(GET + b"\r\n")
        assert await reader.readexactly(len(READY)) == READY
        # The timer of the first answer still runs, and finds that there was another one.
        assert connection.timeout_keep_alive_task is first
        first.cancel()
        connection.timeout_keep_alive_handler()
        assert not connection.transport.is_closing()
        assert 70 < connection.timeout_keep_alive_task.when() - connection.loop.time() <= 75
        connection.timeout_keep_alive_task.cancel()
        put_inside(connection, "idle_since", connection.loop.time() - 75)
        connection.timeout_keep_alive_handler()
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_answers_that_nobody_reads_are_not_heaped_up() -> None:
    given: list[bytes] = []
    waits = asyncio.Event()

    def much(target: bytes, _headers: Mapping[bytes, bytes]) -> bytes:
        given.append(target)
        return READY + b"x" * 100_000

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Asked only where the client does not read: it waits until the client does.
        waits.set()
        await read_all(scope, receive, send)

    server = WebServer(ReadyApp(app, much), "127.0.0.1", 0, limits=BRIEF)
    await server.start()
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.write((GET + b"\r\n") * 1000)
    async with asyncio.timeout(10):
        await waits.wait()
    writer.transport.abort()
    await server.stop()
    assert len(given) < 200
