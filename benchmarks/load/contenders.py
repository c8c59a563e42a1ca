"""The contenders: our bot and the bare echo bots, each a process of its own on one core."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load.echoes import TOKEN
from benchmarks.load.watched import lags

ROOT = Path(__file__).parent.parent.parent
SECRET = "bench-secret"  # noqa: S105 - between two processes of this machine


@dataclass(frozen=True)
class Contender:
    """A module that runs a bot against the API server.

    ``mixes``: the mixes of updates that it is given; ``is_slow``: with a slow API, even a few
    updates take minutes; ``is_raw``: it is many times as fast as any library.
    """

    name: str
    module: tuple[str, ...]
    mixes: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)
    is_slow: bool = False
    is_raw: bool = False

    @property
    def echoes(self) -> bool:
        """Whether the bot only repeats messages."""
        return self.mixes == ("echo",)


def echo(kind: str, name: str, *, is_slow: bool = False, is_raw: bool = False) -> Contender:
    """Return a bare echo bot."""
    module = ("benchmarks.load.echoes", kind)
    return Contender(name, module, ("echo",), is_slow=is_slow, is_raw=is_raw)


def ours(name: str, *mixes: str, webhook: bool = False, **settings: str) -> Contender:
    """Return our complete bot: inbox, handlers, matching, database, outbox."""
    return Contender(name, ("bot", "serve" if webhook else "run"), mixes, settings)


def pinned_to(core: int | None) -> list[str]:
    """Return the beginning of a command that runs on one core."""
    return [] if core is None else ["taskset", "-c", str(core)]


class Running:
    """The process of a contender; ``cpu`` and ``memory`` are read from ``/proc``."""

    def __init__(
        self, contender: Contender, api: str, core: int | None, hook_port: int, listen_port: int
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        hook = f"http://127.0.0.1:{hook_port}/telegram"
        environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": api,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self._folder.name}/bot.db",
            "LOG_LEVEL": "WARNING",
            # Without Telegram's rate limits, which would hide the speed of the bot. The rate at
            # which people write is still looked up, but its limit is out of reach.
            "MESSAGES_PER_SECOND": "0",
            "FLOOD_LIMIT": "1000000",
            "WEBHOOK_URL": hook,
            "WEBHOOK_SECRET": SECRET,
            "LISTEN_PORT": str(listen_port),
            **contender.settings,
        }
        self._lags = Path(self._folder.name) / "lags"
        watched = [sys.executable, "-m", "benchmarks.load.watched", str(self._lags)]
        arguments = [*contender.module, *([api] if contender.echoes else [])]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*pinned_to(core), *watched, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def cpu(self) -> float:
        """Processor seconds used so far by all threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def lags(self) -> list[float]:
        """The lags of the event loop, in seconds, measured while it was watched."""
        return lags(self._lags)

    def check(self) -> None:
        """Raise ChildProcessError if the process has ended: posting to it would wait for ever."""
        if (code := self._process.poll()) is not None:
            raise ChildProcessError(f"a contender ended with {code}")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure the lags of its event loop during the block."""
        self._process.send_signal(signal.SIGUSR1)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGUSR2)

    def stop(self) -> None:
        """End the process, and delete its database."""
        self._process.terminate()
        self._process.wait(30)
        self._folder.cleanup()
