"""The processes of the bot: started, killed, started again; and what they wrote in their logs."""

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
# A line of the log: time, level, logger, what it is about, words.
_LINE = re.compile(r"\S+ \S+ (WARNING|ERROR|CRITICAL) +(\S+?)(?: [^:]*)?: (.*)")
_CHANGING = re.compile(r"E-[0-9A-F]{6}|\d+(\.\d+)?|sha\w+")
# Where the bot did not foresee what happened: no fault from outside may lead there.
_UNFORESEEN = ("unexpectedly", "nobody waited for it", "the program fails", "Traceback")
_PAUSE_SECONDS = 0.3
# A file may grow to so many bytes: less than what the smallest database needs.
FULL = 16_384


class Bot:
    """One process, kept alive; ``command`` is ``run`` or ``serve``."""

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
        self.said: Counter[str] = Counter()
        self.unforeseen: list[str] = []
        self.exit_code: int | None = None

    def start(self) -> None:
        """Start, and start again whenever it ends."""
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
        """Read the log until the process ends; count its lines by what they say."""
        if process.stderr is None:
            return
        with self._log.open("ab") as log:
            async for raw in process.stderr:
                log.write(raw)
                line = raw.decode("utf-8", "replace").rstrip()
                found = _LINE.match(line)
                if found:
                    level, logger, words = found.groups()
                    self.said[f"{level} {logger}: {_CHANGING.sub('#', words)}"] += 1
                if any(words in line for words in _UNFORESEEN):
                    self.unforeseen.append(line)

    def kill(self) -> bool:
        """Kill the process at once, as a power cut would; False where it is not there."""
        if self._process is None or self._process.returncode is not None:
            return False
        self.kills.append(time.monotonic())
        self._process.kill()
        return True

    def shift(self, seconds: float) -> None:
        """Let its clock be wrong by so much."""
        self._clock.write_text(str(seconds))

    def fill_disk(self, *, full: bool) -> None:
        """Let no file of this process grow, as on a full disk; or again. One restarted is free."""
        if self._process is None or self._process.returncode is not None:
            return
        try:
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
            soft = FULL if full else hard
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (soft, hard))
        except ProcessLookupError:
            return

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        self._ending = True
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        if self._keeping is not None:
            await self._keeping
