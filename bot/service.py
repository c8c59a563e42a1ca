"""The assembled bot: knowledge, database, handlers, and the loops that keep it running."""

import asyncio
import gc
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from telegram.error import InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.assembly import Parts, assemble, library_of
from bot.command_menus import introduce
from bot.content.identity import is_preview
from bot.content.library import Documents, Library
from bot.content.weekly_digest import WeeklyDigest
from bot.messages import TEXT
from bot.outbox.bot_api import ask
from bot.recurring.project_news import ProjectNewsTeller
from bot.recurring.reminders import Reminders
from bot.runtime import metrics
from bot.runtime.lanes import Lanes
from bot.runtime.repeating import repeat
from bot.runtime.supervisor import Loop, LoopName, StopOrder
from bot.settings import Settings
from handlers.general import privacy
from handlers.messages import Catalogue
from handlers.requests import follow_up
from knowledge.knowledge import Knowledge
from storage.database import utc_now
from storage.heartbeat import BEAT

if TYPE_CHECKING:
    from bot.preview.server import PreviewServer
    from bot.runtime.front_process import FrontProcess
    from bot.runtime.web_server import WebServer

logger = logging.getLogger(__name__)

# How often to check whether the hourly sweep is due: a worker may have died during a sweep.
_SWEEP_SECONDS = 300.0
_LONGEST_PAUSE = 30.0
# Saved files are promised within two seconds: the loops that serve them wait no longer to restart.
_SOON = 2.0
_TELLING_SECONDS = 5.0
ALERTS = Catalogue.of("alerts")


class NotTelegramError(Exception):
    """The server at TELEGRAM_API_URL does not speak Telegram's protocol."""


class Service:
    """A bot that can be started and stopped; a process has one."""

    def __init__(  # noqa: PLR0913 - the parts that a mode of running chooses
        self,
        settings: Settings,
        knowledge: Knowledge,
        *,
        clock: Callable[[], datetime] = utc_now,
        to_learn: Documents | None = None,
        by_webhook: bool = False,
        library: Library | None = None,
        preview: "PreviewServer | None" = None,
    ) -> None:
        """Assemble a bot that fetches updates or, ``by_webhook``, receives them from Telegram.

        ``preview`` is the stand-in for Telegram, if it is one: it serves the pages and takes the
        e-mails.

        ``library`` is the folder that the knowledge was loaded from; it is watched. ``to_learn``:
        its files, where they contain more than this knowledge has learnt.
        """
        self._settings = settings
        self._to_learn = to_learn
        self._watches = library is not None
        library = library or library_of(settings, knowledge)
        postman = preview.letters if preview else settings.mail_server()
        self.parts = assemble(
            settings, knowledge, clock, library, by_webhook=by_webhook, postman=postman
        )
        is_served = by_webhook or preview is not None
        self._page_server = None if is_served else _page_server(settings, self.parts)
        self._front = _front(settings, self.parts, self._page_server)
        if preview is not None:
            preview.pages = self.parts.pages
            preview.messenger.name(knowledge.initiative.name)

    async def start(self) -> None:
        """Migrate the database, connect to Telegram, and begin to answer.

        Raises StorageError where the database cannot be used, InvalidToken where Telegram does not
        know the token, NotTelegramError where another server answers, AddressTakenError where a
        worker cannot listen. While Telegram does not answer, it waits.
        """
        await self.parts.update_source.open()
        if self._page_server is not None:
            await self._page_server.start()
        await self.parts.database.migrate()
        await self.parts.database.join()
        # Before connecting to Telegram: that may take longer than other workers wait for a
        # heartbeat.
        self.parts.supervisor.start(self._presence())
        await self._meet_telegram()
        self.parts.services.bot_username = self.parts.application.bot.username
        # The first question may be about a town.
        await self.parts.hot_reload.town_lists.refresh()
        self.parts.hot_reload.serve_first(self.parts.services.knowledge, self._to_learn)
        _spare_from_collection()
        self._warn()
        self.parts.supervisor.start(self._loops())

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop; a loop that fails for good ends the service with its error.

        So does damage to the database file, whichever loop met it.
        """
        running = asyncio.get_running_loop()
        waiting = running.create_task(stop.wait())
        ending = running.create_task(self.parts.supervisor.ended())
        damage = running.create_task(self.parts.database.damage())
        await asyncio.wait({waiting, ending, damage}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, ending, damage):
            if not task.done():
                task.cancel()
        if damage.done() and not damage.cancelled():
            await self._tell_damage()
            raise damage.result()
        if ending.done() and not ending.cancelled():
            await ending

    async def _tell_damage(self) -> None:
        """Tell the administrators at once: the outbox is in the database."""
        chat_id = self.parts.services.admin_chat_id
        if chat_id is None:
            return
        content = {"chat_id": chat_id, "text": ALERTS("damaged"), "parse_mode": "HTML"}
        try:
            async with asyncio.timeout(_TELLING_SECONDS):
                await ask(self.parts.application.bot, "sendMessage", content)
        except (TelegramError, TimeoutError) as error:
            logger.error("the administrators are not told: %s", type(error).__name__)

    async def stop(self) -> None:
        """Stop fetching, let the work under way end, close everything."""
        await self.parts.update_source.close()
        await self.parts.inline_desk.close()
        if self._page_server is not None:
            await self._page_server.stop()
        await self.parts.supervisor.stop()
        await self.parts.application.shutdown()
        # Where Telegram refused the token, only the bot's connections were opened.
        await self.parts.application.bot.shutdown()
        await self.parts.database.close()

    @property
    def page_port(self) -> int | None:
        """The port where this process serves the pages; None where another server does, or none."""
        return None if self._page_server is None else self._page_server.port

    def _loops(self) -> tuple[Loop, ...]:
        """Declare the loops that run concurrently, and what the end of each means."""
        parts = self.parts
        menus = partial(introduce, parts.application.bot, parts.services)
        return (
            Loop(LoopName.UPDATE_SOURCE, parts.update_source.run, ends_process=True),
            _of_lanes(LoopName.INBOX, parts.inbox_worker, StopOrder.HANDLING),
            _of_lanes(LoopName.DISPATCHER, parts.dispatcher, StopOrder.SENDING),
            Loop(LoopName.COMMAND_MENUS, menus, runs_once=True),
            Loop(LoopName.LEARNING, parts.hot_reload.learn),
            Loop(LoopName.RETENTION, partial(repeat, self._sweep, _SWEEP_SECONDS, "retention")),
            Loop(LoopName.REMINDERS, self._reminders().run),
            Loop(LoopName.SCRUBBING, parts.database.keep_scrubbed),
            Loop(LoopName.BACKLOG, parts.backlog.watch),
            Loop(LoopName.EVENT_LOOP_LAG, metrics.watch_loop),
            Loop(LoopName.PUBLISHER, parts.publisher.run, longest_pause=_SOON),
            Loop(LoopName.PROJECT_NEWS, self._project_news().run),
            *self._optional_loops(),
        )

    def _optional_loops(self) -> list[Loop]:
        loops = []
        if self.parts.mail_dispatcher is not None:
            loops.append(_of_lanes(LoopName.MAIL, self.parts.mail_dispatcher, StopOrder.SENDING))
        if self._front is not None:
            loops.append(Loop(LoopName.FRONT, self._front.run, is_vital=False))
        if self._watches:
            loops.append(Loop(LoopName.HOT_RELOAD, self.parts.hot_reload.run, longest_pause=_SOON))
        if self._settings.weekly_digest:
            loops.append(Loop(LoopName.WEEKLY_DIGEST, self._digest().run))
        return loops

    def _presence(self) -> list[Loop]:
        database, beat = self.parts.database, BEAT.total_seconds()
        if not database.is_shared:
            return []
        # After a pause of several beats, the other workers would take this one for dead.
        run, last = database.keep_beating, StopOrder.PRESENCE
        return [Loop(LoopName.HEARTBEAT, run, stops=last, longest_pause=beat)]

    async def _meet_telegram(self) -> None:
        pause = 1.0
        while True:
            try:
                await self.parts.application.initialize()
            except InvalidToken:
                raise
            except (NetworkError, RetryAfter) as error:
                logger.warning("Telegram does not answer: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception as error:
                # PTB may raise any exception on an answer that it cannot parse.
                raise NotTelegramError(type(error).__name__) from error
            else:
                return

    def _digest(self) -> WeeklyDigest:
        parts = self.parts
        return WeeklyDigest(parts.database, parts.services, parts.dispatcher.wake)

    def _project_news(self) -> ProjectNewsTeller:
        parts = self.parts
        return ProjectNewsTeller(parts.database, parts.services, parts.dispatcher.wake)

    def _reminders(self) -> Reminders:
        parts = self.parts
        return Reminders(parts.database, parts.services, parts.dispatcher.wake, follow_up.ask)

    def _warn(self) -> None:
        if self._settings.admin_chat_id is None:
            logger.warning(TEXT.label("no_administrators"))
        if not self.parts.services.identity.reachable:
            logger.warning(TEXT.label("no_contact"))
        if not (self._settings.operator_name or is_preview(self._settings)):
            logger.warning(TEXT.label("no_operator"))

    async def _sweep(self) -> None:
        """Delete expired data every hour; log counts only."""
        async with self.parts.database.begin() as work:
            limits = self.parts.services.question_limits
            counts = await work.retention.sweep(self.parts.services.kept.durations, limits)
            privacy.blank(work, work.retention.notices)
        if counts:
            logger.info("retention: %s", counts)


def _spare_from_collection() -> None:
    """Exempt the objects made at start from garbage collection: most live as long as the process.

    Traversing them again and again took a seventh of the time (145,000 objects, 75 ms). It is done
    once only. A frozen object that becomes part of an unreachable cycle is never freed; freezing
    anew at each change of the files would prevent this, but would block everybody for those 75 ms.
    Objects of later knowledge are not frozen: a knowledge is some hundreds of objects that the
    collector traverses (0.6 ms), and reference counts free it.
    """
    gc.freeze()


def _of_lanes(name: LoopName, lanes: Lanes[Any, Any], stops: StopOrder) -> Loop:
    return Loop(name, lanes.run, ends_process=True, stops=stops, is_stuck=lambda: lanes.is_stuck)


def _front(
    settings: Settings, parts: Parts, page_server: "WebServer | None"
) -> "FrontProcess | None":
    server = page_server or parts.update_source.server
    if parts.pages is None or server is None or not settings.front_process:
        return None
    from bot.runtime import front_process  # noqa: PLC0415 - as for the pages

    if not front_process.is_possible():
        return None
    return front_process.FrontProcess(server, parts.pages.ready, metrics.page_answered)


def _page_server(settings: Settings, parts: Parts) -> "WebServer | None":
    if parts.pages is None:
        return None
    from bot.runtime.web_server import WebServer  # noqa: PLC0415 - as for the pages

    return WebServer(parts.pages, settings.listen_host, settings.listen_port)
