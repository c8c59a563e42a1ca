"""``make bench``: updates a second, latency and processor time over the whole path, beside echoes.

Each contender runs on one core, the API server on another. Throughput: a backlog drained at once.
Latency: a steady rate. Ratios are against peers of the same run; absolute figures are this
machine's. Writes ``docs/load-benchmark.md`` and ``docs/images/load.png``.
"""

import argparse
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import knowledge
from benchmarks.load import mixes, report
from benchmarks.load.contenders import Contender, Running, echo, ours
from benchmarks.load.telegram import Load, Told, serve
from knowledge.corpus import Material
from knowledge.loading import material_of

KNOWLEDGE = Path(knowledge.__file__).parent
_STEADY_RATE = 100.0
_STEADY_SECONDS = 10


@dataclass(frozen=True)
class Result:
    """One contender under one load; times in seconds, ``cpu`` an update, memory in megabytes."""

    contender: str
    mix: str
    delay: float
    chats: int
    rate: float
    per_second: float
    median: float
    p99: float
    cpu: float
    memory: float
    unanswered: int


def main() -> None:
    """Measure everything, or a part of it, and write the report."""
    options = _options()
    if options.server_core is not None and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {options.server_core})
    results = []
    for delay in options.delays:
        for contender in contenders():
            if not options.only or options.only in contender.name:
                results += list(measure(contender, delay, options))
    if not options.only:
        report.write(results)


def contenders() -> tuple[Contender, ...]:
    """Return who is measured, peers first."""
    return (
        echo("socket", "socket echo"),
        echo("aiogram", "aiogram echo"),
        echo("ptb", "PTB echo"),
        echo("ptb-at-once", "PTB echo, concurrent"),
        ours("ours, polling"),
        ours("ours, polling, letters alone", SEMANTIC_MATCHING="false"),
        ours("ours, webhook", webhook=True),
    )


def measure(contender: Contender, delay: float, options: argparse.Namespace) -> Iterator[Result]:
    """Drain a backlog for each number of chats, then answer at a steady rate."""
    for mix, updates in _mixes(contender).items():
        with telegram(delay) as (pipe, api):
            port = free_port()
            running = Running(contender, api, options.bot_core, port, port)
            trial = Trial(contender.name, mix, delay, pipe, running)
            try:
                _warm(pipe, updates)
                for chats in options.chats:
                    yield trial.run(Load(updates(options.updates, chats)), chats)
                steady = updates(int(_STEADY_RATE * _STEADY_SECONDS), 100)
                yield trial.run(Load(steady, _STEADY_RATE), 100)
            finally:
                running.stop()
                pipe.send(None)


def _mixes(contender: Contender) -> dict[str, Callable[[int, int], list[mixes.Update]]]:
    if contender.echoes:
        return {"echo": mixes.echoes}
    material: Material = material_of(KNOWLEDGE)
    return {
        "navigation": lambda count, chats: mixes.navigation(
            count, chats, "mutualisation-ressources"
        ),
        "questions": lambda count, chats: mixes.questions(count, chats, material),
    }


def _warm(pipe: Connection, updates: Callable[[int, int], list[mixes.Update]]) -> None:
    """Answer a few first; our encoder is read a second after the first answers."""
    pipe.send(Load(updates(20, 10)))
    pipe.recv()
    time.sleep(6)
    pipe.send(Load(updates(50, 50)))
    pipe.recv()


@dataclass(frozen=True)
class Trial:
    """A contender and a server that wait for loads."""

    contender: str
    mix: str
    delay: float
    pipe: Connection
    running: Running

    def run(self, load: Load, chats: int) -> Result:
        """Deliver a load; return what came of it."""
        before = self.running.cpu
        self.pipe.send(load)
        told: Told = self.pipe.recv()
        latencies = sorted(told.latencies) or [float("nan")]
        result = Result(
            self.contender,
            self.mix,
            self.delay,
            chats,
            load.rate,
            len(told.latencies) / told.seconds,
            statistics.median(latencies),
            latencies[int(len(latencies) * 0.99) - 1],
            (self.running.cpu - before) / max(len(told.latencies), 1),
            self.running.memory,
            told.unanswered,
        )
        print(report.line(result), flush=True)
        return result


@contextmanager
def telegram(delay: float) -> Iterator[tuple[Connection, str]]:
    """Start a server in a process of its own; gives the pipe for its loads, and its address."""
    port = free_port()
    ours_end, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(theirs, port, delay))
    process.start()
    ours_end.recv()
    try:
        yield ours_end, f"http://127.0.0.1:{port}"
    finally:
        process.join(5)
        process.kill()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of a contender's name; writes no report")
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--chats", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 0.05])
    parser.add_argument("--bot-core", type=int, default=0)
    parser.add_argument("--server-core", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
