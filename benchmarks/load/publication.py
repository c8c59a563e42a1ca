"""``python -m benchmarks.load.publication``: the time until all workers serve a published change.

Two webhook workers run on PostgreSQL, each with a folder of its own and the encoder. A change of
the shipped answers is requested as by a facilitator's tap; each worker logs what it puts in
service.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import knowledge
from benchmarks.load.__main__ import free_port, telegram
from benchmarks.load.contenders import SECRET
from benchmarks.load.echoes import TOKEN
from benchmarks.soak.postgres import Postgres
from knowledge.file_set import fingerprint
from storage.database import Database
from storage.records.change_requests import ChangeKind, NewChangeRequest

_WORKERS = 2
_READY_SECONDS = 15
_PATIENCE_SECONDS = 60
_BETWEEN_SECONDS = 15
_TITLE = re.compile(b'titre: ".*"')


def main() -> None:
    """Publish some changes, one after the other, and print the seconds of each."""
    options = _options()
    with (
        tempfile.TemporaryDirectory() as folder,
        telegram(0.0) as (pipe, api),
        ExitStack() as stack,
    ):
        root = Path(folder)
        # PostgreSQL's own account must have access.
        root.chmod(0o755)
        postgres = Postgres(root / "postgres")
        asyncio.run(postgres.start())
        stack.callback(lambda: asyncio.run(postgres.stop()))
        workers = [_Worker(root / str(n), api, postgres.url) for n in range(_WORKERS)]
        for worker in workers:
            stack.callback(worker.stop)
            time.sleep(_READY_SECONDS)
        seconds = [_published(n, postgres.url, workers) for n in range(options.changes)]
        pipe.send(None)
    print(
        f"{_WORKERS} workers, {options.changes} changes: median {statistics.median(seconds):.1f} s"
    )
    print(f"slowest {max(seconds):.1f} s, from the tap to the last worker")


class _Worker:
    """A worker with a folder and a log of its own."""

    def __init__(self, folder: Path, api: str, url: str) -> None:
        shutil.copytree(Path(knowledge.__file__).parent, folder / "knowledge")
        self.faq = folder / "knowledge" / "faq.yaml"
        self._log = folder / "log"
        port = str(free_port())
        environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api,
            "DATABASE_URL": url,
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
            "WEBHOOK_SECRET": SECRET,
            "LISTEN_PORT": port,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"], env=environment, stdout=log, stderr=log
            )

    @property
    def put_in_service(self) -> int:
        """The number of changes that the worker has put in service."""
        return self._log.read_text("utf-8").count("is in service")

    def stop(self) -> None:
        """End the worker's process."""
        self._process.terminate()
        self._process.wait(30)


def _published(number: int, url: str, workers: list[_Worker]) -> float:
    """Publish a change; return the seconds until the last worker has put it in service."""
    # Wait until the training after the former change is over, as between changes of real people.
    time.sleep(_BETWEEN_SECONDS)
    before = [worker.put_in_service for worker in workers]
    former = workers[0].faq.read_bytes()
    content = _TITLE.sub(f'titre: "Le programme {number}"'.encode(), former, count=1)
    began = time.perf_counter()
    asyncio.run(_want(url, content, fingerprint(former)))
    while any(
        now.put_in_service <= then or now.faq.read_bytes() != content
        for now, then in zip(workers, before, strict=True)
    ):
        if time.perf_counter() - began > _PATIENCE_SECONDS:
            raise TimeoutError("a worker did not put the change in service")
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    print(f"change {number}: {seconds:.1f} s", flush=True)
    return seconds


async def _want(url: str, content: bytes, base: str) -> None:
    database = Database(url)
    async with database.begin() as work:
        change = await work.change_requests.ask(
            NewChangeRequest(ChangeKind.UPLOAD, 1, "Bench", -100)
        )
        await work.change_requests.offer(
            change, {"faq.yaml": content}, {"faq.yaml": (base, fingerprint(content))}, {}
        )
        await work.change_requests.want(change, 1, "Bench")
    await database.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    main()
