"""The bot under a clock that can be moved: ``python -m benchmarks.soak.shifted FILE run``.

FILE contains the error of the clock in seconds; it is read five times a second. Only the wall clock
moves: monotonic clocks do not, as on a machine whose time is set.
"""

import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import storage.database
from bot.cli import main

_LOOK_EVERY_SECONDS = 0.2
_seconds = 0.0
_true_time = time.time


class ShiftedTime(datetime):
    """A ``datetime`` whose ``now`` is shifted."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one, as others expect
        """Return the shifted time."""
        return datetime.now(tz) + timedelta(seconds=_seconds)


def _watch(file: Path) -> None:
    while True:
        time.sleep(_LOOK_EVERY_SECONDS)
        _look(file)


def _look(file: Path) -> None:
    global _seconds  # noqa: PLW0603 - what stands in for the machine's clock is one for the process
    # The file is being written: it is read again soon.
    with suppress(OSError, ValueError):
        _seconds = float(file.read_text())


def shift(file: Path) -> None:
    """Shift the clock of this process by what a file says."""
    _look(file)
    threading.Thread(target=_watch, args=(file,), daemon=True).start()
    time.time = lambda: _true_time() + _seconds
    # The only place where the bot reads the wall clock.
    vars(storage.database)["datetime"] = ShiftedTime


if __name__ == "__main__":
    shift(Path(sys.argv.pop(1)))
    sys.exit(main(sys.argv[1:]))
