"""The bot's processes: started, killed, restarted; and a count of their log lines."""

import asyncio
import os
import re
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.soak.faulty_telegram import TOKEN

ROOT = Path(__file__).parent.parent.parent
ADMINISTRATORS, FACILITATORS = -2001, -2002
# A line of the log: time, level, logger, fields, message.
_LINE = re.compile(r"\S+ \S+ (WARNING|ERROR|CRITICAL) +(\S+?)(?: [^:]*)?: (.*)")
_CHANGING = re.compile(r"E-[0-9A-F]{6}|\d+(\.\d+)?|sha\w+")
# Phrases of log lines about unforeseen errors: no injected fault may cause them.
_UNFORESEEN = ("unexpectedly", "nobody waited for it", "the program fails", "Traceback")
_PAUSE_SECONDS = 0.3
# The file size limit of a full disk, in bytes: less than the smallest database needs.
FULL = 16_384


class Bot:
    """One process, restarted whenever it ends; ``command`` is ``run`` or ``serve``."""

    def __init__(self, name: str, command: str, folder: Path, settings: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._clock = folder / f"{name}.clock"
        self._clock.write_text("0")
        self._log = folder / f"{name}.log"
        self._environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "ADMIN_CHAT_ID": str(ADMINISTRATORS),
            "FACILITATOR_CHAT_ID": str(FACILITATORS),
            "SEMANTIC_MATCHING": "false",
            "WEEKLY_DIGEST": "false",
            "FLOOD_LIMIT": "0",
            "LOG_LEVEL": "WARNING",
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._ending = False
        self.kills: list[float] = []
        self.failed_starts = 0
        self.log_lines: Counter[str] = Counter()
        self.unforeseen: list[str] = []
        self.exit_code: int | None = None

    def start(self) -> None:
        """Start, and restart whenever it ends."""
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self._ending:
            killed = len(self.kills)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "benchmarks.soak.shifted", str(self._clock), self._command),
                cwd=ROOT,
                env=self._environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                limit=1 << 20,
            )
            await self._listen(self._process)
            self.exit_code = await self._process.wait()
            if not self._ending and len(self.kills) == killed:
                self.failed_starts += 1
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read the log until the process ends; count its lines by message."""
        if process.stderr is None:
            return
        with self._log.open("ab") as log:
            async for raw in process.stderr:
                log.write(raw)
                line = raw.decode("utf-8", "replace").rstrip()
                match = _LINE.match(line)
                if match:
                    level, logger, words = match.groups()
                    self.log_lines[f"{level} {logger}: {_CHANGING.sub('#', words)}"] += 1
                if any(words in line for words in _UNFORESEEN):
                    self.unforeseen.append(line)

    def kill(self) -> bool:
        """Kill the process at once, as a power cut would; False where none is running."""
        if self._process is None or self._process.returncode is not None:
            return False
        self.kills.append(time.monotonic())
        self._process.kill()
        return True

    @property
    def megabytes(self) -> float:
        """The resident set of the running process in megabytes; zero where there is none."""
        if self._process is None or self._process.returncode is not None:
            return 0.0
        return resident_megabytes(self._process.pid)

    def shift(self, seconds: float) -> None:
        """Set its clock wrong by this many seconds."""
        self._clock.write_text(str(seconds))

    def fill_disk(self, *, full: bool) -> None:
        """Stop all files of this process from growing, as on a full disk, or lift the limit.

        A restarted process has no limit.
        """
        if self._process is None or self._process.returncode is not None:
            return
        try:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            soft = FULL if full else hard
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        except ProcessLookupError:
            return

    async def stop(self) -> None:
        """Stop it with SIGTERM, and wait."""
        self._ending = True
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        if self._keeping is not None:
            await self._keeping


def resident_megabytes(process: int) -> float:
    """Return the resident set of a process in megabytes (proc(5), VmRSS)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
