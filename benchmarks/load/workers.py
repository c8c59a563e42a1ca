"""``python -m benchmarks.load.workers``: SQLite, PostgreSQL, one worker, two; a long backlog.

Prints the figures of ``docs/scaling.md``. Nothing is pinned to a core: workers, PostgreSQL and the
API server share the cores, and the processor time of each tells which of them is the limit.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import mixes
from benchmarks.load.__main__ import free_port, telegram
from benchmarks.load.api_server import Load, Measurement
from benchmarks.load.contenders import Running, ours
from benchmarks.soak.postgres import Postgres
from storage.database import Database, utc_now
from storage.queues.outbox import Audience, Outgoing
from storage.records.interest_values import ContactKind, NewInterest

_PROJECT = "mutualisation-ressources"
_CHATS = 200
_WRITERS = 16


def main() -> None:
    """Measure everything and print it."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL's own account must have access.
        Path(folder).chmod(0o755)
        postgres = Postgres(Path(folder) / "postgres")
        asyncio.run(postgres.start())
        try:
            sqlite = f"sqlite+aiosqlite:///{folder}/interests.db"
            for name, url in (("SQLite", sqlite), ("PostgreSQL", postgres.url)):
                asyncio.run(_interests(name, url, options.interests))
            _workers("SQLite", 1, {}, options.updates)
            for workers in (1, 2):
                _workers("PostgreSQL", workers, {"DATABASE_URL": postgres.url}, options.updates)
        finally:
            asyncio.run(postgres.stop())
    _backlog(options.backlog)


async def _interests(name: str, url: str, count: int) -> None:
    """Register interests as the form does, with the messages to administrators and person."""
    database = Database(url)
    await database.migrate()
    await database.join()
    commits: list[float] = []
    numbers = iter(range(count))

    async def write() -> None:
        for number in numbers:
            began = time.perf_counter()
            async with database.begin() as work:
                person = await work.people.seen(number + 1)
                await work.interests.register(person.id, _interest())
                for chat_id in (None, number + 1):
                    await work.outbox.add(_message(chat_id))
            commits.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(_WRITERS)))
    seconds = time.perf_counter() - began
    await database.close()
    print(
        f"interests, {name}: {count / seconds:.0f} a second, {_WRITERS} at once; from asking for "
        f"the database to committed: {_times(commits)}",
        flush=True,
    )


def _interest() -> NewInterest:
    return NewInterest(
        project_id=_PROJECT,
        project_title="Un projet",
        project_lead="CCI",
        company="Chaudronnerie Martin",
        contact_name="Jeanne Martin",
        contact_kind=ContactKind.EMAIL,
        contact="jeanne@example.org",
        consent_at=utc_now(),
        message="Un atelier de chaudronnerie",
    )


def _message(chat_id: int | None) -> Outgoing:
    audience = Audience.ADMINISTRATORS if chat_id is None else Audience.PERSON
    return Outgoing(audience, "sendMessage", {"text": "x" * 400}, chat_id=chat_id)


def _workers(name: str, workers: int, settings: dict[str, str], updates: int) -> None:
    """Drain navigation posted to some workers; print the processor time of each part."""
    contender = ours(name, webhook=True, SEMANTIC_MATCHING="false", **settings)
    first = free_port(workers - 1)
    with telegram(0.0) as (pipe, api), contextlib.ExitStack() as stack:
        running = []
        for number in range(workers):
            running.append(Running(contender, api, None, first, first + number))
            stack.callback(running[-1].stop)
            # The first worker creates the tables before the next one starts.
            time.sleep(8)
            running[-1].check()
        pipe.send(Load(mixes.navigation(200, _CHATS, _PROJECT), workers=workers))
        pipe.recv()
        before = [_postgres_cpu(), *(worker.cpu for worker in running)]
        pipe.send(Load(mixes.navigation(updates, _CHATS, _PROJECT), workers=workers))
        measured: Measurement = pipe.recv()
        after = [_postgres_cpu(), *(worker.cpu for worker in running)]
        pipe.send(None)
    used = [(now - then) / updates * 1000 for now, then in zip(after, before, strict=True)]
    print(
        f"{workers} worker(s), {name}: {len(measured.latencies) / measured.seconds:.0f} updates "
        f"a second; processor an update: workers "
        f"{' + '.join(f'{each:.2f}' for each in used[1:])} ms, "
        f"PostgreSQL {used[0]:.2f} ms; unanswered {measured.unanswered}",
        flush=True,
    )


def _backlog(count: int) -> None:
    """Drain a backlog such as after an outage, and watch the memory."""
    contender = ours("backlog", SEMANTIC_MATCHING="false")
    with telegram(0.0) as (pipe, api):
        running = Running(contender, api, None, free_port(), free_port())
        try:
            time.sleep(8)
            pipe.send(Load(mixes.navigation(200, _CHATS, _PROJECT)))
            pipe.recv()
            with _memory(running) as seen:
                pipe.send(Load(mixes.navigation(count, _CHATS, _PROJECT), seconds=600))
                measured: Measurement = pipe.recv()
        finally:
            running.stop()
            pipe.send(None)
    print(
        f"backlog of {count}: {len(measured.latencies) / measured.seconds:.0f} a second, "
        f"unanswered {measured.unanswered}; resident memory from {min(seen):.0f} "
        f"to {max(seen):.0f} MB, by quarters "
        f"{', '.join(f'{each:.0f}' for each in _quarters(seen))}",
        flush=True,
    )


@contextlib.contextmanager
def _memory(running: Running) -> Iterator[list[float]]:
    seen, stop = [running.memory], threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            seen.append(running.memory)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _quarters(seen: list[float]) -> list[float]:
    size = max(1, len(seen) // 4)
    parts = [seen[start : start + size] for start in range(0, size * 4, size)]
    return [statistics.median(part) for part in parts if part]


def _postgres_cpu() -> float:
    """Return the processor seconds of all processes called postgres, so far."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = status.read_text().rpartition(")")
            if name.endswith("(postgres"):
                fields = rest.split()
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _times(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99) - 1]
    return f"median {median * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=3000)
    parser.add_argument("--interests", type=int, default=2000)
    parser.add_argument("--backlog", type=int, default=20_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
