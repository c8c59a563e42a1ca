"""Carries out facilitators' requests from Telegram: examines, reports, publishes, reloads.

Handlers write rows; this loop does what takes seconds, outside any transaction. Every process runs
one: a single one examines a change, and each copies what was published to its own folder.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot.content.busy_sign import busy_sign
from bot.content.change_requests import (
    ExaminedChange,
    NotPossibleError,
    compared,
    examined,
    reviewed,
    stored,
    superseded_by,
    written,
)
from bot.content.hot_reload import HotReload
from bot.content.library import Library
from bot.runtime.error_reference import CrashedError, new_reference
from handlers.core.services import Services
from handlers.curation import report as examination
from handlers.curation.received import kept_for, received_for
from handlers.curation.report import Examined, Notice
from handlers.messages import Catalogue
from knowledge.curation.versions import BaseChangedError, VersionSet
from knowledge.files.yaml_reader import LARGEST_BYTES
from storage.database import Database
from storage.engine.errors import StorageError
from storage.records.change_requests import GROUP, ChangeKind, ChangeRequest, ChangeState
from storage.workers.isolation import MOST_CRASHES

logger = logging.getLogger(__name__)
TEXT = Catalogue.of("publication")
# From a tap to the last machine five seconds are allowed: one to take the request up, one to notice
# it, the rest to read the files.
EVERY_SECONDS = 1.0
_TRIES = 3
# Of what changes nothing, there is nothing to send again.
_FAILED_LOOKS = {
    ChangeKind.REVIEW: "review_failed",
    ChangeKind.COMPARISON: "comparison_failed",
}


class Publisher:
    """The loop that carries out the requests."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[None],
        services: Services,
        library: Library,
        hot_reload: HotReload,
        announce: Callable[[], None],
    ) -> None:
        self._database = database
        self._bot = bot
        self._services = services
        self._library = library
        self._reloading = hot_reload
        self._announce = announce
        self._seen: tuple[int, int] | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self._catch_up()
                while (change := await self._claim()) is not None:
                    await self._do(change)
            except StorageError as error:
                logger.error("publishing: the database does not answer: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def _claim(self) -> ChangeRequest | None:
        isolation = self._database.isolation
        async with isolation.claiming(), self._database.begin() as work:
            requests = work.change_requests
            which = await isolation.choose("publisher", work.workers, requests.has_suspect)
            return await requests.claim(self._database.worker, which)

    async def _do(self, change: ChangeRequest) -> None:
        """Carry out one request; whatever happens, its result is reported and the row ends."""
        act = self._publish if change.state is ChangeState.WANTED else self._examine
        try:
            if change.crashes >= MOST_CRASHES:
                await self._fail(change, CrashedError())
            else:
                async with self._busy_sign(change):
                    await act(change)
        except NotPossibleError as error:
            await self._end(change, ChangeState.REFUSED, error.text)
        except BaseChangedError:
            await self._end(change, ChangeState.OVERTAKEN, TEXT("overtaken", files=change.files))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails, the facilitator is told
            await self._fail(change, error)
        self._announce()

    def _busy_sign(self, change: ChangeRequest) -> AbstractAsyncContextManager[None]:
        group = self._services.facilitator_chat_id
        chat_id = group if change.chat_id == GROUP else change.chat_id
        return nullcontext() if chat_id is None else busy_sign(self._bot, chat_id, change.topic_id)

    async def _examine(self, change: ChangeRequest) -> None:
        if change.kind is ChangeKind.COMPARISON:
            notice = await asyncio.to_thread(compared, self._library, change)
            await self._end(change, ChangeState.SHOWN, notice)
            return
        if change.kind is ChangeKind.REVIEW:
            notice = await asyncio.to_thread(reviewed, self._library, self._services)
            await self._end(change, ChangeState.SHOWN, notice)
            return
        former, given = await self._extended(change)
        uploads = await self._downloads(change) if change.kind is ChangeKind.UPLOAD else given
        result = await asyncio.to_thread(examined, self._library, self._services, change, uploads)
        if result.findings.errors:
            await self._end(change, ChangeState.REFUSED, self._outcome(change, result))
            return
        if former is not None and not _is_based_on(result, former):
            raise BaseChangedError(*former.files)
        await self._offer(change, await self._with_received(result), former)

    async def _extended(
        self, change: ChangeRequest
    ) -> tuple[ChangeRequest | None, Mapping[str, bytes]]:
        """Return the change that this one extends, if it still waits, and its contents."""
        if change.extends is None:
            return None, {}
        async with self._database.begin() as work:
            former = await work.change_requests.extended(change)
            contents = await work.change_requests.contents(former.id) if former else None
        return former, contents or {}

    async def _with_received(self, result: ExaminedChange) -> ExaminedChange:
        """Add the received questions that resemble the weak ones of the answers that change."""
        weak = frozenset(each.id for each in result.findings.findings if each.is_weak)
        knowledge = result.knowledge
        if knowledge is None or not weak:
            return result
        received = await received_for(self._database, self._services, knowledge, weak)
        return replace(result, findings=replace(result.findings, received=received))

    async def _downloads(self, change: ChangeRequest) -> dict[str, bytes]:
        """Download what was sent; Telegram keeps it, so this also works after a restart."""
        contents = {file: await self._download(sent) for file, sent in change.sent.items()}
        lost = [file for file, content in contents.items() if content is None]
        if lost:
            raise NotPossibleError(TEXT("upload_lost", files=lost))
        return {file: content for file, content in contents.items() if content is not None}

    async def _download(self, sent: str) -> bytes | None:
        for number in range(1, _TRIES + 1):
            try:
                file = await self._bot.get_file(sent)
                if (file.file_size or 0) > LARGEST_BYTES:
                    break
                return bytes(await file.download_as_bytearray())
            except BadRequest:
                break
            except TelegramError as error:
                logger.warning("a file does not come: %s", type(error).__name__)
                await asyncio.sleep(number)
        return None

    def _outcome(self, change: ChangeRequest, result: ExaminedChange) -> Notice:
        by = change.actor_name or ""
        return examination.outcome(change.id, tuple(result.contents), by, result.findings)

    async def _offer(
        self, change: ChangeRequest, result: ExaminedChange, former: ChangeRequest | None
    ) -> None:
        notice, report = self._outcome(change, result), _confirmation_of(result.findings)
        async with self._database.begin() as work:
            offered = await work.change_requests.offer(
                change.id, result.contents, result.prints, report
            )
            if not offered:
                return
            if former and await work.change_requests.take_place(former, change.id):
                await work.questions.follow(former.id, change.id)
            for outgoing in examination.owed(notice, change.chat_id, change.topic_id):
                await work.outbox.add(outgoing)

    async def _publish(self, change: ChangeRequest) -> None:
        async with self._database.begin() as work:
            contents, now = await work.change_requests.contents(change.id), work.now
        if not contents or contents.keys() != change.prints.keys():
            raise LookupError("nothing is left to publish")
        bases = {file: before for file, (before, _) in change.prints.items()}
        try:
            versions = await asyncio.to_thread(stored, self._library, contents, bases, now=now)
        except OSError as error:
            await self._fail(change, error)
            return
        await self._reloading.refresh()
        await self._say_published(change, versions)

    async def _say_published(self, change: ChangeRequest, versions: VersionSet) -> None:
        by = change.decided_by or change.actor_name or ""
        text = TEXT("published", files=change.files, by=by, learning=self._reloading.is_learning)
        async with self._database.begin() as work:
            if not await work.change_requests.published(change.id, versions.id, versions.at):
                return
            for outgoing in examination.owed(Notice(text), change.chat_id, change.topic_id):
                await work.outbox.add(outgoing)
            if change.chat_id > 0 and self._services.facilitator_chat_id is not None:
                # The request came from a private chat: the group is informed too.
                for outgoing in examination.owed(Notice(text)):
                    await work.outbox.add(outgoing)
        logger.info("%s: published", ", ".join(change.files))

    async def _end(self, change: ChangeRequest, state: ChangeState, outcome: Notice | str) -> None:
        notice = Notice(outcome) if isinstance(outcome, str) else outcome
        async with self._database.begin() as work:
            if await work.change_requests.end(change.id, state, before=change.state):
                for outgoing in examination.owed(notice, change.chat_id, change.topic_id):
                    await work.outbox.add(outgoing)

    async def _fail(self, change: ChangeRequest, error: Exception) -> None:
        reference = new_reference()
        name = type(error).__name__
        logger.error("%s: a change of the files failed: %s", reference, name, exc_info=error)
        text = TEXT(_words_of(change, error), reference=reference, files=change.files)
        await self._end(change, ChangeState.FAILED, text)

    async def _catch_up(self) -> None:
        """Copy to this process's own folder what another process has published."""
        async with self._database.begin() as work:
            newest = await work.change_requests.newest()
            if newest == self._seen:
                return
            done = await work.change_requests.all_published()
        changed = False
        for change in done:
            if await asyncio.to_thread(superseded_by, self._library, change):
                changed |= await self._copy(change)
        self._seen = newest
        if changed:
            await self._reloading.refresh()

    async def _copy(self, change: ChangeRequest) -> bool:
        async with self._database.begin() as work:
            contents = await work.change_requests.contents(change.id)
        if contents is None:
            return False
        names = ", ".join(change.files)
        try:
            await asyncio.to_thread(written, self._library, change, contents)
        except (BaseChangedError, OSError) as error:
            logger.error("%s: not copied: %s", names, type(error).__name__)
            return False
        logger.info("%s: published elsewhere, now in our folder", names)
        return True


def _words_of(change: ChangeRequest, error: Exception) -> str:
    """Return the name of the words that say what failed."""
    if change.state is ChangeState.WANTED and isinstance(error, OSError):
        return "publication_failed"
    return _FAILED_LOOKS.get(change.kind, "examination_failed")


def _confirmation_of(findings: Examined) -> dict[str, object]:
    """Return the data for the second confirmation before publishing."""
    stale = findings.stale
    return {
        "confirm": findings.needs_confirmation,
        "wrong": [voice.question for voice in findings.wrong],
        "stale": stale and {"at": TEXT.label("at", at=stale.at)},
        **kept_for(findings.received),
    }


def _is_based_on(result: ExaminedChange, former: ChangeRequest) -> bool:
    """Tell whether the files are still those that a change was examined for."""
    before = {file: base for file, (base, _) in former.prints.items()}
    return all(before.get(file, base) == base for file, base in result.bases.items())
