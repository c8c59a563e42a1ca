"""``make bench``: updates a second, latency and processor time of the bot, beside echo bots.

All contenders start on one core, the API servers on another, and work one at a time: each load
goes to all of them in turn, so that the machine has the same pace for those that are compared.
Throughput is measured on a backlog, latency at a steady rate. Ratios compare peers of the same run;
absolute figures hold for one machine only. A round takes about five minutes, after five to get
ready. Of several rounds, the report gives the middle one; ratios are taken within a round. Writes
``docs/load-benchmark.md`` and ``docs/images/load.png``.
"""

import argparse
import itertools
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

import knowledge
from benchmarks.load import mixes, report, targets
from benchmarks.load.api_server import Load, Measurement, serve
from benchmarks.load.contenders import ROOT, Contender, Running, echo, ours, pinned_to
from benchmarks.load.results import Result, median, p99
from knowledge.loading import material_of
from knowledge.ranking.corpus import Material

KNOWLEDGE = Path(knowledge.__file__).parent
ALL = ("navigation", "repeated", "questions")
Make: TypeAlias = Callable[[int, int], list[mixes.Update]]
_STEADY_SECONDS = 6.0
# The number of chats for loads that are not measured with every number of chats.
_CHATS = targets.CHATS
# Loads that are compared with a peer's run this many times a round: the machine's pace varies.
_TIMES = 3
# Updates a second at the steady rate; for distinct questions, what one core can encode.
_STEADY = {"questions": 40.0}
_STEADY_RATE = 100.0
# Numbers of updates to drain, for some seconds of work each. With a slow API, contenders that wait
# for each answer would take minutes for more than _FEW.
_MANY_RAW, _MANY, _SOME, _FEW = 50_000, 3000, 600, 150
_WARM, _WARM_SLOWLY = 200, 30
# A contender is warm once it uses less than the share _AT_REST of the core for _REST_SECONDS: our
# encoder is loaded a second after the first answers, which takes seconds more on a busy core.
_REST_SECONDS, _PATIENCE_SECONDS, _AT_REST = 2.5, 60, 0.1


def main() -> None:
    """Measure everything, or a part of it, and write the report."""
    options = _options()
    if options.server_core is not None and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {options.server_core})
    chosen = [contender for contender in contenders() if options.only in contender.name]
    results: list[Result] = []
    for delay in options.delays:
        with ExitStack() as stack:
            trials = [
                stack.enter_context(_ready(contender, mix, delay, options))
                for contender in chosen
                for mix in _mixes(contender, options)
            ]
            for number in range(options.rounds):
                results += _round(number, trials, options)
    if folder := _report_folder(options):
        report.write(folder, results)


def contenders() -> tuple[Contender, ...]:
    """Return the contenders; those that are compared run close to each other."""
    return (
        echo("socket", "socket echo", is_raw=True),
        echo("ptb-at-once", "PTB echo, concurrent", is_slow=True),
        echo("aiogram", "aiogram echo"),
        ours("ours, polling", *ALL),
        echo("ptb", "PTB echo", is_slow=True),
        ours("ours, polling, letters alone", *ALL, SEMANTIC_MATCHING="false"),
        echo("aiogram-webhook", "aiogram echo, webhook"),
        ours("ours, webhook", "navigation", webhook=True),
        echo("ptb-webhook", "PTB echo, webhook", is_slow=True),
    )


def matching_alone(contender: Contender, core: int | None) -> float:
    """Return the processor seconds of matching one distinct question, without the whole bot."""
    command = [*pinned_to(core), sys.executable, "-m", "benchmarks.load.alone", str(_SOME)]
    environment = os.environ | contender.settings
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
    )
    seconds = float(done.stdout.split()[-1])
    print(f"matching alone ({contender.name}): {seconds * 1000:.2f} ms", flush=True)
    return seconds


def _round(number: int, trials: Sequence["Trial"], options: argparse.Namespace) -> Iterator[Result]:
    """Run a backlog for each number of chats on all trials, then a steady rate."""
    # Reverse the order every second time, so that no contender always runs before its peer.
    order = trials if number % 2 == 0 else trials[::-1]
    for chats, turn in itertools.product(options.chats, range(_TIMES)):
        for trial in order if turn % 2 == 0 else order[::-1]:
            if trial.takes(chats, turn):
                count = min(trial.count(chats), options.updates)
                updates = trial.updates(count, chats)
                load = Load(updates)
                if trial.mix == "questions" and not trial.delay:
                    yield _bracketed(trial, number * _TIMES + turn, load, chats, options.bot_core)
                else:
                    yield trial.run(number * _TIMES + turn, load, chats)
    for trial in order:
        rate = _STEADY.get(trial.mix, _STEADY_RATE)
        steady = trial.updates(int(rate * options.seconds), _CHATS)
        yield trial.run(number * _TIMES, Load(steady, rate), _CHATS)


def _bracketed(trial: "Trial", number: int, load: Load, chats: int, core: int | None) -> Result:
    """Measure matching alone before and after a load, because the machine's pace drifts."""
    before = matching_alone(trial.contender, core)
    result = trial.run(number, load, chats)
    return replace(result, alone=(before + matching_alone(trial.contender, core)) / 2)


@contextmanager
def _ready(
    contender: Contender, mix: str, delay: float, options: argparse.Namespace
) -> Iterator["Trial"]:
    """Start a contender and its server, and warm it up."""
    updates = _mixes(contender, options)[mix]
    with telegram(delay) as (pipe, api):
        port = free_port()
        running = Running(contender, api, options.bot_core, port, port)
        trial = Trial(contender, mix, updates, delay, pipe, running)
        try:
            _warm(pipe, updates, running, _WARM_SLOWLY if trial.is_slow else _WARM)
            yield trial
        finally:
            running.stop()
            pipe.send(None)


def _mixes(contender: Contender, options: argparse.Namespace) -> dict[str, Make]:
    material: Material = material_of(KNOWLEDGE)
    project = "mutualisation-ressources"
    makers: dict[str, Make] = {
        "echo": mixes.echoes,
        "navigation": lambda count, chats: mixes.navigation(count, chats, project),
        "repeated": lambda count, chats: mixes.repeated(count, chats, material),
        "questions": lambda count, chats: mixes.questions(count, chats, material),
    }
    asked = [mix for mix in contender.mixes if contender.echoes or mix in options.mix]
    return {mix: makers[mix] for mix in asked}


def _warm(pipe: Connection, updates: Make, running: Running, count: int) -> None:
    """Warm a contender up: a few updates, a wait until it has loaded and learnt all, some more."""
    pipe.send(Load(updates(10, 10)))
    pipe.recv()
    until, used = time.monotonic() + _PATIENCE_SECONDS, -1.0
    while running.cpu - used > _AT_REST * _REST_SECONDS and time.monotonic() < until:
        used = running.cpu
        time.sleep(_REST_SECONDS)
    pipe.send(Load(updates(count, 50)))
    pipe.recv()


@dataclass(frozen=True)
class Trial:
    """A contender and its API server, ready for loads."""

    contender: Contender
    mix: str
    updates: Make
    delay: float
    pipe: Connection
    running: Running

    @property
    def is_slow(self) -> bool:
        """Whether even a few updates take minutes."""
        return self.contender.is_slow and self.delay > 0

    @property
    def is_whole(self) -> bool:
        """Whether the trial runs with every number of chats."""
        return not self.delay and (self.mix == "navigation" or self.contender.echoes)

    def takes(self, chats: int, turn: int) -> bool:
        """Tell whether the trial runs a backlog of this many chats in this turn (from 0)."""
        if turn:
            return chats == _CHATS and not self.delay
        return self.is_whole or chats == _CHATS

    def count(self, chats: int) -> int:
        """Return the number of updates to drain, which is some seconds of work."""
        if self.is_slow:
            return _FEW
        if self.contender.is_raw and not self.delay:
            return _MANY_RAW
        return _SOME if self.mix == "questions" or chats == 1 else _MANY

    def run(self, number: int, load: Load, chats: int) -> Result:
        """Deliver a load and return its result."""
        before, earlier = self.running.cpu, len(self.running.lags)
        with self.running.watched():
            self.pipe.send(load)
            measured: Measurement = self.pipe.recv()
        lags = self.running.lags[earlier:]
        result = Result(
            self.contender.name,
            self.mix,
            self.delay,
            chats,
            load.rate,
            len(measured.latencies) / measured.seconds,
            median(measured.latencies),
            p99(measured.latencies),
            (self.running.cpu - before) / max(len(measured.latencies), 1),
            self.running.memory,
            measured.unanswered,
            p99(lags),
            max(lags, default=float("nan")),
            number,
        )
        print(report.line(result), flush=True)
        return result


@contextmanager
def telegram(delay: float) -> Iterator[tuple[Connection, str]]:
    """Start an API server in a process of its own; yield the pipe for its loads, and its URL."""
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


def free_port(following: int = 0) -> int:
    """Return a free port that is followed by a number of other free ports."""
    while True:
        with ExitStack() as stack, suppress(OSError, OverflowError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            for number in range(port + 1, port + following + 1):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            return port


def _report_folder(options: argparse.Namespace) -> Path | None:
    """Return the folder of the report; ``docs`` only after a complete run."""
    is_whole = not options.only and options.updates == _MANY_RAW and len(options.mix) == len(ALL)
    return options.report or (ROOT / "docs" if is_whole else None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of a contender's name")
    parser.add_argument("--mix", nargs="+", default=ALL, choices=ALL, help="what ours is asked")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--chats", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 0.05], help="seconds")
    parser.add_argument("--updates", type=int, default=_MANY_RAW, help="drain so many at most")
    parser.add_argument("--seconds", type=float, default=_STEADY_SECONDS, help="of steady rate")
    parser.add_argument(
        "--report", type=Path, help="folder of the report (docs, of everything; else none)"
    )
    parser.add_argument("--bot-core", type=int, default=0)
    parser.add_argument("--server-core", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
