"""What a public page costs, beside a bare Starlette ``FileResponse``, and beside the bot's answers.

``python -m benchmarks.pages`` serves the list of projects from one core and asks for it from
another, in turns: pages a second, and processor time a page. ``--beside`` then measures how long
the bot takes to answer at a steady rate, with and without 2,000 pages a second from the same core:
from its front, or with ``--one-process`` from the bot itself. Ratios compare loads of the same run;
absolute figures hold for one machine only.
"""

import argparse
import asyncio
import http.client
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import knowledge
from benchmarks.load import mixes
from benchmarks.load.__main__ import Trial, _warm, free_port, telegram
from benchmarks.load.api_server import Load
from benchmarks.load.contenders import Running, ours
from bot.pages.public import PublicPages
from bot.runtime.event_loop import factory
from bot.runtime.web_server import ReadyApp, WebServer
from knowledge.loading import load_texts
from knowledge.territories.town_list import TownList
from website import addresses
from website.facts import Facts

_TODAY = date(2026, 11, 28)
_FACTS = Facts("Bench", address="https://bot.exemple.fr/", is_served=True)
_PATH = f"/{addresses.PROJECTS}"
_REQUEST = f"GET {_PATH} HTTP/1.1\r\nHost: bot.exemple.fr\r\nAccept-Encoding: gzip\r\n\r\n".encode()
_CONNECTIONS, _ROUNDS = 32, 5
# One round beside the bot may be a third off where the machine has other work.
_ROUNDS_BESIDE = 11
_WARM_SECONDS = 1.0
# The issue's: so many pages a second, and the bot's answers no slower than this.
_PAGES, _SLOWER = 2000.0, 1.10
_GIVES_WAY = 10
_MOST_LOOKS, _LOOK_SECONDS = 300, 0.1


def ours_alone() -> ASGIApp:
    """Return the pages as the bot serves them."""
    pages = _pages()
    return ReadyApp(pages, pages.at_once)


def _pages() -> PublicPages:
    texts = load_texts(Path(knowledge.__file__).parent, fictitious=True)
    services = SimpleNamespace(
        knowledge=texts, town_list=TownList(), bot_username="bench_bot", today=lambda: _TODAY
    )
    return PublicPages(services, lambda: _FACTS)  # type: ignore[arg-type]  # all that it reads of them


def bare() -> ASGIApp:
    """Return the same page as a file, by Starlette's own means."""
    site = _pages().site()
    file = Path(tempfile.mkdtemp()) / "projets.html"
    file.write_bytes(site.file(addresses.PROJECTS).content)

    async def answer(_request: object) -> Response:
        return FileResponse(file)

    return Starlette(routes=[Route(_PATH, answer)])


_KINDS: dict[str, Callable[[], ASGIApp]] = {"ours": ours_alone, "bare FileResponse": bare}


def main() -> None:
    """Measure, and print."""
    options = _options()
    cores = sorted(os.sched_getaffinity(0))
    server, client = cores[0], cores[-1]
    os.sched_setaffinity(0, {client})
    _alone(options.seconds, server)
    if options.beside:
        _beside(options.steady, options.updates, server, has_front=not options.one_process)


def _alone(seconds: float, core: int) -> None:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _KINDS}
    for number in range(_ROUNDS):
        for name in sorted(_KINDS, reverse=number % 2 == 1):
            with _served(name, core) as (process, port):
                _run(_asks(port, _WARM_SECONDS))
                before = _cpu(process)
                count = _run(_asks(port, seconds))
                found[name].append((count / seconds, (_cpu(process) - before) / count * 1000))
    for name, measured in found.items():
        pace, cost = (statistics.median(each) for each in zip(*measured, strict=True))
        print(f"{name:20} {pace:8.0f} pages/s   {cost:6.3f} ms of processor a page")
    paces = [a[0] / b[0] for a, b in zip(*found.values(), strict=True)]
    print(f"ours, times bare: {statistics.median(paces):.2f} (same round)")


def _beside(seconds: float, rate: float, core: int, *, has_front: bool) -> None:
    """Measure the bot at a steady rate of updates, without and with pages, in turns."""
    contender = ours(
        "ours, webhook, pages",
        "navigation",
        webhook=True,
        PUBLIC_URL="https://bot.exemple.fr",
        FRONT_PROCESS=str(has_front),
    )

    def make(count: int, chats: int) -> list[mixes.Update]:
        return mixes.navigation(count, chats, "mutualisation-ressources")

    ratios = []
    with telegram(0.0) as (pipe, api):
        port = free_port()
        running = Running(contender, api, core, port, port)
        try:
            trial = Trial(contender, "navigation", make, 0.0, pipe, running)
            _warm(pipe, make, running, 200)
            _await_ready(port)
            for number in range(_ROUNDS_BESIDE):
                load = Load(trial.updates(int(rate * seconds), 100), rate)
                quiet = trial.run(number, load, 100)
                with _hammering(port) as asked:
                    busy = trial.run(
                        number, replace(load, updates=trial.updates(len(load.updates), 100)), 100
                    )
                ratios.append(busy.median / quiet.median)
                print(f"with {asked():.0f} pages/s: {ratios[-1]:.2f} times as long (median)")
        finally:
            running.stop()
            pipe.send(None)
    middle = statistics.median(ratios)
    print(f"answers beside pages: {middle:.2f} times as long, asked at most {_SLOWER:.2f}")


def _await_ready(port: int) -> None:
    """Wait until whoever serves pages has the one that is asked for."""
    for _ in range(_MOST_LOOKS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", _PATH)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        # The bot closes what its front handed over.
        if answer.getheader("connection") is None:
            return
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError("the page is not ready")


@contextmanager
def _hammering(port: int) -> Iterator[Callable[[], float]]:
    """Ask for pages at the steady rate meanwhile; what is yielded tells how many came a second."""
    count = multiprocessing.get_context("fork").Value("q", 0)

    def ask() -> None:
        # What stands in for Telegram works on the same core, and its answers are in the time that
        # is measured: it goes first.
        os.nice(_GIVES_WAY)
        _run(_asks(port, 3600.0, _PAGES, count))

    process = multiprocessing.get_context("fork").Process(target=ask, daemon=True)
    process.start()
    began = time.monotonic()
    try:
        yield lambda: count.value / (time.monotonic() - began)
    finally:
        process.kill()
        process.join()


@contextmanager
def _served(name: str, core: int) -> Iterator[tuple[int, int]]:
    ours_end, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, name, core))
    process.start()
    try:
        yield process.pid or 0, ours_end.recv()
    finally:
        process.kill()
        process.join()


def _serve(pipe: Connection, name: str, core: int) -> None:
    os.sched_setaffinity(0, {core})

    async def run() -> None:
        server = WebServer(_KINDS[name](), "127.0.0.1", 0)
        await server.start()
        pipe.send(server.port)
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=factory()) as runner:
        runner.run(run())


class _Asking(asyncio.Protocol):
    """Asks again as soon as an answer is whole; all answers of a page are equally long."""

    def __init__(self, count: "_Count") -> None:
        self._count = count
        self._length = self._received = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # of a socket
        self._count.next(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if not self._length:
            self._head += data
            head, end, _ = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            self._length = len(head) + 4 + int(length)
        if self._received >= self._length:
            self._received = 0
            self._count.done += 1
            self._count.next(self._transport)


class _Count:
    """How many answers came, and when the next question may go: at once, or at a rate."""

    def __init__(self, rate: float) -> None:
        self.done = 0
        self._pause = 1 / rate if rate else 0.0
        self._due = asyncio.get_running_loop().time()

    def next(self, transport: asyncio.Transport) -> None:
        """Ask for one page, when it is due."""
        if not self._pause:
            transport.write(_REQUEST)
            return
        self._due += self._pause
        asyncio.get_running_loop().call_at(self._due, transport.write, _REQUEST)


async def _asks(port: int, seconds: float, rate: float = 0.0, shared: object = None) -> int:
    count, loop = _Count(rate), asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Asking(count), "127.0.0.1", port)
        for _ in range(_CONNECTIONS)
    ]
    until = loop.time() + seconds
    while loop.time() < until:
        await asyncio.sleep(min(0.1, max(until - loop.time(), 0)))
        if shared is not None:
            shared.value = count.done  # type: ignore[attr-defined]  # a number of two processes
    for transport, _ in made:
        transport.close()
    return count.done


def _run(asking: Coroutine[None, None, int]) -> int:
    # The loop that costs least: who asks shares a core with what stands in for Telegram.
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(asking)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load of pages")
    parser.add_argument("--beside", action="store_true", help="the bot's answers as well")
    parser.add_argument("--one-process", action="store_true", help="without the bot's front")
    # Telegram lets a bot send 30 messages a second: this many updates are a busy hour.
    parser.add_argument("--updates", type=float, default=20.0, help="a second, beside the pages")
    parser.add_argument("--steady", type=float, default=4.0, help="seconds of steady updates")
    return parser.parse_args()


if __name__ == "__main__":
    main()
