"""Opening the database for a command, beside a bot that may be working on it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.commands.console import fail
from bot.messages import TEXT
from storage.database import Database
from storage.engine.errors import InUseError, StorageError
from storage.engine.faults import Fault, fault_of
from storage.operations.inspect import inspect_database
from storage.operations.keys import opened

# What the next start of the bot mends.
_PASSING = frozenset({Fault.MISSING, Fault.EMPTY, Fault.OUTDATED})


def run(url: str, keys: Sequence[str], act: Callable[[Database], Awaitable[int]]) -> int:
    """Do something on a sound database of this version; return the exit code, or say why not."""

    async def on_it() -> int:
        async with opened(url, keys) as database:
            return await act(database)

    return run_apart(url, keys, on_it)


def run_apart(url: str, keys: Sequence[str], act: Callable[[], Awaitable[int]]) -> int:
    """Do what opens the database itself, as in `run`."""
    try:
        return asyncio.run(_if_sound(url, keys, act))
    except InUseError as error:
        return fail(TEXT.label("keys_in_use", path=error.path))
    except StorageError as error:
        return _refused(fault_of(error), str(error))


async def _if_sound(url: str, keys: Sequence[str], act: Callable[[], Awaitable[int]]) -> int:
    for finding in await inspect_database(url, keys):
        return _refused(finding.fault, finding.detail)
    return await act()


def _refused(fault: Fault, detail: str) -> int:
    if fault in _PASSING:
        why = TEXT.label("start_first")
    else:
        why = TEXT.label(f"database_{fault}", reason=detail)
    return fail(TEXT.label("keys_not_ready", why=why))
