"""A task that is done again and again, whatever becomes of the database meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from storage.engine.errors import StorageError

logger = logging.getLogger(__name__)


async def repeat(step: Callable[[], Awaitable[object]], seconds: float, name: str) -> None:
    """Take a step, wait, and take it again, until cancelled; a fault of the database is logged.

    ``seconds`` is the pause; ``name`` says in the log what waits for the database.
    """
    while True:
        try:
            await step()
        except StorageError as error:
            logger.error("%s: waiting for the database, %s", name, type(error).__name__)
        await asyncio.sleep(seconds)
