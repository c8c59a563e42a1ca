"""A cheap Telegram for load tests: the preview checks and shows too much to serve for them.

A raw HTTP/1.1 server in a process of its own. It gives updates by long polling or posts them to a
webhook, accepts every method, waits ``delay`` seconds before it answers a message, and measures
the time from each update to its answer. The next message (or edit) to a chat answers its oldest
update, or the next two if the update says so.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.load.mixes import Update

_BATCH = 100
_ANSWERS = {b"sendmessage", b"editmessagetext", b"senddocument"}
_BOT = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
# Bot API, setWebhook: the default of max_connections.
_POSTS_AT_ONCE = 40
_AGAIN_SECONDS = 0.1


@dataclass
class Load:
    """Updates to deliver in order, all at once (``rate`` 0) or at ``rate`` updates a second.

    The posts are spread over ``workers``, whose ports follow the webhook's, as by a load balancer.
    """

    updates: list[Update]
    rate: float = 0.0
    workers: int = 1
    seconds: float = 120.0


@dataclass
class Measurement:
    """The seconds from delivery to answer of each update, and those of the whole load."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    unanswered: int = 0


def chat_of(update: Update) -> int:
    """Return the chat of an update."""
    message = update.get("message") or update["callback_query"]["message"]
    return int(message["chat"]["id"])


class LoadTelegram:
    """The state of the server; times are ``time.perf_counter()``."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.queue: deque[Update] = deque()
        # By chat, the delivery time of each update and the number of answers it still waits for.
        self.delivered: dict[int, deque[list[float]]] = defaultdict(deque)
        self.unconfirmed: deque[Update] = deque()
        self.measured = Measurement()
        self.expected = 0
        self.came = asyncio.Event()
        self.asked = asyncio.Event()
        self.done = asyncio.Event()
        self.webhook: str | None = None
        self.secret = ""
        self.posts_at_once = _POSTS_AT_ONCE
        self._message_ids = 0

    async def run(self, load: Load) -> Measurement:
        """Deliver a load, wait for the last answer at most ``load.seconds``, return the measures.

        Waits first until the bot has asked for updates, by polling or by setting its webhook.
        """
        await asyncio.wait_for(self.asked.wait(), load.seconds)
        self.measured, self.expected = Measurement(), len(load.updates)
        self.done.clear()
        self.delivered.clear()
        began = time.perf_counter()
        feeding = asyncio.create_task(self._feed(load))
        try:
            await asyncio.wait_for(self.done.wait(), load.seconds)
        except TimeoutError:
            self.measured.unanswered = self.expected - len(self.measured.latencies)
        feeding.cancel()
        self.measured.seconds = time.perf_counter() - began
        return self.measured

    async def _feed(self, load: Load) -> None:
        began = time.perf_counter()
        posting = _Posting(self, load.workers) if self.webhook else None
        for number, update in enumerate(load.updates):
            if load.rate:
                await asyncio.sleep(max(0.0, began + number / load.rate - time.perf_counter()))
            if posting:
                await posting.put(update)
            else:
                self.queue.append(update)
                self.came.set()
        if posting:
            await posting.finish()

    def take(self, offset: int) -> list[Update]:
        """Return the next batch; an offset confirms the updates below it, others are repeated."""
        while self.unconfirmed and self.unconfirmed[0]["update_id"] < offset:
            self.unconfirmed.popleft()
        now = time.perf_counter()
        while self.queue and len(self.unconfirmed) < _BATCH:
            update = self.queue.popleft()
            self.left(update, now)
            self.unconfirmed.append(update)
        return list(self.unconfirmed)

    def left(self, update: Update, now: float) -> None:
        """Record that an update was delivered."""
        self.delivered[chat_of(update)].append([now, update.answers])

    def answered(self, chat: int) -> int:
        """Record an answer; return the new message's id."""
        waiting = self.delivered.get(chat)
        if waiting:
            waiting[0][1] -= 1
        if waiting and not waiting[0][1]:
            self.measured.latencies.append(time.perf_counter() - waiting.popleft()[0])
            if len(self.measured.latencies) >= self.expected:
                self.done.set()
        self._message_ids += 1
        return self._message_ids + 1_000_000


class _Posting:
    """Posts updates to the webhook over some connections; a chat always uses the same one."""

    def __init__(self, telegram: LoadTelegram, workers: int) -> None:
        self._telegram = telegram
        self._workers = workers
        address = urlsplit(telegram.webhook or "")
        self._host, self._port, self._path = address.hostname, address.port, address.path
        self._lanes: dict[int, asyncio.Queue[Update | None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def put(self, update: Update) -> None:
        """Queue an update for the connection of its chat."""
        lane = chat_of(update) % self._telegram.posts_at_once
        if lane not in self._lanes:
            self._lanes[lane] = asyncio.Queue()
            port = (self._port or 0) + lane % self._workers
            self._tasks.append(asyncio.create_task(self._post(self._lanes[lane], port)))
        self._lanes[lane].put_nowait(update)

    async def finish(self) -> None:
        """Wait until all updates are posted."""
        for lane in self._lanes.values():
            lane.put_nowait(None)
        await asyncio.gather(*self._tasks)

    async def _connected(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            # The bot may register its webhook a moment before it listens.
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection(self._host, port)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _post(self, lane: "asyncio.Queue[Update | None]", port: int) -> None:
        reader, writer = await self._connected(port)
        while (update := await lane.get()) is not None:
            body = json.dumps(update).encode()
            head = (
                f"POST {self._path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                f"X-Telegram-Bot-Api-Secret-Token: {self._telegram.secret}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            self._telegram.left(update, time.perf_counter())
            writer.write(head.encode() + body)
            if b" 200 " not in await reader.readline():
                raise ConnectionError("the webhook refused an update")
            length = 0
            while (line := await reader.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            await reader.readexactly(length)
        writer.close()


async def _serve(
    telegram: LoadTelegram, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while line := await reader.readline():
            path, length = line.split(b" ")[1], 0
            kind = b""
            while (header := await reader.readline()).strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"content-type":
                    kind = value.strip()
            body = await reader.readexactly(length) if length else b""
            result = await _answer(telegram, path, kind, body)
            content = json.dumps({"ok": True, "result": result}).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(content)).encode()
                + b"\r\n\r\n"
                + content
            )
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def _answer(telegram: LoadTelegram, path: bytes, kind: bytes, body: bytes) -> Any:  # noqa: ANN401 - the Bot API's
    address, _, query = path.partition(b"?")
    # Method names are case-insensitive.
    method = address.rsplit(b"/", 1)[1].lower()
    values = _values(query, kind, body)
    if method == b"getme":
        return _BOT
    if method == b"getupdates":
        return await _updates(telegram, int(values.get("offset", 0)))
    if method == b"setwebhook":
        telegram.webhook, telegram.secret = values["url"], values.get("secret_token", "")
        telegram.posts_at_once = int(values.get("max_connections", _POSTS_AT_ONCE))
        telegram.asked.set()
        return True
    if method == b"getwebhookinfo":
        return {
            "url": telegram.webhook or "",
            "has_custom_certificate": False,
            "pending_update_count": 0,
        }
    if method in _ANSWERS:
        if telegram.delay:
            await asyncio.sleep(telegram.delay)
        chat = int(values["chat_id"])
        return {
            "message_id": telegram.answered(chat),
            "date": 1,
            "chat": {"id": chat, "type": "private", "first_name": "x"},
            "text": "x",
        }
    return True


def _values(query: bytes, kind: bytes, body: bytes) -> dict[str, Any]:
    if kind.startswith(b"application/json"):
        return dict(json.loads(body or b"{}"))
    if kind.startswith(b"multipart/"):
        return dict(_multipart(body))
    return {name: values[0] for name, values in parse_qs((query or body).decode()).items()}


def _multipart(body: bytes) -> Iterator[tuple[str, str]]:
    boundary = body.split(b"\r\n", 1)[0]
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.split(b'name="', 1)[1].split(b'"', 1)[0]
        yield name.decode(), value.decode("utf-8", "replace")


async def _updates(telegram: LoadTelegram, offset: int) -> list[dict[str, Any]]:
    telegram.asked.set()
    if not telegram.queue:
        telegram.came.clear()
    batch = telegram.take(offset)
    if not batch:
        try:
            await asyncio.wait_for(telegram.came.wait(), 1)
        except TimeoutError:
            return []
        batch = telegram.take(offset)
    return batch


def serve(pipe: Connection, port: int, delay: float) -> None:
    """Run the server: it receives each ``Load`` and sends its ``Measurement`` through the pipe."""
    asyncio.run(_main(pipe, port, delay))


async def _main(pipe: Connection, port: int, delay: float) -> None:
    telegram = LoadTelegram(delay)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(telegram, reader, writer)

    async with await asyncio.start_server(handle, "127.0.0.1", port, backlog=1000):
        pipe.send("ready")
        while (load := await asyncio.to_thread(pipe.recv)) is not None:
            pipe.send(await telegram.run(load))
