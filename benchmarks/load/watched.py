"""A program with a clock in its event loop: ``python -m benchmarks.load.watched FILE MODULE ARGS``.

Every hundredth of a second the loop is asked to wake a coroutine; how late it does so (seconds, a
double) is appended to the file. A callback that holds the loop shows as a late wake.
"""

import asyncio
import runpy
import struct
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

_EVERY_SECONDS = 0.01
_SAMPLE = struct.Struct("d")
_run = asyncio.run


def lags(file: Path) -> list[float]:
    """Return what was noted so far."""
    content = file.read_bytes() if file.exists() else b""
    whole = len(content) // _SAMPLE.size * _SAMPLE.size
    return [lag for (lag,) in _SAMPLE.iter_unpack(content[:whole])]


async def _watch(path: str) -> None:
    loop = asyncio.get_running_loop()
    with Path(path).open("ab", buffering=0) as file:  # noqa: ASYNC230 - a few bytes at a time
        while True:
            due = loop.time() + _EVERY_SECONDS
            await asyncio.sleep(_EVERY_SECONDS)
            file.write(_SAMPLE.pack(max(0.0, loop.time() - due)))


def main() -> None:
    """Run a module as ``python -m`` does, with its loop watched."""
    path, module, *arguments = sys.argv[1:]

    def run(program: Coroutine[Any, Any, Any], **options: Any) -> Any:  # noqa: ANN401 - as asyncio's
        async def watched() -> Any:  # noqa: ANN401
            watching = asyncio.create_task(_watch(path))
            try:
                return await program
            finally:
                watching.cancel()

        return _run(watched(), **options)

    asyncio.run = run  # type: ignore[assignment]  # seen by whoever calls it after
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
