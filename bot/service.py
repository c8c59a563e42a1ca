"""The bot put together: knowledge, database, handlers, and the loops that keep it going."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telegram import BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import HTTPXRequest

import handlers.table
from bot.dispatcher import Dispatcher
from bot.intake import BotApplication, Intake, remember_failure
from bot.messages import TEXT
from bot.polling import Polling
from bot.settings import Settings
from handlers.keyboards import shorten
from handlers.services import Identity, Services
from handlers.turn import BotContext
from knowledge.whole import Knowledge
from storage.database import Database, utc_now
from storage.errors import StorageError
from storage.retention import Durations

logger = logging.getLogger(__name__)

COMMANDS = (
    "projets",
    "themes",
    "proposer",
    "mesdemandes",
    "aide",
    "contact",
    "annuler",
    "confidentialite",
    "mesdonnees",
    "supprimer",
)
_CONNECTIONS = 32
# Bot API, setMyDescription and setMyShortDescription.
_LONGEST_DESCRIPTION = 512
_LONGEST_SHORT = 120
_SWEEP_EVERY = timedelta(hours=1)
_LONGEST_PAUSE = 30.0
_FIRST_ANSWERS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running bot is made of."""

    application: BotApplication
    database: Database
    services: Services
    polling: Polling
    intake: Intake
    dispatcher: Dispatcher


class Service:
    """A bot that can be started and stopped; one for the process."""

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        *,
        clock: Callable[[], datetime] = utc_now,
        deepen: Callable[[], Knowledge] | None = None,
    ) -> None:
        self._settings = settings
        self._deepen = deepen
        self.parts = _assemble(settings, knowledge, clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Bring the database up to date, meet Telegram, and begin to answer.

        Raises StorageError where the database cannot be used, InvalidToken where Telegram does
        not know the token; waits for a Telegram that does not answer.
        """
        await self.parts.database.migrate()
        await self._meet_telegram()
        self.parts.services.bot_username = self.parts.application.bot.username
        self._warn()
        loops: tuple[Coroutine[Any, Any, None], ...] = (
            self.parts.intake.run(),
            self.parts.dispatcher.run(),
            self.parts.polling.run(),
            self._introduce(),
            self._understand_more(),
            self._sweep(),
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
        intake, dispatcher, *others = self._tasks or (None, None)
        # In the order of the thread: no new updates, then no new answers, then no more sending.
        for task in (*others, intake, dispatcher):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._tasks = []
        await self.parts.application.shutdown()
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
            else:
                return

    def _warn(self) -> None:
        if self._settings.admin_chat_id is None:
            logger.warning(TEXT.label("no_administrators"))
        if not self.parts.services.identity.reachable:
            logger.warning(TEXT.label("no_contact"))
        if not self._settings.operator_name:
            logger.warning(TEXT.label("no_operator"))

    async def _introduce(self) -> None:
        """Tell Telegram the commands and who runs the bot; a failure leaves what it was told."""
        bot: ExtBot[None] = self.parts.application.bot
        operator = self.parts.services.identity.operator
        commands = [BotCommand(name, TEXT.label(f"command_{name}")) for name in COMMANDS]
        try:
            await bot.set_my_commands(commands, BotCommandScopeAllPrivateChats())
            await bot.set_my_description(
                shorten(TEXT.label("description", operator=operator), _LONGEST_DESCRIPTION)
            )
            await bot.set_my_short_description(
                shorten(TEXT.label("short_description", operator=operator), _LONGEST_SHORT)
            )
        except TelegramError as error:
            logger.warning("the command menu is as it was: %s", type(error).__name__)

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
            services.knowledge = deeper

    async def _sweep(self) -> None:
        """Delete what has been kept long enough, every hour; log counts only."""
        while True:
            try:
                async with self.parts.database.begin() as work:
                    counts = await work.retention.apply(Durations())
                logger.info("retention: %s", counts)
            except StorageError as error:
                logger.error("retention did not run: %s", error)
            await asyncio.sleep(_SWEEP_EVERY.total_seconds())


def _assemble(settings: Settings, knowledge: Knowledge, clock: Callable[[], datetime]) -> Parts:
    if settings.telegram_bot_token is None:
        raise ValueError("a bot needs a token")
    database = Database(settings.database_url, clock=clock)
    services = Services(
        knowledge=knowledge,
        identity=_identity(settings),
        clock=clock,
        admin_chat_id=settings.admin_chat_id,
        facilitator_chat_id=settings.facilitator_chat_id,
    )
    # The polling request waits half a minute at a time: it has a connection of its own.
    polling_request = HTTPXRequest(connection_pool_size=1)
    api = str(settings.telegram_api_url).rstrip("/")
    bot: ExtBot[None] = ExtBot(
        settings.telegram_bot_token.get_secret_value(),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=HTTPXRequest(connection_pool_size=_CONNECTIONS, pool_timeout=10.0),
        get_updates_request=polling_request,
    )
    application = (
        ApplicationBuilder()
        .bot(bot)
        .updater(None)
        .context_types(ContextTypes(context=BotContext))
        .build()
    )
    application.add_handlers(handlers.table.ALL)
    application.add_error_handler(remember_failure)
    dispatcher = Dispatcher(database, bot, services)
    intake = Intake(database, application, services, dispatcher.wake)
    polling = Polling(bot, polling_request, database, intake.wake, clock)
    return Parts(application, database, services, polling, intake, dispatcher)


def _identity(settings: Settings) -> Identity:
    return Identity(
        operator=settings.operator_name or TEXT.label("default_operator"),
        contact_email=settings.contact_email,
        contact_phone=settings.contact_phone,
        postal_address=settings.postal_address,
        dpo_email=settings.dpo_email,
    )
