"""The event loop that the bot runs on: uvloop where there is one for this system, or asyncio's."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
# An update makes thousands of objects, and few that refer to themselves: to look for those after
# every 700 took a twentieth of its time.
_BETWEEN_COLLECTIONS = (20_000, 20, 100)


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop."""
    try:
        import uvloop  # noqa: PLC0415 - there is none for Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, as ``asyncio.run`` does; this is all that the process is for."""
    gc.set_threshold(*_BETWEEN_COLLECTIONS)
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(main)
