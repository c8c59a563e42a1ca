"""Running the bot: load the knowledge, then answer until told to stop."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.error import InvalidToken

from bot.commands.console import fail, say
from bot.content.compiler import by_letters, compiling, kept_file
from bot.content.library import Documents, Library
from bot.messages import TEXT
from bot.runtime import event_loop, logs
from bot.runtime.web_server import AddressTakenError
from bot.service import NotTelegramError, Service
from bot.settings import Settings
from knowledge.files.problems import KnowledgeError
from knowledge.knowledge import Knowledge
from knowledge.loading import build
from storage.engine.address import parse_address, secrets_of
from storage.engine.errors import InUseError, NotSqliteError, StorageError
from storage.engine.faults import fault_of
from storage.engine.file_lock import alone_on
from storage.operations.inspect import sqlite_file

if TYPE_CHECKING:
    from bot.preview.server import PreviewServer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learnt:
    """How to get knowledge that can answer at once, and the files if they contain more to learn.

    A function and not the knowledge itself: this value lives as long as the process and would keep
    the knowledge in memory after its replacement.
    """

    quick: Callable[[], Knowledge]
    to_learn: Documents | None
    library: Library


def telegram(settings: Settings, *, by_webhook: bool = False) -> int:
    """Answer on Telegram until stopped, by long polling or as a webhook; return the exit code."""
    set_up_logs(settings)
    learnt = load_learnt(settings, fictitious=False)
    if learnt is None:
        return 1
    return event_loop.run(serve(settings, learnt, None, by_webhook=by_webhook))


def set_up_logs(settings: Settings) -> None:
    """Log as the settings say, without their secrets."""
    given = (
        settings.telegram_bot_token,
        settings.webhook_secret,
        settings.smtp_password,
        settings.web_key,
    )
    secrets = [secret.get_secret_value() for secret in given if secret]
    secrets += settings.keys
    secrets += secrets_of(parse_address(settings.database_url))
    logs.set_up(
        settings.log_level,
        secrets,
        logs.LogFormat(settings.log_format),
    )


def load_learnt(settings: Settings, *, fictitious: bool) -> Learnt | None:
    """Load knowledge that can answer at once; None where the files are wrong and none was saved."""
    directory = settings.knowledge_dir
    library = Library(
        directory,
        fictitious=fictitious,
        compiling=lambda: compiling(settings),
        kept=kept_file(directory, fictitious=fictitious),
    )
    documents = _documents(library)
    if documents is None:
        return None

    def quick() -> Knowledge:
        return build(documents, by_letters(settings))

    return Learnt(quick, documents if settings.semantic_matching else None, library)


def _documents(library: Library) -> Documents | None:
    """Read the files, or what was last in service where they are wrong; report the problems."""
    try:
        documents = library.read()
    except KnowledgeError as error:
        fail(TEXT.label("knowledge_wrong", problems=error.problems, directory=library.directory))
        if former := library.fall_back():
            documents, since = former
            fail(TEXT.label("knowledge_kept", since=since))
            faults = len(error.problems)
            logger.error("the files have %d faults: the version of %s answers", faults, since)
            return documents
        return None
    library.keep(documents)
    return documents


async def serve(
    settings: Settings,
    learnt: Learnt,
    preview: "PreviewServer | None",
    *,
    by_webhook: bool = False,
) -> int:
    """Answer until a signal says to stop; return the exit code.

    ``preview`` is the stand-in for Telegram that the settings name, if it is one.
    """
    logs.catch_forgotten(asyncio.get_running_loop())
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        with _alone_on(settings.database_url):
            await _answer(settings, learnt, stop, preview, by_webhook=by_webhook)
    except (InvalidToken, NotTelegramError, AddressTakenError, StorageError) as error:
        return fail(_in_words(error))
    say(TEXT.label("stopped"))
    return 0


def _in_words(error: Exception) -> str:
    match error:
        case InvalidToken():
            return TEXT.label("token_refused")
        case NotTelegramError():
            return TEXT.label("telegram_strange", reason=error)
        case AddressTakenError():
            return TEXT.label("address_taken", host=error.host, port=error.port)
        case InUseError():
            return TEXT.label("database_in_use", path=error.path)
        case _:
            return TEXT.label(f"database_{fault_of(error)}", reason=error)


def _alone_on(url: str) -> AbstractContextManager[None]:
    """Lock an SQLite file for this bot alone; a PostgreSQL server may be shared by any number."""
    try:
        return alone_on(sqlite_file(url), creates=True)
    except NotSqliteError:
        return nullcontext()


async def _answer(
    settings: Settings,
    learnt: Learnt,
    stop: asyncio.Event,
    preview: "PreviewServer | None",
    *,
    by_webhook: bool,
) -> None:
    service = Service(
        settings,
        learnt.quick(),
        to_learn=learnt.to_learn,
        by_webhook=by_webhook,
        library=learnt.library,
        preview=preview,
    )
    try:
        if await _started_before(stop, service):
            _say_ready(service, preview.url if preview else None)
            await service.run(stop)
    finally:
        await service.stop()


async def _started_before(stop: asyncio.Event, service: Service) -> bool:
    """Start; False where a stop was asked for first (Telegram may take long to answer)."""
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
    listening = service.parts.update_source.listens_on
    text = (
        TEXT.label("preview_ready", url=page)
        if page
        else TEXT.label("telegram_ready", username=username, listening=listening)
    )
    say(text)
