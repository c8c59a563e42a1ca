"""The front answers what is ready, and the bot goes on with everything else."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from dialogue import inside, tune
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.runtime import front, front_link, front_process
from bot.runtime.client_limits import ClientLimits
from bot.runtime.front import Front
from bot.runtime.front_process import FrontEndedError, FrontProcess
from bot.runtime.ready_answers import ReadyAnswer, WireForm
from bot.runtime.web_server import ReadyApp, WebServer

SECONDS = 20
LINE = b"GET %s HTTP/1.1\r\nHost: here\r\n%s\r\n"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\n\r\n"


def get(target: bytes, *headers: bytes) -> bytes:
    return LINE % (target, b"".join(each + b"\r\n" for each in headers))


def whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def ready(body: bytes) -> ReadyAnswer:
    plain = WireForm(b'"plain"', whole(body), UNCHANGED)
    return ReadyAnswer(plain, WireForm(b'"packed"', whole(b"packed " + body), UNCHANGED))


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110 - what another process does
            await asyncio.sleep(0.005)


@dataclass
class Person:
    """Somebody's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def says(self, request: bytes) -> None:
        self.writer.write(request)

    async def reads(self, expected: bytes) -> None:
        """Read as much as is expected."""
        async with asyncio.timeout(SECONDS):
            assert await self.reader.readexactly(len(expected)) == expected

    async def rest(self) -> bytes:
        """Read until the other side closes."""
        async with asyncio.timeout(SECONDS):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""

    async def is_answered(self) -> tuple[bytes, bytes]:
        """Read the head and the body of an answer."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head, await self.reader.readexactly(length)


@dataclass
class Street:
    """Where people come from; they leave at the latest when the test ends."""

    port: int
    people: list[Person] = field(default_factory=list)

    async def comes(self) -> Person:
        self.people.append(Person(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.people[-1]

    def empties(self) -> None:
        for person in self.people:
            person.writer.transport.abort()


@dataclass
class Facing:
    """A front, and the bot's end of the link."""

    street: Street
    front: Front
    link: socket.socket
    told: asyncio.StreamReader
    running: asyncio.Task[None]

    async def hears(self) -> tuple[bytes, socket.socket | None]:
        """Return the next message, and the connection that came with it."""
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(BlockingIOError):
                    message, given, _, _ = socket.recv_fds(self.link, 100_000, 1)
                    return message, socket.socket(fileno=given[0]) if given else None
                await asyncio.sleep(0.005)

    async def is_given(self) -> tuple[bytes, socket.socket]:
        """Return what was read of a connection, and the connection."""
        while True:
            message, connection = await self.hears()
            if message[:1] == front_link.CONNECTION:
                assert connection is not None
                connection.settimeout(0)
                return message[1:], connection

    async def comes(self) -> Person:
        return await self.street.comes()


def listening() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@asynccontextmanager
async def facing(limits: ClientLimits | None = None) -> AsyncIterator[Facing]:
    """Give a front in this process, which has one answer."""
    listener = listening()
    street = Street(listener.getsockname()[1])
    link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.settimeout(0)
    told = asyncio.StreamReader()
    told.feed_data(front_link.packed(b"/ready", ready(b"ready")))
    filtered = replace(ready(b"filtered"), heeds_query=True)
    told.feed_data(front_link.packed(b"/filtered", filtered))
    new = Front(listener, theirs, limits)
    here = Facing(street, new, link, told, asyncio.create_task(new.run(told)))
    with link, theirs:
        assert (await here.hears())[0] == front_link.ACCEPTS
        try:
            yield here
        finally:
            told.feed_eof()
            async with asyncio.timeout(SECONDS):
                await here.running
            # What has been sent can still be read.
            street.empties()


async def test_what_is_ready_is_answered_as_the_client_can_read_it() -> None:
    async with facing() as here:
        person = await here.comes()
        for headers, expected in (
            ((), whole(b"ready")),
            ((b"Accept-Encoding: gzip",), whole(b"packed ready")),
            ((b'If-None-Match: "plain"',), UNCHANGED),
            ((b"Connection: keep-alive",), whole(b"ready")),
        ):
            person.says(get(b"/ready", *headers))
            await person.reads(expected)


async def test_a_query_that_nothing_heeds_changes_nothing() -> None:
    async with facing() as here:
        person = await here.comes()
        for target, expected in (
            (b"/ready?fbclid=a", b"ready"),
            (b"/ready?", b"ready"),
            (b"/filtered", b"filtered"),
        ):
            person.says(get(target))
            await person.reads(whole(expected))


@pytest.mark.parametrize(
    "request_", [get(b"/ready", b"Connection: close"), b"GET /ready HTTP/1.0\r\n\r\n"]
)
@pytest.mark.parametrize("half_closes", [True, False])
async def test_who_asks_once_is_answered_and_left(request_: bytes, *, half_closes: bool) -> None:
    async with facing() as here:
        person = await here.comes()
        person.says(request_)
        if half_closes:
            person.writer.write_eof()
        assert await person.rest() == whole(b"ready")


async def test_answers_are_counted_by_class_of_status(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, front, COUNT_EVERY_SECONDS=0.01)
    async with facing() as here:
        person = await here.comes()
        counts = [0] * 6
        for headers, expected in (
            ((), whole(b"ready")),
            ((), whole(b"ready")),
            ((b"If-None-Match: *",), UNCHANGED),
        ):
            person.says(get(b"/ready", *headers))
            await person.reads(expected)
        while sum(counts) < 3:
            message, _ = await here.hears()
            for digit, number in enumerate(front_link.counts_in(message)):
                counts[digit] += number
        assert counts == [0, 0, 2, 1, 0, 0]


@pytest.mark.parametrize(
    "request_",
    [
        get(b"/other"),
        get(b"/filtered?x"),
        get(b"/ready", b"Connection: upgrade"),
        b"GET /ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"HEAD /ready HTTP/1.1\r\nHost: here\r\n\r\n",
        b"POST /ready HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nab",
        get(b"/ready") * 2,
        b"GET /rea",
        b"\r\n",
        b"\x16\x03\x01",
        b"x" * 200_000,
    ],
    ids=["other", "query", "upgrade", "1.0", "head", "post", "two", "part", "blank", "tls", "long"],
)
@pytest.mark.parametrize("before", [0, 1], ids=["first", "later"])
async def test_everything_else_is_handed_over_with_what_was_read(
    request_: bytes, before: int
) -> None:
    async with facing() as here:
        person = await here.comes()
        for _ in range(before):
            person.says(get(b"/ready"))
            await person.reads(whole(b"ready"))
        person.says(request_)
        read, connection = await here.is_given()
        assert len(read) <= front_link.LONGEST_READ
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SECONDS):
            while len(read) < len(request_):
                read += await loop.sock_recv(connection, 100_000)
        assert read == request_
        assert connection.getpeername() == person.writer.get_extra_info("sockname")
        connection.send(b"from the bot")
        connection.close()
        assert await person.rest() == b"from the bot"


async def test_what_is_forgotten_is_handed_over() -> None:
    async with facing() as here:
        here.told.feed_data(front_link.packed(b"", None))
        here.told.feed_data(front_link.packed(b"/new", ready(b"new")))
        person = await here.comes()
        while True:
            person.says(get(b"/new"))
            try:
                await person.reads(whole(b"new"))
                break
            except asyncio.IncompleteReadError:
                person = await here.comes()
        person.says(get(b"/ready"))
        read, connection = await here.is_given()
        connection.close()
        assert read == get(b"/ready")


BRIEF = ClientLimits(head=0.1, silence=0.3)
MUCH = b"x" * 3_000_000


async def test_who_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, front, IDLE_SECONDS=0.2)
    async with facing(BRIEF) as here:
        silent, idle = await here.comes(), await here.comes()
        idle.says(get(b"/ready"))
        await idle.reads(whole(b"ready"))
        assert await silent.rest() == b""
        assert await idle.rest() == b""
        assert not here.front.guests.present


async def test_who_is_answered_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    async with facing(BRIEF) as here:
        person = await here.comes()
        person.says(get(b"/ready"))
        await person.reads(whole(b"ready"))
        (client,) = here.front.guests.present
        inside(client, "look")()
        assert not client.transport.is_closing()


async def test_answers_that_nobody_reads_are_not_heaped_up() -> None:
    async with facing(BRIEF) as here:
        here.told.feed_data(front_link.packed(b"/much", ready(MUCH)))
        person = await here.comes()
        person.reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        for _ in range(20):
            person.says(get(b"/much"))
            await asyncio.sleep(0.01)
        assert inside(here.front, "counts")[2] < 10
        await until(lambda: not here.front.guests.present)


async def test_a_connection_leaves_once_its_answers_are_sent() -> None:
    async with facing() as here:
        here.told.feed_data(front_link.packed(b"/much", ready(MUCH)))
        person = await here.comes()
        person.says(get(b"/much"))
        await person.reads(whole(MUCH)[:1000])
        person.says(get(b"/other"))
        await person.reads(whole(MUCH)[1000:])
        read, connection = await here.is_given()
        assert read == get(b"/other")
        connection.send(b"from the bot")
        await person.reads(b"from the bot")
        connection.close()


async def test_idle_connections_make_room() -> None:
    async with facing(ClientLimits(connections=3)) as here:
        people = [await here.comes() for _ in range(10)]
        for person in people[-3:]:
            person.says(get(b"/ready"))
            await person.reads(whole(b"ready"))
        assert len(here.front.guests.present) <= 3
        assert await people[0].rest() == b""


async def test_a_bot_that_is_busy_gets_all_connections_later() -> None:
    async with facing() as here:
        here.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        inside(here.front, "link").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        people = [await here.comes() for _ in range(50)]
        for number, person in enumerate(people):
            person.says(get(b"/%d" % number))
        await until(lambda: bool(inside(here.front, "leaving")))
        # Who leaves meanwhile is not handed over.
        people[-1].writer.transport.abort()
        await asyncio.sleep(0.05)
        given = set()
        for _ in people[:-1]:
            read, connection = await here.is_given()
            given.add(read)
            connection.close()
        assert given == {get(b"/%d" % number) for number in range(49)}
        assert not inside(here.front, "leaving")
        for person in people[:-1]:
            assert await person.rest() == b""


async def test_where_the_bot_is_gone_a_connection_is_closed() -> None:
    async with facing() as here:
        here.link.close()
        person = await here.comes()
        person.says(get(b"/other"))
        assert await person.rest() == b""


async def test_answers_under_way_are_sent_before_the_end() -> None:
    async with facing() as here:
        here.told.feed_data(front_link.packed(b"/much", ready(MUCH)))
        person = await here.comes()
        person.says(get(b"/much"))
        await person.reads(whole(MUCH)[:1000])
        here.told.feed_eof()
        assert await person.rest() == whole(MUCH)[1000:]


def test_only_linux_has_a_front(monkeypatch: pytest.MonkeyPatch) -> None:
    assert front_process.is_possible() is (sys.platform == "linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not front_process.is_possible()


# What follows starts the process itself.


@dataclass
class House:
    """A server, and its front as a process of its own."""

    server: WebServer
    process: FrontProcess
    street: Street
    answers: list[dict[bytes, ReadyAnswer]] = field(
        default_factory=lambda: [{b"/ready": ready(b"ready")}]
    )
    counts: list[int] = field(default_factory=lambda: [0] * 6)
    asked: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of the front's process."""
        assert self.process.process_id is not None
        return self.process.process_id

    async def is_faced(self) -> None:
        """Wait until the front accepts, and knows the answers."""
        await until(lambda: not inside(self.server, "server").servers)
        await self.answers_with(b"/ready", b"ready")
        self.asked.clear()

    async def answers_with(self, target: bytes, body: bytes) -> None:
        """Ask until this is the answer."""
        async with asyncio.timeout(SECONDS):
            while (await self.asks(target))[1] != body:  # noqa: ASYNC110 - in another process
                await asyncio.sleep(0.01)

    async def asks(self, target: bytes) -> tuple[bytes, bytes]:
        person = await self.street.comes()
        person.says(get(target))
        return await person.is_answered()


@pytest.fixture(name="soon", autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, front_process, TELL_EVERY_SECONDS=0.02)


@pytest.fixture(name="house")
async def _house() -> AsyncIterator[House]:
    asked: list[str] = []

    async def bot(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        body = await Request(scope, receive).body()
        await PlainTextResponse(f"bot {scope['path']} {len(body)}")(scope, receive, send)

    def count(digit: int, number: int) -> None:
        house.counts[digit] += number

    server = WebServer(ReadyApp(bot, lambda *_: None), "127.0.0.1", 0)
    await server.start()
    process = FrontProcess(server, lambda: house.answers[-1], count)
    house = House(server, process, Street(server.port), asked=asked)
    yield house
    house.street.empties()
    await server.stop()


@asynccontextmanager
async def faced(house: House) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(house.process.run())
    try:
        await house.is_faced()
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def is_alive(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


async def test_ready_answers_do_not_reach_the_bot(house: House) -> None:
    async with faced(house):
        for _ in range(3):
            assert (await house.asks(b"/ready"))[1] == b"ready"
        assert not house.asked
        await until(lambda: house.counts[2] >= 3)


async def test_who_came_before_the_front_is_sent_there(house: House) -> None:
    person = await house.street.comes()
    person.says(get(b"/ready"))
    assert (await person.is_answered())[1] == b"bot /ready 0"
    async with faced(house):
        assert await person.rest() == b""


async def test_the_bot_goes_on_with_the_rest(house: House) -> None:
    async with faced(house):
        person = await house.street.comes()
        person.says(get(b"/ready"))
        await person.reads(whole(b"ready"))
        person.says(b"POST /one HTTP/1.1\r\nHost: here\r\nContent-Length: 200000\r\n\r\n")
        person.says(b"x" * 200_000)
        head, body = await person.is_answered()
        assert (body, b"connection" in head) == (b"bot /one 200000", False)
        (connection,) = house.server.connections
        assert connection.client == person.writer.get_extra_info("sockname")
        # Whoever reads is sent back to the front.
        person.says(get(b"/ready"))
        head, body = await person.is_answered()
        assert (body, b"connection: close" in head) == (b"bot /ready 0", True)
        assert await person.rest() == b""


async def test_what_changes_is_told(house: House) -> None:
    async with faced(house):
        house.answers[-1][b"/second"] = ready(b"second")
        await house.answers_with(b"/second", b"second")
        house.answers.append({b"/ready": ready(b"new")})
        await house.answers_with(b"/ready", b"new")
        assert (await house.asks(b"/second"))[1] == b"bot /second 0"


async def test_the_bot_accepts_again_when_the_front_has_died(house: House) -> None:
    async with faced(house) as running:
        os.kill(house.number, signal.SIGKILL)
        with pytest.raises(FrontEndedError, match="-9"):
            await running
        assert house.process.process_id is None
        assert (await house.asks(b"/ready"))[1] == b"bot /ready 0"
    async with faced(house):
        assert (await house.asks(b"/ready"))[1] == b"ready"


async def test_the_front_ends_with_its_keeper(house: House) -> None:
    async with faced(house):
        number = house.number
        # Whoever stops the service signals to all its processes: the bot ends its front itself.
        for each in (signal.SIGTERM, signal.SIGINT):
            os.kill(number, each)
        assert (await house.asks(b"/ready"))[1] == b"ready"
    assert not is_alive(number)
    assert (await house.asks(b"/ready"))[1] == b"bot /ready 0"


async def test_a_front_that_does_not_end_is_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, front_process, END_SECONDS=0.05)
    async with faced(house):
        number = house.number
        os.kill(number, signal.SIGSTOP)
    assert not is_alive(number)


async def test_a_front_that_hangs_is_ended_and_the_bot_accepts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, front_process, LOOK_EVERY_SECONDS=1.5)
    async with faced(house) as running:
        os.kill(house.number, signal.SIGSTOP)
        person = await house.street.comes()
        person.says(get(b"/ready"))
        with pytest.raises(FrontEndedError, match="-9"):
            await running
        assert (await person.is_answered())[1] == b"bot /ready 0"


async def test_a_front_that_lives_is_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, front_process, LOOK_EVERY_SECONDS=0.8)
    async with faced(house) as running:
        await asyncio.wait([running], timeout=3)
        assert not running.done()


async def test_it_knows_no_secret_and_imports_nothing_from_where_the_bot_writes(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('trapped')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123:secret")
    async with faced(house):
        environment = Path(f"/proc/{house.number}/environ").read_bytes()  # noqa: ASYNC240
        assert b"PYTHONPATH" in environment
        assert b"secret" not in environment


async def test_where_it_cannot_be_started_the_bot_accepts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        await house.process.run()
    assert (await house.asks(b"/ready"))[1] == b"bot /ready 0"


@contextlib.contextmanager
def descriptors_kept() -> Iterator[None]:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = count()
    yield
    assert count() <= before


async def test_a_front_leaves_no_file_open(house: House) -> None:
    async with faced(house):
        pass
    with descriptors_kept():
        for _ in range(3):
            async with faced(house):
                for _ in range(5):
                    await house.asks(b"/other")
                house.street.empties()
