"""The ways to run: on Telegram, or against the local preview."""

import asyncio
import logging
import signal

from telegram.error import InvalidToken

from bot import logs
from bot.messages import TEXT
from bot.preview.server import PREVIEW_TOKEN, PortInUseError, PreviewServer
from bot.service import Service
from bot.settings import Settings
from bot.speaking import fail, say
from bot.understanding import compiling
from knowledge.loading import load
from knowledge.problems import KnowledgeError
from knowledge.whole import Knowledge
from storage.errors import StorageError

PREVIEW_DATABASE = "sqlite+aiosqlite:///data/preview.db"
logger = logging.getLogger(__name__)


def telegram(settings: Settings) -> int:
    """Answer on Telegram by long polling until stopped; return the exit code."""
    token = settings.telegram_bot_token
    logs.set_up(settings.log_level, token.get_secret_value() if token else None)
    knowledge = _load(settings, fictitious=False)
    if knowledge is None:
        return 1
    return asyncio.run(_serve(settings, knowledge, None))


def preview(settings: Settings, port: int) -> int:
    """Answer on a page of this machine until stopped; return the exit code."""
    logs.set_up(settings.log_level, PREVIEW_TOKEN)
    knowledge = _load(settings, fictitious=True)
    if knowledge is None:
        return 1
    return asyncio.run(_preview(settings, knowledge, PreviewServer(port=port)))


def _load(settings: Settings, *, fictitious: bool) -> Knowledge | None:
    directory = settings.knowledge_dir
    try:
        return load(directory, fictitious=fictitious, compiling=compiling(settings))
    except KnowledgeError as error:
        fail(TEXT.label("knowledge_wrong", problems=error.problems, directory=directory))
        return None


async def _preview(settings: Settings, knowledge: Knowledge, server: PreviewServer) -> int:
    try:
        await server.start()
    except PortInUseError as error:
        return fail(TEXT.label("port_taken", port=error.port))
    try:
        return await _serve(for_preview(settings, server), knowledge, server.url)
    finally:
        await server.stop()


def for_preview(settings: Settings, server: PreviewServer) -> Settings:
    """Return the settings of a bot whose Telegram is this server; its database is its own."""
    own_database = "database_url" in settings.model_fields_set
    return Settings.read(
        **settings.model_dump(exclude={"telegram_bot_token"})
        | {
            "telegram_bot_token": PREVIEW_TOKEN,
            "telegram_api_url": server.url,
            "database_url": settings.database_url if own_database else PREVIEW_DATABASE,
            "admin_chat_id": server.messenger.administrators.id,
            "facilitator_chat_id": server.messenger.facilitators.id,
            "operator_name": settings.operator_name or TEXT.label("preview_operator"),
            "contact_email": settings.contact_email or "contact@exemple.fr",
        }
    )


async def _serve(settings: Settings, knowledge: Knowledge, page: str | None) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    service = Service(settings, knowledge)
    try:
        if await _started_before(stop, service):
            _say_ready(service, page)
            await service.run(stop)
    except InvalidToken:
        return fail(TEXT.label("token_refused"))
    except StorageError as error:
        return fail(TEXT.label("database_wrong", reason=error))
    finally:
        await service.stop()
    say(TEXT.label("stopped"))
    return 0


async def _started_before(stop: asyncio.Event, service: Service) -> bool:
    """Start; False where the wish to stop came first (Telegram may be long to answer)."""
    starting, stopping = asyncio.create_task(service.start()), asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return False
    await starting
    return True


def _say_ready(service: Service, page: str | None) -> None:
    username = service.parts.services.bot_username
    text = (
        TEXT.label("preview_ready", url=page)
        if page
        else TEXT.label("telegram_ready", username=username)
    )
    say(text)
