"""What a call costs over each transport: processor time and calls a second, in the same run.

``python -m benchmarks.transport`` starts a bare server in a process of its own, then makes the same
``sendMessage`` calls over ``AiohttpRequest`` and PTB's ``HTTPXRequest``, in turns. Nothing is
asserted; the last column, the ratio, is what compares between machines.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from telegram.request import BaseRequest, HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.outbox.transport import AiohttpRequest

_BODY = b'{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"}}}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(_BODY),
    _BODY,
)
_KINDS: dict[str, Callable[[], BaseRequest]] = {
    "aiohttp": lambda: AiohttpRequest(connection_pool_size=256, pool_timeout=60),
    "httpx": lambda: HTTPXRequest(connection_pool_size=256, pool_timeout=60),
}


class _Echo(asyncio.Protocol):
    """Answers each request with the same message, and parses no more of it than it must."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            start = head.find(b"content-length: ") + 16
            length = int(head[start:].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._transport.write(_ANSWER)


def _serve(port: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Echo, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def _measure(request: BaseRequest, url: str, calls: int, at_once: int) -> tuple[float, float]:
    """Return processor milliseconds a call, and calls a second."""
    left = iter(range(calls))

    async def call() -> None:
        for number in left:
            fields = {
                "chat_id": number,
                "text": "Bonjour, une réponse.",
                "parse_mode": "HTML",
            }
            parameters = [RequestParameter.from_input(*field) for field in fields.items()]
            await request.post(url, RequestData(parameters))

    async with request:
        await request.post(url, RequestData([]))
        processor, clock = time.process_time(), time.perf_counter()
        await asyncio.gather(*(call() for _ in range(at_once)))
        seconds = time.perf_counter() - clock
        return 1000 * (time.process_time() - processor) / calls, calls / seconds


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/bot1:x/sendMessage"
    print("at once  transport  CPU ms/call  calls/s  CPU, ratio to aiohttp")
    for at_once in (1, 16, 100):
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in _KINDS}
        for _ in range(options.rounds):
            for name, kind in _KINDS.items():
                found[name].append(asyncio.run(_measure(kind(), url, options.calls, at_once)))
        base = statistics.median(cpu for cpu, _ in found["aiohttp"])
        for name, figures in found.items():
            cpu, rate = (statistics.median(column) for column in zip(*figures, strict=True))
            print(f"{at_once:7d}  {name:9}  {cpu:11.2f}  {rate:7.0f}  {cpu / base:.1f}")
    server.terminate()


if __name__ == "__main__":
    main()
