"""The bot put together: knowledge, database, handlers, and the loops that keep it going."""

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telegram.error import InvalidToken, NetworkError, RetryAfter
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import BaseRequest

import handlers.table
from bot.command_menus import introduce
from bot.content.compiler import compiling
from bot.content.hot_reload import HotReload
from bot.content.library import Library, put_in_service
from bot.content.publisher import Publisher
from bot.content.weekly_digest import WeeklyDigest
from bot.inbox.backlog import Backlog
from bot.inbox.polling import PollingSource
from bot.inbox.source import UpdateSource
from bot.inbox.worker import BotApplication, InboxWorker, remember_failure
from bot.messages import TEXT
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.rate_limits import limits_of
from bot.outbox.transport import Transport
from bot.runtime import metrics
from bot.settings import Settings
from handlers.core.services import Identity, Services
from handlers.core.turn import BotContext
from knowledge.knowledge import Knowledge
from storage.database import Database, utc_now
from storage.engine.errors import StorageError
from storage.privacy.retention import Durations

logger = logging.getLogger(__name__)

# What the dispatcher sends at once, and as many calls beside it.
_CONNECTIONS = 192
# How often to look whether the hourly sweep is due: a worker that died in one left it undone.
_SWEEP_LOOK_EVERY = timedelta(minutes=5)
_LONGEST_PAUSE = 30.0
_FIRST_ANSWERS_SECONDS = 1.0


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
        deepen: Callable[[], Knowledge] | None = None,
        posted: bool = False,
        library: Library | None = None,
    ) -> None:
        """Put a bot together, to fetch updates or to have them ``posted`` by Telegram.

        ``library``: the folder that the knowledge was loaded from, to be watched.
        """
        self._settings = settings
        self._deepen = deepen
        self._watches = library is not None
        library = library or _library(settings, knowledge)
        self.parts = _assemble(settings, knowledge, clock, library, posted=posted)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Bring the database up to date, meet Telegram, and begin to answer.

        Raises StorageError where the database cannot be used, InvalidToken where Telegram does
        not know the token, NotTelegramError where a stranger answers for it, AddressTakenError
        where a worker cannot listen; waits for a Telegram that does not answer.
        """
        await self.parts.update_source.open()
        await self.parts.database.migrate()
        await self.parts.database.join()
        await self._meet_telegram()
        self.parts.services.bot_username = self.parts.application.bot.username
        _spare_from_collection()
        self._warn()
        loops: tuple[Coroutine[Any, Any, None], ...] = (
            self.parts.inbox_worker.run(),
            self.parts.dispatcher.run(),
            self.parts.update_source.run(),
            introduce(self.parts.application.bot, self.parts.services),
            self._understand_more(),
            self._sweep(),
            self.parts.backlog.watch(),
            metrics.watch_loop(),
            self.parts.publisher.run(),
            *([self.parts.hot_reload.run()] if self._watches else []),
            *([self._digest().run()] if self._settings.weekly_digest else []),
        )
        self._tasks = [asyncio.get_running_loop().create_task(loop) for loop in loops]

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop; a loop that fails for good ends the service with its error."""
        waiting = asyncio.get_running_loop().create_task(stop.wait())
        essential = self._tasks[:3]
        done, _ = await asyncio.wait({waiting, *essential}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        for task in done - {waiting}:
            await task

    async def stop(self) -> None:
        """Fetch no more, let what is under way end, close everything."""
        await self.parts.update_source.close()
        # In the order of the thread: no new updates, then no new answers, then no more sending.
        for tasks in (self._tasks[2:], self._tasks[:1], self._tasks[1:2]):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks = []
        await self.parts.application.shutdown()
        # Where Telegram refused the token, only the connections of the bot ever began.
        await self.parts.application.bot.shutdown()
        await self.parts.database.close()

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

    async def _understand_more(self) -> None:
        """Come to understand meaning too; until the encoder is read, letters and sound serve."""
        if self._deepen is None:
            return
        # Reading it is work for a second: those who wait already are answered first.
        await asyncio.sleep(_FIRST_ANSWERS_SECONDS)
        try:
            deeper = await asyncio.to_thread(self._deepen)
        except Exception as error:
            # An extra may fail in any way; the bot goes on.
            logger.error("meaning is not understood: %s", type(error).__name__, exc_info=error)
            return
        services = self.parts.services
        # Files that changed meanwhile are loaded whole by whoever noticed.
        if deeper.version == services.knowledge.version:
            put_in_service(deeper, services)

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
    update_source: UpdateSource
    if posted:
        # The web framework is slow to import, and who fetches needs none.
        from bot.inbox.webhook_source import posting  # noqa: PLC0415

        update_source = posting(settings, bot, database, backlog, services, inbox_worker.wake)
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
