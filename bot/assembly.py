"""How the parts of a running bot are made and put together."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import BaseRequest

import handlers.table
from bot.content.compiler import compiling
from bot.content.hot_reload import HotReload
from bot.content.identity import identity_of
from bot.content.library import Library
from bot.content.publisher import Publisher
from bot.inbox.backlog import Backlog
from bot.inbox.inline_desk import InlineDesk
from bot.inbox.polling import PollingSource
from bot.inbox.source import UpdateSource
from bot.inbox.worker import BotApplication, InboxWorker, remember_failure
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.loop_alerts import LoopAlerts
from bot.outbox.mail_dispatcher import MailDispatcher
from bot.outbox.rate_limits import limits_of
from bot.outbox.transport import Transport
from bot.runtime.smtp import Postman
from bot.runtime.supervisor import Supervisor
from bot.settings import Settings
from handlers.core.kept import Kept
from handlers.core.page_links import PageLinks
from handlers.core.services import Services
from handlers.core.turn import BotContext
from knowledge.knowledge import Knowledge
from storage.database import Database
from storage.records.questions import QuestionLimits

if TYPE_CHECKING:
    from bot.runtime.web_server import ReadyApp


# One connection for each send of the dispatcher, and as many for other calls.
_CONNECTIONS = 192


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running bot."""

    application: BotApplication
    database: Database
    services: Services
    backlog: Backlog
    update_source: UpdateSource
    inbox_worker: InboxWorker
    inline_desk: InlineDesk
    dispatcher: Dispatcher
    hot_reload: HotReload
    publisher: Publisher
    supervisor: Supervisor
    # None where no mail server is set.
    mail_dispatcher: MailDispatcher | None
    # None where they have no public address.
    pages: "ReadyApp | None"


def assemble(
    settings: Settings,
    knowledge: Knowledge,
    clock: Callable[[], datetime],
    library: Library,
    *,
    by_webhook: bool,
    postman: Postman | None,
) -> Parts:
    """Make the parts of a bot; nothing runs yet.

    ``postman`` takes the e-mails; None where none is set.
    """
    database = Database(settings.database_url, clock=clock, keys=settings.keys)
    services = _services(settings, knowledge, clock, library)
    transport = Transport(settings.telegram_transport)
    # Long polling holds its connection for half a minute: it has one of its own.
    polling_request = transport.request(connections=1)
    bot = _bot(settings, transport, polling_request)
    application = _application(bot)
    limits = limits_of(settings.messages_per_second, settings.chat_burst)
    dispatcher = Dispatcher(database, bot, services, limits)
    services.can_mail = postman is not None
    letterhead = settings.letterhead(services.identity.operator)
    mail_dispatcher = MailDispatcher(database, services, postman, letterhead) if postman else None
    inbox_worker = InboxWorker(database, application, services, dispatcher.wake)
    inline_desk = InlineDesk(bot, services)
    backlog = Backlog(database, settings.inbox_limit)
    pages = _pages(settings, database, services, dispatcher.wake)
    supervisor = Supervisor(LoopAlerts(database, services, dispatcher.wake).tell)
    update_source: UpdateSource
    if by_webhook:
        # Imported only here: the web framework is slow to import, and polling does not need it.
        from bot.inbox.webhook import Mailbox  # noqa: PLC0415
        from bot.inbox.webhook_source import assemble_webhook  # noqa: PLC0415

        mailbox = Mailbox(database, backlog, inbox_worker.wake)
        update_source = assemble_webhook(
            settings,
            bot,
            mailbox,
            backlog,
            services,
            lambda: supervisor.failing_vital,
            inline_desk.take,
            pages,
        )
    else:
        update_source = PollingSource(
            bot,
            polling_request,
            database,
            backlog,
            inbox_worker.wake,
            clock,
            inline_desk.take,
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
        inline_desk,
        dispatcher,
        hot_reload,
        publisher,
        supervisor,
        mail_dispatcher,
        pages,
    )


def _pages(
    settings: Settings, database: Database, services: Services, wake: Callable[[], None]
) -> "ReadyApp | None":
    if services.page_links is None:
        return None
    # Imported only here: the web framework is slow to import, and most bots have no pages.
    from bot.pages.assembly import assemble_pages  # noqa: PLC0415

    return assemble_pages(settings, database, services, services.page_links, wake)


def _page_links(settings: Settings) -> PageLinks | None:
    if not settings.public_url or settings.telegram_bot_token is None:
        return None
    token = settings.telegram_bot_token.get_secret_value().encode()
    # Derived, so that a link tells nothing of the token.
    own = settings.web_key.get_secret_value().encode() if settings.web_key else token
    key = hmac.digest(own, b"links of pages", hashlib.sha256)
    return PageLinks(settings.public_url, key, timedelta(days=settings.link_days))


def _services(
    settings: Settings, knowledge: Knowledge, clock: Callable[[], datetime], library: Library
) -> Services:
    return Services(
        knowledge=knowledge,
        identity=identity_of(settings, knowledge.initiative),
        clock=clock,
        admin_chat_id=settings.admin_chat_id,
        details_in_private=settings.admin_details == "private",
        facilitator_chat_id=settings.facilitator_chat_id,
        flood_limit=settings.flood_limit,
        facilitator_ids=settings.facilitator_ids,
        correspondents=settings.admin_emails,
        page_links=_page_links(settings),
        site_address=settings.site_address,
        knowledge_dir=library.directory,
        office=settings.office,
        question_limits=QuestionLimits(
            length=settings.question_length,
            a_day=settings.questions_a_day,
            in_all=settings.questions_in_all,
        ),
        kept=Kept(settings.durations),
        forms={form.name: form for form in handlers.table.FORMS},
        taps=handlers.table.TAPS,
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


def library_of(settings: Settings, knowledge: Knowledge) -> Library:
    """Return the library of the settings' folder; fictitious where the loaded knowledge is."""
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
