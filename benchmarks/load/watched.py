"""Measures a program's event loop: ``python -m benchmarks.load.watched FILE MODULE ARGS``.

From SIGUSR1 to SIGUSR2, the main thread's loop is asked to wake two hundred times a second; how
late it wakes (seconds, a double) is appended to the file. A callback that blocks the loop shows as
a late wake. At other times nothing is measured, because a contender at rest must not take processor
time from the one at work.
"""

import asyncio
import runpy
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import uvloop

_EVERY_SECONDS = 0.005
_SAMPLE = struct.Struct("d")


def lags(file: Path) -> list[float]:
    """Return the lags measured so far, in seconds."""
    content = file.read_bytes() if file.exists() else b""
    whole = len(content) // _SAMPLE.size * _SAMPLE.size
    return [lag for (lag,) in _SAMPLE.iter_unpack(content[:whole])]


class Clock:
    """Writes how late a loop wakes, from ``start`` to ``stop``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, file: BinaryIO) -> None:
        self._loop = loop
        self._file = file
        self._due = 0.0
        self._handle: asyncio.Handle | None = None

    def obey(self) -> None:
        """Start and stop on signals from now on."""
        for number, act in ((signal.SIGUSR1, self.start), (signal.SIGUSR2, self.stop)):
            signal.signal(number, lambda *_, act=act: self._loop.call_soon_threadsafe(act))

    def start(self) -> None:
        """Schedule the next wake."""
        # Not the loop's own clock: uvloop's counts milliseconds, and stands still during callbacks.
        self._due = time.monotonic() + _EVERY_SECONDS
        self._handle = self._loop.call_later(_EVERY_SECONDS, self._timer)

    def stop(self) -> None:
        """Cancel the next wake."""
        if self._handle:
            self._handle.cancel()

    def _timer(self) -> None:
        # As for a sleeping coroutine: a timer makes it ready, and the loop's next turn runs it.
        self._handle = self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._file.write(_SAMPLE.pack(max(0.0, time.monotonic() - self._due)))
        self.start()


def watch(file: BinaryIO) -> None:
    """Put a clock in every loop of the main thread, whatever runs the loop."""
    run_forever = asyncio.BaseEventLoop.run_forever

    def watched(loop: asyncio.BaseEventLoop) -> None:
        clock = Clock(loop, file)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main:
            clock.obey()
        try:
            run_forever(loop)
        finally:
            clock.stop()

    # Patch the class, so that asyncio.run and libraries that run a loop themselves are all covered.
    asyncio.BaseEventLoop.run_forever = watched  # type: ignore[assignment, method-assign]

    def made() -> asyncio.AbstractEventLoop:
        loop = uvloop.Loop()
        loop.call_soon(Clock(loop, file).obey)
        return loop

    # uvloop's methods are compiled and cannot be replaced: replace the function that makes a loop.
    uvloop.new_event_loop = made


def main() -> None:
    """Run a module as ``python -m`` does, with its loop watched."""
    path, module, *arguments = sys.argv[1:]
    with Path(path).open("ab", buffering=0) as file:
        watch(file)
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
