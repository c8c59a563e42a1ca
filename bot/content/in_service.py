"""Tells the facilitators' group that what an editor saved is in service.

At most one message a minute, of all that changed since the last one: ten saves in a minute make one
message. What was published from Telegram was told already, and is left out.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.content.library import Documents
from handlers.core.services import Services
from handlers.curation import report
from knowledge.curation.diff import differences
from knowledge.file_set import content_at, fingerprint
from knowledge.loading import version_of
from storage.database import Database
from storage.queues.outbox import Priority
from storage.unit_of_work import UnitOfWork

NAME = "in-service"
# Between two messages.
EVERY = timedelta(minutes=1)
# An editor saves often, and several files one after the other: tell once they have stopped.
_QUIET_SECONDS = 5.0
# Longer ago, a publication was told, and its file has surely been read since.
_PUBLISHED_WITHIN = timedelta(days=1)


class InService:
    """What the group has been told of, and what is served since."""

    def __init__(self, directory: Path, services: Services, database: Database) -> None:
        self._directory = directory
        self._services = services
        self._database = database
        self._told: Documents | None = None
        self._served: Documents | None = None
        self._since = 0.0
        self._told_at: datetime | None = None

    def serves(self, documents: Documents) -> None:
        """Note what is in service now; the first time, the group needs no telling."""
        if self._told is None:
            self._told = documents
        if self._served is None or version_of(documents) != version_of(self._served):
            self._since = asyncio.get_running_loop().time()
        self._served = documents

    async def tell(self) -> bool:
        """Put a message in the outbox where one is due; False where none is."""
        served, told = self._served, self._told
        if served is None or told is None or version_of(served) == version_of(told):
            return False
        if asyncio.get_running_loop().time() - self._since < _QUIET_SECONDS:
            return False
        prints = await asyncio.to_thread(self._prints, served)
        async with self._database.begin() as work:
            # A content that an editor puts back after another one was told is told too.
            since = max(work.now - _PUBLISHED_WITHIN, self._told_at or work.now - _PUBLISHED_WITHIN)
            published = await work.change_requests.told_prints(since)
        # Nobody reads twice of what was published from Telegram.
        known = [file for file, print_ in prints.items() if (file, print_) in published]
        told = told | {file: served[file] for file in known}
        changes = await asyncio.to_thread(differences, told, served)
        async with self._database.begin() as work:
            if changes and await self._must_wait(work):
                self._told = told
                return False
            is_ours = bool(changes) and await self._is_new(work, served)
            for outgoing in report.owed(report.in_service(changes)) if is_ours else ():
                await work.outbox.add(replace(outgoing, priority=Priority.BROADCAST))
            self._told_at = work.now
        self._told = served
        return is_ours

    async def _must_wait(self, work: UnitOfWork) -> bool:
        standing = await work.change_requests.alarm(NAME)
        return standing is not None and work.now - EVERY < standing.at <= work.now + EVERY

    async def _is_new(self, work: UnitOfWork, served: Documents) -> bool:
        """Tell whether no other process on the same folder told it, and there is a group."""
        if self._services.facilitator_chat_id is None:
            return False
        return await work.change_requests.raise_alarm(NAME, version_of(served))

    def _prints(self, served: Documents) -> dict[str, str]:
        return {file: fingerprint(content_at(self._directory / file)) for file in served}
