"""The bot put together: knowledge, database, handlers, and the loops that keep it going."""

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from telegram.error import InvalidToken, NetworkError, RetryAfter
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import BaseRequest

import handlers.table
from bot.command_menus import introduce
from bot.content.compiler import compiling
from bot.content.hot_reload import HotReload
from bot.content.library import Documents, Library
from bot.content.publisher import Publisher
from bot.content.weekly_digest import WeeklyDigest
from bot.inbox.backlog import Backlog
from bot.inbox.polling import PollingSource
from bot.inbox.source import UpdateSource
from bot.inbox.worker import BotApplication, InboxWorker, remember_failure
from bot.messages import TEXT
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.loop_alerts import LoopAlerts
from bot.outbox.rate_limits import limits_of
from bot.outbox.transport import Transport
from bot.runtime import metrics
from bot.runtime.lanes import Lanes
from bot.runtime.supervisor import Loop, LoopName, StopOrder, Supervisor
from bot.settings import Settings
from handlers.core.services import Identity, Services
from handlers.core.turn import BotContext
from knowledge.knowledge import Knowledge
from storage.database import Database, utc_now
from storage.engine.errors import StorageError
from storage.heartbeat import BEAT
from storage.privacy.retention import Durations

logger = logging.getLogger(__name__)

# What the dispatcher sends at once, and as many calls beside it.
_CONNECTIONS = 192
# How often to look whether the hourly sweep is due: a worker that died in one left it undone.
_SWEEP_LOOK_EVERY = timedelta(minutes=5)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running bot is made of."""

    application: BotApplication
    database: Database
    services: Services
    backlog: Backlog
    update_source: UpdateSource
    inbox_worker: InboxWorker
    dispatcher: Dispatcher
    hot_reload: HotReload
    publisher: Publisher
    supervisor: Supervisor


class NotTelegramError(Exception):
    """Who answers at TELEGRAM_API_URL does not speak as Telegram does."""


class Service:
    """A bot that can be started and stopped; one for the process."""

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        *,
        clock: Callable[[], datetime] = utc_now,
        to_learn: Documents | None = None,
        posted: bool = False,
        library: Library | None = None,
    ) -> None:
        """Put a bot together, to fetch updates or to have them ``posted`` by Telegram.

        ``library``: the folder that the knowledge was loaded from, to be watched. ``to_learn``: its
        files, where there is more in them than this knowledge has learnt.
        """
        self._settings = settings
        self._to_learn = to_learn
        self._watches = library is not None
        library = library or _library(settings, knowledge)
        self.parts = _assemble(settings, knowledge, clock, library, posted=posted)

    async def start(self) -> None:
        """Bring the database up to date, meet Telegram, and begin to answer.

        Raises StorageError where the database cannot be used, InvalidToken where Telegram does
        not know the token, NotTelegramError where a stranger answers for it, AddressTakenError
        where a worker cannot listen; waits for a Telegram that does not answer.
        """
        await self.parts.update_source.open()
        await self.parts.database.migrate()
        await self.parts.database.join()
        # At once: to meet Telegram may take longer than others wait for a sign of life.
        self.parts.supervisor.start(self._presence())
        await self._meet_telegram()
        self.parts.services.bot_username = self.parts.application.bot.username
        self.parts.hot_reload.serve_first(self.parts.services.knowledge, self._to_learn)
        _spare_from_collection()
        self._warn()
        self.parts.supervisor.start(self._loops())

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop; a loop that fails for good ends the service with its error."""
        running = asyncio.get_running_loop()
        waiting = running.create_task(stop.wait())
        ending = running.create_task(self.parts.supervisor.ended())
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if ending.done():
            await ending
        ending.cancel()

    async def stop(self) -> None:
        """Fetch no more, let what is under way end, close everything."""
        await self.parts.update_source.close()
        await self.parts.supervisor.stop()
        await self.parts.application.shutdown()
        # Where Telegram refused the token, only the connections of the bot ever began.
        await self.parts.application.bot.shutdown()
        await self.parts.database.close()

    def _loops(self) -> tuple[Loop, ...]:
        """Declare what runs beside each other, and what the end of each means."""
        parts = self.parts
        menus = partial(introduce, parts.application.bot, parts.services)
        return (
            Loop(LoopName.UPDATE_SOURCE, parts.update_source.run, ends_process=True),
            _of_lanes(LoopName.INBOX, parts.inbox_worker, StopOrder.HANDLING),
            _of_lanes(LoopName.DISPATCHER, parts.dispatcher, StopOrder.SENDING),
            Loop(LoopName.COMMAND_MENUS, menus, runs_once=True),
            Loop(LoopName.LEARNING, parts.hot_reload.learn),
            Loop(LoopName.RETENTION, self._sweep),
            Loop(LoopName.BACKLOG, parts.backlog.watch),
            Loop(LoopName.EVENT_LOOP_LAG, metrics.watch_loop),
            Loop(LoopName.PUBLISHER, parts.publisher.run),
            *self._optional_loops(),
        )

    def _optional_loops(self) -> list[Loop]:
        found = []
        if self._watches:
            found.append(Loop(LoopName.HOT_RELOAD, self.parts.hot_reload.run))
        if self._settings.weekly_digest:
            found.append(Loop(LoopName.WEEKLY_DIGEST, self._digest().run))
        return found

    def _presence(self) -> list[Loop]:
        database, beat = self.parts.database, BEAT.total_seconds()
        if not database.is_shared:
            return []
        # A pause of several beats, and others would take this worker for dead.
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
                # PTB raises anything on what it cannot parse.
                raise NotTelegramError(type(error).__name__) from error
            else:
                return

    def _digest(self) -> WeeklyDigest:
        parts = self.parts
        return WeeklyDigest(parts.database, parts.services, parts.dispatcher.wake)

    def _warn(self) -> None:
        if self._settings.admin_chat_id is None:
            logger.warning(TEXT.label("no_administrators"))
        if not self.parts.services.identity.reachable:
            logger.warning(TEXT.label("no_contact"))
        if not self._settings.operator_name:
            logger.warning(TEXT.label("no_operator"))

    async def _sweep(self) -> None:
        """Delete what has been kept long enough, every hour; log counts only."""
        while True:
            try:
                async with self.parts.database.begin() as work:
                    counts = await work.retention.sweep(Durations())
                if counts:
                    logger.info("retention: %s", counts)
            except StorageError as error:
                logger.error("retention did not run: %s", error)
            await asyncio.sleep(_SWEEP_LOOK_EVERY.total_seconds())


def _spare_from_collection() -> None:
    """Have the collector pass over all that a start has made, most of which lives to the end.

    Going through it again and again to find garbage took a seventh of the time: 145,000 objects,
    75 ms. Once only: what is frozen and becomes garbage in a circle is never freed. To make that
    good at each change of the files would hold everybody up for those 75 ms; not to freeze what
    they bring costs next to nothing, for a knowledge is some hundreds of objects that the
    collector follows (0.6 ms), and is freed by reference counts.
    """
    gc.freeze()


def _of_lanes(name: LoopName, lanes: Lanes[Any, Any], stops: StopOrder) -> Loop:
    return Loop(name, lanes.run, ends_process=True, stops=stops, is_stuck=lambda: lanes.is_stuck)


def _assemble(
    settings: Settings,
    knowledge: Knowledge,
    clock: Callable[[], datetime],
    library: Library,
    *,
    posted: bool,
) -> Parts:
    database = Database(settings.database_url, clock=clock)
    services = _services(settings, knowledge, clock, library)
    transport = Transport(settings.telegram_transport)
    # The polling request waits half a minute at a time: it has a connection of its own.
    polling_request = transport.request(connections=1)
    bot = _bot(settings, transport, polling_request)
    application = _application(bot)
    limits = limits_of(settings.messages_per_second, settings.chat_burst)
    dispatcher = Dispatcher(database, bot, services, limits)
    inbox_worker = InboxWorker(database, application, services, dispatcher.wake)
    backlog = Backlog(database, settings.inbox_limit)
    supervisor = Supervisor(LoopAlerts(database, services, dispatcher.wake).tell)
    update_source: UpdateSource
    if posted:
        # The web framework is slow to import, and who fetches needs none.
        from bot.inbox.webhook import Mailbox  # noqa: PLC0415
        from bot.inbox.webhook_source import posting  # noqa: PLC0415

        mailbox = Mailbox(database, backlog, inbox_worker.wake)
        update_source = posting(
            settings, bot, mailbox, backlog, services, lambda: supervisor.failing
        )
    else:
        update_source = PollingSource(
            bot, polling_request, database, backlog, inbox_worker.wake, clock
        )
    hot_reload = HotReload(library, services, database, dispatcher.wake)
    publisher = Publisher(database, bot, services, library, hot_reload, dispatcher.wake)
    return Parts(
        application,
        database,
        services,
        backlog,
        update_source,
        inbox_worker,
        dispatcher,
        hot_reload,
        publisher,
        supervisor,
    )


def _services(
    settings: Settings, knowledge: Knowledge, clock: Callable[[], datetime], library: Library
) -> Services:
    return Services(
        knowledge=knowledge,
        identity=_identity(settings),
        clock=clock,
        admin_chat_id=settings.admin_chat_id,
        facilitator_chat_id=settings.facilitator_chat_id,
        flood_limit=settings.flood_limit,
        facilitator_ids=settings.facilitator_ids,
        knowledge_dir=library.directory,
        forms={form.name: form for form in handlers.table.FORMS},
    )


def _application(bot: ExtBot[None]) -> BotApplication:
    application = (
        ApplicationBuilder()
        .bot(bot)
        .updater(None)
        .context_types(ContextTypes(context=BotContext))
        .build()
    )
    application.add_handlers(handlers.table.ALL)
    application.add_error_handler(remember_failure)
    return application


def _library(settings: Settings, knowledge: Knowledge) -> Library:
    """Return the folder of the settings, as the knowledge was loaded from it."""
    fictitious = any(project.fictitious for project in knowledge.projects)
    return Library(
        settings.knowledge_dir, fictitious=fictitious, compiling=lambda: compiling(settings)
    )


def _bot(settings: Settings, transport: Transport, polling_request: BaseRequest) -> ExtBot[None]:
    if settings.telegram_bot_token is None:
        raise ValueError("a bot needs a token")
    api = str(settings.telegram_api_url).rstrip("/")
    return ExtBot(
        settings.telegram_bot_token.get_secret_value(),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=transport.request(_CONNECTIONS, pool_timeout=10.0),
        get_updates_request=polling_request,
    )


def _identity(settings: Settings) -> Identity:
    return Identity(
        operator=settings.operator_name or TEXT.label("default_operator"),
        contact_email=settings.contact_email,
        contact_phone=settings.contact_phone,
        postal_address=settings.postal_address,
        dpo_email=settings.dpo_email,
    )
