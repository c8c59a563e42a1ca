"""Keeps the loops of the service running: no loop ends unnoticed, whatever it raises.

A loop that fails is logged, counted, and restarted after a growing pause, unless its declaration
says that its end ends the process. One that fails repeatedly is named by ``failing`` and reported
to the administrators once; its recovery is reported once too.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from bot.runtime import metrics

logger = logging.getLogger(__name__)
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
# A loop that has run this long has recovered: each does its work before it waits for the next.
_WELL_AFTER_SECONDS = 60.0
# With the pauses between these failures, a quarter of a minute: shorter troubles are not reported.
_TOLD_AFTER_FAILURES = 5
_LOOK_EVERY_SECONDS = 5.0


class LoopName(StrEnum):
    """Every possible loop: the closed list for the metrics and for each loop's texts."""

    INBOX = "inbox"
    DISPATCHER = "dispatcher"
    MAIL = "mail_sender"
    UPDATE_SOURCE = "update_source"
    COMMAND_MENUS = "command_menus"
    LEARNING = "learning"
    HOT_RELOAD = "hot_reload"
    PUBLISHER = "publisher"
    WEEKLY_DIGEST = "weekly_digest"
    PROJECT_NEWS = "project_news"
    REMINDERS = "reminders"
    RETENTION = "retention"
    SCRUBBING = "scrubbing"
    BACKLOG = "backlog"
    EVENT_LOOP_LAG = "event_loop_lag"
    HEARTBEAT = "heartbeat"
    FRONT = "front"


class StopOrder(IntEnum):
    """The order in which a stop ends loops: all of one step end before the next step begins."""

    INTAKE = 0
    HANDLING = 1
    SENDING = 2
    # Last, because other workers free what this one has claimed once its heartbeat stops.
    PRESENCE = 3


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop, and what its end means."""

    name: LoopName
    run: Callable[[], Coroutine[Any, Any, None]]
    # Whether its end ends the process, with its error: it is never restarted.
    ends_process: bool = False
    # Whether it ends by itself when its work is done.
    runs_once: bool = False
    # Whether this worker is not ready while it fails repeatedly.
    is_vital: bool = True
    stops: StopOrder = StopOrder.INTAKE
    longest_pause: float = _LONGEST_PAUSE
    # Returns whether the loop fails repeatedly although it goes on.
    is_stuck: Callable[[], bool] = lambda: False


class LoopEndedError(Exception):
    """A loop that should run for ever ended without an error."""


class Tell(Protocol):
    """Tells the administrators that a loop fails, or works again; after any error it is retried."""

    async def __call__(self, name: LoopName, *, fails: bool) -> None:
        """Send the alert."""


@dataclass(slots=True)
class _Course:
    """The state of a loop."""

    # Failures since it last ran well.
    failures: int = 0
    # When its present run began; None during a pause, and after its end.
    began: float | None = None
    is_told: bool = False


class Supervisor:
    """Starts the loops, restarts them when they fail, and stops them in order."""

    def __init__(
        self,
        tell: Tell,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._tell = tell
        self._monotonic = monotonic
        self._sleep = sleep
        self._loops: dict[LoopName, Loop] = {}
        self._courses: dict[LoopName, _Course] = {}
        self._tasks: dict[LoopName, asyncio.Task[None]] = {}
        self._telling: asyncio.Task[None] | None = None

    @property
    def tasks(self) -> Mapping[LoopName, asyncio.Task[None]]:
        """The tasks of the loops that were started, by name."""
        return self._tasks

    @property
    def failing(self) -> tuple[LoopName, ...]:
        """The loops that fail repeatedly."""
        return tuple(name for name in self._courses if self._is_failing(name))

    @property
    def failing_vital(self) -> tuple[LoopName, ...]:
        """Those of them without which this worker is not ready."""
        return tuple(name for name in self.failing if self._loops[name].is_vital)

    def start(self, loops: Iterable[Loop]) -> None:
        """Start these loops, beside those that already run."""
        running = asyncio.get_running_loop()
        for loop in loops:
            self._loops[loop.name] = loop
            self._courses[loop.name] = _Course()
            # Exported as 0 from the start, so that the first failure shows as an increase.
            metrics.LOOP_FAILURES.labels(loop.name)
            self._tasks[loop.name] = running.create_task(self._keep(loop), name=loop.name)
        if self._telling is None:
            self._telling = running.create_task(self._tell_changes())

    async def ended(self) -> None:
        """Wait until a loop ends that ends the process, and raise its error."""
        essential = [self._tasks[name] for name, loop in self._loops.items() if loop.ends_process]
        done, _ = await asyncio.wait(essential, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task

    async def stop(self) -> None:
        """End all loops in order; errors during the stop are logged."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
            self._telling = None
        for step in StopOrder:
            await self._stop([name for name, loop in self._loops.items() if loop.stops is step])
        self._loops, self._courses, self._tasks = {}, {}, {}

    async def _stop(self, names: Iterable[LoopName]) -> None:
        # The error that ended the process was logged when it happened.
        tasks = [task for name in names if not (task := self._tasks[name]).done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("loop %s failed while it stopped", task.get_name(), exc_info=error)

    async def _keep(self, loop: Loop) -> None:
        while (error := await self._attempt(loop)) is not None:
            failures = self._note_failure(loop.name)
            kind = type(error).__name__
            if loop.ends_process:
                logger.error("loop %s ends the process: %s", loop.name, kind, exc_info=error)
                raise error
            pause = min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 10), loop.longest_pause)
            logger.error(
                "loop %s failed (%s, %d in a row): it begins again in %.0f s",
                loop.name,
                kind,
                failures,
                pause,
                exc_info=error,
            )
            # Its traceback would keep alive all that the failed run held.
            del error
            await self._sleep(pause)

    async def _attempt(self, loop: Loop) -> BaseException | None:
        """Run a loop until it ends; return why it must restart, or None where it is done."""
        course = self._courses[loop.name]
        course.began = self._monotonic()
        try:
            await loop.run()
        except BaseException as error:
            # Rust panics and stray cancellations are not subclasses of Exception: without this,
            # they would end the loop unnoticed.
            if _is_told_to_end(error):
                raise
            if isinstance(error, asyncio.CancelledError):
                # Wrapped: a CancelledError raised as it is would look like a request to stop.
                return LoopEndedError(f"{loop.name} was cancelled from within")
            return error
        if loop.runs_once or _is_cancelled():
            course.failures, course.began = 0, None
            return None
        return LoopEndedError(f"{loop.name} came to its end")

    def _note_failure(self, name: LoopName) -> int:
        """Count a failure, and return the number of failures in a row."""
        metrics.LOOP_FAILURES.labels(name).inc()
        course = self._courses[name]
        course.failures = 1 if self._runs_well(course) else course.failures + 1
        course.began = None
        return course.failures

    def _is_failing(self, name: LoopName) -> bool:
        course = self._courses[name]
        if self._loops[name].is_stuck():
            return True
        return course.failures >= _TOLD_AFTER_FAILURES and not self._runs_well(course)

    def _runs_well(self, course: _Course) -> bool:
        return course.began is not None and self._monotonic() - course.began >= _WELL_AFTER_SECONDS

    async def _tell_changes(self) -> None:
        """Send the alerts that are due; one that fails is tried again at the next check."""
        while True:
            for name, course in list(self._courses.items()):
                fails = self._is_failing(name)
                if fails is not course.is_told:
                    await self._tell_change(name, fails=fails)
            await self._sleep(_LOOK_EVERY_SECONDS)

    async def _tell_change(self, name: LoopName, *, fails: bool) -> None:
        try:
            await self._tell(name, fails=fails)
        except BaseException as error:
            if _is_told_to_end(error):
                raise
            reason = type(error).__name__
            logger.error("nobody is told yet of loop %s: %s", name, reason, exc_info=error)
        else:
            self._courses[name].is_told = fails


def _is_told_to_end(error: BaseException) -> bool:
    """Return whether an end was asked for, and is not a failure, whatever the exception's class."""
    return _is_cancelled() or isinstance(error, GeneratorExit | KeyboardInterrupt | SystemExit)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
