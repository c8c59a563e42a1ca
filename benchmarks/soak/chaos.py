"""Faults of processes, clock, files and database, drawn from a seed before the run begins."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak.bots import Bot
from benchmarks.soak.postgres import Postgres

_KILL_EVERY_SECONDS = 7.5
_TROUBLE_EVERY_SECONDS = 14.0
_HOUR = 3600.0
_BROKEN = "\n- id: [\n"


@dataclass(frozen=True, slots=True)
class Scene:
    """The targets of the faults: processes, their files, and the server if there is one."""

    bots: Sequence[Bot]
    knowledge: Path
    postgres: Postgres | None


class Chaos:
    """Injects kills, and other faults one after the other; ``counts`` says how many."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self._scene = scene
        self._chosen = random.Random(seed)  # noqa: S311 - the same troubles in each run
        self.counts: Counter[str] = Counter()

    async def rage(self, seconds: float) -> None:
        """Inject faults for this many seconds, then undo them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(self._kill(), self._trouble())

    async def _kill(self) -> None:
        while True:
            await asyncio.sleep(self._chosen.uniform(0.2, 1.8) * _KILL_EVERY_SECONDS)
            if self._chosen.choice(self._scene.bots).kill():
                self.counts["kill -9"] += 1

    async def _trouble(self) -> None:
        troubles: list[Callable[[], Awaitable[None]]] = [self._clock, self._yaml]
        troubles.append(self._restart if self._scene.postgres else self._full_disk)
        while True:
            # Each kind in turn, so that a short run includes all of them.
            for trouble in self._chosen.sample(troubles, len(troubles)):
                await asyncio.sleep(self._chosen.uniform(0.1, 0.6) * _TROUBLE_EVERY_SECONDS)
                await trouble()

    async def _clock(self) -> None:
        """Set the clock of one bot an hour forward or back for some seconds."""
        self.counts["clock moved by an hour"] += 1
        bot = self._chosen.choice(self._scene.bots)
        bot.shift(self._chosen.choice((_HOUR, -_HOUR)))
        try:
            await asyncio.sleep(self._chosen.uniform(2, 8))
        finally:
            bot.shift(0)

    async def _yaml(self) -> None:
        """Save a file that is no valid YAML, and restore it."""
        self.counts["broken YAML saved"] += 1
        file = self._scene.knowledge / "faq.yaml"
        whole = file.read_text("utf-8")
        _save(file, whole + _BROKEN)
        try:
            await asyncio.sleep(self._chosen.uniform(2, 6))
        finally:
            _save(file, whole)

    async def _full_disk(self) -> None:
        self.counts["disk full"] += 1
        for bot in self._scene.bots:
            bot.fill_disk(full=True)
        try:
            await asyncio.sleep(self._chosen.uniform(2, 6))
        finally:
            for bot in self._scene.bots:
                bot.fill_disk(full=False)

    async def _restart(self) -> None:
        self.counts["PostgreSQL crashed"] += 1
        if self._scene.postgres:
            restarting = asyncio.create_task(self._scene.postgres.crash())
            try:
                await asyncio.shield(restarting)
            except asyncio.CancelledError:
                # A server that is only half restarted would be useless for the rest of the run.
                await restarting
                raise


def _save(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    os.replace(part, file)  # noqa: PTH105 - atomic, rename says less
