"""Saved files are in service within two seconds; broken ones leave what was, and are told of."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from watchfiles import awatch

from bot.content.library import Documents, Library, put_in_service
from handlers.core.services import Services
from handlers.curation import report
from knowledge.files.problems import KnowledgeError, Problem
from knowledge.knowledge import Knowledge
from knowledge.loading import version_of
from storage.database import Database
from storage.engine.errors import StorageError
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
ALARM = "knowledge"
# How often a folder is looked at anyway: notices get lost, on network disks above all.
_LOOK_MS = 1_000
_DEBOUNCE_MS = 200
_STEP_MS = 20
# Files still being written are waited for, but not for ever.
_SETTLED_SECONDS = 0.1
_MOST_WAITS = 10
# An editor may delete a file before it writes it anew: that is no fault to tell of.
GRACE_SECONDS = 2.0
# Learning is work for a second: at a start, those who wait already are answered first.
_FIRST_ANSWERS_SECONDS = 1.0


@dataclass(slots=True)
class _Trouble:
    problems: tuple[Problem, ...]
    since: float
    told: bool = False

    @property
    def digest(self) -> str:
        """What is wrong, wherever its line has moved to by now."""
        said = [(one.file, one.where, one.message) for one in self.problems]
        return hashlib.sha256(repr(sorted(said)).encode("utf-8", "replace")).hexdigest()


class HotReload:
    """Keeps the knowledge in service as the files of a library are."""

    def __init__(
        self,
        library: Library,
        services: Services,
        database: Database,
        announce: Callable[[], None],
    ) -> None:
        self._library = library
        self._services = services
        self._database = database
        self._announce = announce
        # Files that were refused at the start are looked at again, and told of.
        self._stamp = None if library.is_behind else library.stamp()
        self._trouble: _Trouble | None = None
        self._one_at_a_time = asyncio.Lock()
        self._to_learn: Documents | None = None
        self._is_to_learn = asyncio.Event()
        self._is_at_work = False

    async def run(self) -> None:
        """Watch until cancelled."""
        if self._trouble is None and not self._library.is_behind:
            await self._forget_alarm()
        while True:
            await self._watch()

    def serve_first(self, knowledge: Knowledge, to_learn: Documents | None) -> None:
        """Answer from what a start made at once; ``to_learn``: the files, if more is in them."""
        put_in_service(knowledge, self._services)
        self._have_learnt(to_learn)

    async def learn(self) -> None:
        """Learn until cancelled what was served before it was learnt: what came last, first."""
        await asyncio.sleep(_FIRST_ANSWERS_SECONDS)
        while True:
            await self._is_to_learn.wait()
            self._is_to_learn.clear()
            documents, self._to_learn = self._to_learn, None
            if documents is not None:
                await self._learn(documents)

    async def refresh(self) -> None:
        """Put in service what the files say now, if they changed since they were last read."""
        async with self._one_at_a_time:
            stamp = await asyncio.to_thread(self._library.stamp)
            if stamp != self._stamp:
                settled = await self._settled()
                await self._load()
                # Only now: what could not be loaded is looked at again.
                self._stamp = settled
            await self._tell_trouble()

    @property
    def is_learning(self) -> bool:
        """Whether what is in service is still ranked by what was learnt before."""
        return self._is_at_work or self._to_learn is not None

    async def _watch(self) -> None:
        """Look whenever something moves in the folders, and every second anyway."""
        places = self._library.places()
        await self.refresh()
        if not places:
            await asyncio.sleep(_LOOK_MS / 1000)
            return
        async for _ in awatch(
            *places,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            recursive=False,
        ):
            await self.refresh()
            if self._library.places() != places:
                return

    async def _settled(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Return the stamp once it no longer changes: files are not written in one go."""
        stamp = await asyncio.to_thread(self._library.stamp)
        for _ in range(_MOST_WAITS):
            await asyncio.sleep(_SETTLED_SECONDS)
            former, stamp = stamp, await asyncio.to_thread(self._library.stamp)
            if stamp == former:
                break
        return stamp

    async def _load(self) -> None:
        try:
            documents = await asyncio.to_thread(self._library.read)
        except KnowledgeError as error:
            logger.warning("the files have %d faults: nothing changes", len(error.problems))
            self._notice(error.problems)
            return
        if version_of(documents) != self._services.knowledge.version:
            await self._serve(documents)
        await asyncio.to_thread(self._library.keep, documents)
        await self._mended()

    async def _serve(self, documents: Documents) -> None:
        former = self._services.knowledge
        served = await asyncio.to_thread(self._library.at_once, documents, former)
        put_in_service(served.knowledge, self._services)
        logger.info("knowledge %s is in service", served.knowledge.version)
        self._have_learnt(None if served.is_learnt else documents)

    def _have_learnt(self, documents: Documents | None) -> None:
        """Have these learnt, and nothing that was to be learnt before them."""
        self._to_learn = documents
        self._is_to_learn.set()

    async def _learn(self, documents: Documents) -> None:
        self._is_at_work = True
        try:
            learnt = await asyncio.to_thread(self._library.learn, documents)
        except Exception as error:
            # An encoder may fail in any way; the bot goes on with what it has.
            logger.error("nothing was learnt: %s", type(error).__name__, exc_info=error)
        else:
            # Files that changed meanwhile are learnt next.
            if learnt.version == self._services.knowledge.version:
                put_in_service(learnt, self._services)
                logger.info("knowledge %s is learnt", learnt.version)
        finally:
            self._is_at_work = False

    def _notice(self, problems: tuple[Problem, ...]) -> None:
        now = asyncio.get_running_loop().time()
        trouble = _Trouble(problems, now)
        # The same fault saved once more is still the same news.
        if self._trouble is None or self._trouble.digest != trouble.digest:
            self._trouble = trouble

    async def _tell_trouble(self) -> None:
        trouble, now = self._trouble, asyncio.get_running_loop().time()
        if trouble is None or trouble.told or now - trouble.since < GRACE_SECONDS:
            return
        async with self._database.begin() as work:
            if await work.change_requests.raise_alarm(ALARM, trouble.digest):
                await self._post(work, report.broken(trouble.problems))
        trouble.told = True
        self._announce()

    async def _mended(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            await self._clear_alarm()

    async def _forget_alarm(self) -> None:
        """Say that files are right which were broken when the process ended."""
        try:
            await self._clear_alarm()
        except StorageError as error:
            logger.error("an alarm stays: %s", error)

    async def _clear_alarm(self) -> None:
        async with self._database.begin() as work:
            if await work.change_requests.clear_alarm(ALARM):
                await self._post(work, report.mended())
        self._announce()

    async def _post(self, work: UnitOfWork, notice: report.Notice) -> None:
        # Without a group, it would wait for one, and be told long after.
        if self._services.facilitator_chat_id is not None:
            for outgoing in report.owed(notice):
                await work.outbox.add(outgoing)
