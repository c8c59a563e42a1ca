"""The preview mode: the bot runs against a local stand-in for Telegram, with a web page."""

from pathlib import Path

from bot.commands.console import fail
from bot.messages import TEXT
from bot.preview.server import PREVIEW_TOKEN, PUBLIC_PAGES, PreviewServer
from bot.run_modes import Learnt, load_learnt, serve
from bot.runtime import event_loop, logs
from bot.runtime.web_server import AddressTakenError
from bot.settings import Settings
from handlers.core.services import Correspondent
from storage.engine.address import parse_address

PREVIEW_DATABASE = "sqlite+aiosqlite:///data/preview.db"


def preview(settings: Settings, port: int) -> int:
    """Serve the preview page on this machine until stopped; return the exit code."""
    logs.set_up(settings.log_level, [PREVIEW_TOKEN], logs.LogFormat(settings.log_format))
    learnt = load_learnt(settings, fictitious=True)
    if learnt is None:
        return 1
    server = PreviewServer(port=port, chats=chats_file(settings))
    return event_loop.run(_preview(settings, learnt, server))


async def _preview(settings: Settings, learnt: Learnt, server: PreviewServer) -> int:
    try:
        await server.start()
    except AddressTakenError as error:
        return fail(TEXT.label("port_taken", port=error.port))
    try:
        return await serve(with_letters(for_preview(settings, server), server), learnt, server)
    finally:
        await server.stop()


def chats_file(settings: Settings) -> Path:
    """Return the file of the preview's conversations: it stands beside the database of its bot."""
    url = parse_address(_database_url(settings))
    database = url.database if url.get_backend_name() == "sqlite" else None
    return Path(database or parse_address(PREVIEW_DATABASE).database or "").with_suffix(
        ".chats.json"
    )


def _database_url(settings: Settings) -> str:
    own_database = "database_url" in settings.model_fields_set
    return settings.database_url if own_database else PREVIEW_DATABASE


def with_letters(settings: Settings, server: PreviewServer) -> Settings:
    """Return settings with an administrator who is written to, on the preview's own page."""
    reader = Correspondent(TEXT.label("preview_reader"), "administration@exemple.fr")
    more = {
        "admin_emails": (reader,),
        "public_url": server.url,
        "site_url": f"{server.url}{PUBLIC_PAGES}",
        "mail_from": "bot@exemple.fr",
    }
    return settings.model_copy(update=more)


def for_preview(settings: Settings, server: PreviewServer) -> Settings:
    """Return settings for the preview: its server is the Telegram, and its database its own."""
    return Settings.read(
        **settings.model_dump(exclude={"telegram_bot_token"})
        | {
            "telegram_bot_token": PREVIEW_TOKEN,
            "telegram_api_url": server.url,
            "database_url": _database_url(settings),
            # The preview imposes no rate limits.
            "messages_per_second": 0,
            # Nothing that is invented here is mailed to anybody.
            "smtp_host": "",
            "smtp_user": "",
            "smtp_password": None,
            "admin_emails": (),
            "public_url": "",
            "admin_chat_id": server.messenger.administrators.id,
            "facilitator_chat_id": server.messenger.facilitators.id,
            "contact_email": settings.contact_email or "contact@exemple.fr",
        }
    )
