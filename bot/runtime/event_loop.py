"""The bot's event loop: uvloop where it exists for this system, otherwise asyncio's."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
# An update creates thousands of objects and few reference cycles: to collect after every 700
# objects took a twentieth of its time.
_BETWEEN_COLLECTIONS = (20_000, 20, 100)


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the factory of the loop."""
    try:
        import uvloop  # noqa: PLC0415 - there is none for Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, like ``asyncio.run``, with this process tuned for it."""
    gc.set_threshold(*_BETWEEN_COLLECTIONS)
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(main)
