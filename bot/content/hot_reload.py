"""Saved files are in service within two seconds; broken ones change nothing and are reported."""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from watchfiles import awatch

from bot.content.in_service import InService
from bot.content.library import Documents, Library, Stamp, put_in_service
from bot.content.town_lists import TownLists
from bot.runtime.memory import give_back
from handlers.core.services import Services
from handlers.curation import report
from knowledge.files.problems import KnowledgeError, Problem
from knowledge.knowledge import Knowledge
from knowledge.loading import version_of
from storage.database import Database
from storage.engine.errors import StorageError
from storage.queues.outbox import Priority
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
ALARM = "knowledge"
# How often a folder is checked without a notification: some get lost, mostly on network disks.
_LOOK_MS = 1_000
_DEBOUNCE_MS = 200
_STEP_MS = 20
# How often to wait until files are written completely.
_SETTLED_SECONDS = 0.1
_MOST_WAITS = 10
# An editor may delete a file before it writes it again: faults are reported only after this time.
GRACE_SECONDS = 2.0
# How many notices of faults the group gets in that many seconds; whoever corrects a file by hand
# sees the outcome of each try.
_TOLD_AT_MOST = 3
_TOLD_SECONDS = 60.0
# Learning takes a second of processor time: after a start, people who already wait are answered
# first.
_FIRST_ANSWERS_SECONDS = 1.0


@dataclass(slots=True)
class _Trouble:
    problems: tuple[Problem, ...]
    since: float
    is_reported: bool = False

    @property
    def digest(self) -> str:
        """A fingerprint of the problems without line numbers, which move with every edit."""
        contents = [(problem.file, problem.where, problem.message) for problem in self.problems]
        return hashlib.sha256(repr(sorted(contents)).encode("utf-8", "replace")).hexdigest()


class HotReload:
    """Keeps the knowledge in service up to date with the files of a library."""

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
        # None: the files are read once more, for what was saved while the process started.
        self._stamp: Stamp | None = None
        self.town_lists = TownLists(library.directory, services, fictitious=library.fictitious)
        self._in_service = InService(library.directory, services, database)
        # What keeps the knowledge from use, as it was last read.
        self._faults: tuple[Problem, ...] = ()
        self._trouble: _Trouble | None = None
        self._told: deque[float] = deque(maxlen=_TOLD_AT_MOST)
        # Whether the facilitators may have been told of broken files, by a former process too.
        self._alarm_may_stand = True
        self._one_at_a_time = asyncio.Lock()
        self._to_learn: Documents | None = None
        self._is_to_learn = asyncio.Event()
        self._is_at_work = False

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._watch()

    def serve_first(self, knowledge: Knowledge, to_learn: Documents | None) -> None:
        """Answer with the knowledge of the start; ``to_learn``: its files, if they contain more."""
        put_in_service(knowledge, self._services)
        self._have_learnt(to_learn)

    async def learn(self) -> None:
        """Learn, until cancelled, the files that are served but not learnt; only the latest."""
        await asyncio.sleep(_FIRST_ANSWERS_SECONDS)
        while True:
            await self._is_to_learn.wait()
            self._is_to_learn.clear()
            documents, self._to_learn = self._to_learn, None
            if documents is None:
                continue
            try:
                await self._learn(documents)
            except BaseException:
                # Learnt after the restart of this loop, unless newer files wait.
                self._have_learnt(self._to_learn or documents)
                raise

    async def refresh(self) -> None:
        """Put the files in service if they changed since they were last read."""
        async with self._one_at_a_time:
            await self.town_lists.refresh()
            stamp = await asyncio.to_thread(self._library.stamp)
            if stamp != self._stamp:
                settled = await self._settled()
                await self._load()
                # Set only after loading: files that could not be loaded are read again.
                self._stamp = settled
            self._judge()
            await self._report()

    @property
    def is_learning(self) -> bool:
        """Whether the knowledge in service still uses the previous ranker."""
        return self._is_at_work or self._to_learn is not None

    async def _watch(self) -> None:
        """Check whenever something changes in the folders, and every second anyway."""
        places = self._places()
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
            if self._places() != places:
                return

    def _places(self) -> frozenset[Path]:
        return self._library.places() | self.town_lists.places()

    async def _settled(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Return the stamp once it no longer changes: files are not written in one step."""
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
            self._faults = error.problems
            return
        self._faults = ()
        if version_of(documents) != self._services.knowledge.version:
            await self._serve(documents)
        self._in_service.serves(documents)
        await asyncio.to_thread(self._library.keep, documents)

    def _judge(self) -> None:
        """Note what keeps files from use, those of the knowledge or the list of communes."""
        problems = (*self._faults, *self.town_lists.problems)
        if problems:
            self._notice(problems)
        else:
            self._trouble = None

    async def _serve(self, documents: Documents) -> None:
        former = self._services.knowledge
        served = await asyncio.to_thread(self._library.at_once, documents, former)
        put_in_service(served.knowledge, self._services)
        logger.info("knowledge %s is in service", served.knowledge.version)
        self._have_learnt(None if served.is_learnt else documents)

    def _have_learnt(self, documents: Documents | None) -> None:
        """Have these files learnt, in place of any that still wait."""
        self._to_learn = documents
        self._is_to_learn.set()

    async def _learn(self, documents: Documents) -> None:
        self._is_at_work = True
        try:
            learnt = await asyncio.to_thread(self._library.learn, documents)
        except Exception as error:
            # An encoder may raise any exception; the bot continues with the knowledge it has.
            logger.error("nothing was learnt: %s", type(error).__name__, exc_info=error)
        else:
            # If the files changed during learning, the new ones are learnt next.
            if learnt.version == self._services.knowledge.version:
                put_in_service(learnt, self._services)
                logger.info("knowledge %s is learnt", learnt.version)
            await asyncio.to_thread(give_back)
        finally:
            self._is_at_work = False

    def _notice(self, problems: tuple[Problem, ...]) -> None:
        now = asyncio.get_running_loop().time()
        trouble = _Trouble(problems, now)
        # The same problems saved again are not reported again.
        if self._trouble is None or self._trouble.digest != trouble.digest:
            self._trouble = trouble

    async def _report(self) -> None:
        """Tell the facilitators of faults, of their end, of what is live; in an outage, later."""
        try:
            if self._trouble is not None:
                await self._tell_trouble(self._trouble)
            elif self._alarm_may_stand:
                await self._clear_alarm()
            if await self._in_service.tell():
                self._announce()
        except StorageError as error:
            logger.error("the facilitators are told later: %s", error)

    async def _tell_trouble(self, trouble: _Trouble) -> None:
        now = asyncio.get_running_loop().time()
        if trouble.is_reported or now - trouble.since < GRACE_SECONDS:
            return
        # While something saves faulty files without end, the group reads of the latest only.
        if len(self._told) == _TOLD_AT_MOST and now - self._told[0] < _TOLD_SECONDS:
            return
        self._alarm_may_stand = True
        async with self._database.begin() as work:
            is_new = await work.change_requests.raise_alarm(ALARM, trouble.digest)
            if is_new:
                await self._post(work, report.broken(trouble.problems))
        if is_new:
            self._told.append(now)
        trouble.is_reported = True
        self._announce()

    async def _clear_alarm(self) -> None:
        async with self._database.begin() as work:
            if await work.change_requests.clear_alarm(ALARM):
                await self._post(work, report.mended())
        self._alarm_may_stand = False
        self._announce()

    async def _post(self, work: UnitOfWork, notice: report.Notice) -> None:
        # Without a group, the message would stay in the outbox and be sent long afterwards.
        if self._services.facilitator_chat_id is not None:
            for outgoing in report.owed(notice):
                # Sent after the questions of people that wait for the same group.
                await work.outbox.add(replace(outgoing, priority=Priority.BROADCAST))
