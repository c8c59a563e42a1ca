"""Running against the local preview: a Telegram for one machine, and its page."""

import asyncio

from bot import logs
from bot.messages import TEXT
from bot.modes import Learnt, load_learnt, serve
from bot.preview.server import PREVIEW_TOKEN, PortInUseError, PreviewServer
from bot.settings import Settings
from bot.speaking import fail

PREVIEW_DATABASE = "sqlite+aiosqlite:///data/preview.db"


def preview(settings: Settings, port: int) -> int:
    """Answer on a page of this machine until stopped; return the exit code."""
    logs.set_up(settings.log_level, [PREVIEW_TOKEN], logs.LogFormat(settings.log_format))
    learnt = load_learnt(settings, fictitious=True)
    if learnt is None:
        return 1
    return asyncio.run(_preview(settings, learnt, PreviewServer(port=port)))


async def _preview(settings: Settings, learnt: Learnt, server: PreviewServer) -> int:
    try:
        await server.start()
    except PortInUseError as error:
        return fail(TEXT.label("port_taken", port=error.port))
    try:
        return await serve(for_preview(settings, server), learnt, server.url)
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
            # Nobody here asks for a pace.
            "messages_per_second": 0,
            "admin_chat_id": server.messenger.administrators.id,
            "facilitator_chat_id": server.messenger.facilitators.id,
            "operator_name": settings.operator_name or TEXT.label("preview_operator"),
            "contact_email": settings.contact_email or "contact@exemple.fr",
        }
    )
