"""Running: the knowledge is loaded, the bot answers until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass

from telegram.error import InvalidToken

from bot import logs
from bot.messages import TEXT
from bot.service import Service
from bot.settings import Settings
from bot.speaking import fail, say
from bot.understanding import by_letters, compiling
from knowledge.loading import load
from knowledge.problems import KnowledgeError
from knowledge.whole import Knowledge
from storage.errors import StorageError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learnt:
    """Knowledge that can answer at once, and how to come to what understands more."""

    quick: Knowledge
    deepen: Callable[[], Knowledge] | None


def telegram(settings: Settings) -> int:
    """Answer on Telegram by long polling until stopped; return the exit code."""
    token = settings.telegram_bot_token
    logs.set_up(settings.log_level, token.get_secret_value() if token else None)
    learnt = load_learnt(settings, fictitious=False)
    if learnt is None:
        return 1
    return asyncio.run(serve(settings, learnt, None))


def load_learnt(settings: Settings, *, fictitious: bool) -> Learnt | None:
    """Load what can answer at once; None, and the problems told, where the files are wrong."""
    directory = settings.knowledge_dir
    try:
        quick = load(directory, fictitious=fictitious, compiling=by_letters(settings))
    except KnowledgeError as error:
        fail(TEXT.label("knowledge_wrong", problems=error.problems, directory=directory))
        return None

    def deepen() -> Knowledge:
        understanding = compiling(settings)
        if understanding.encoder is not None:
            # Before the files: what reading its weights takes for a moment is free again by then.
            understanding.encoder.encode([" "])
        return load(directory, fictitious=fictitious, compiling=understanding)

    return Learnt(quick, deepen if settings.semantic_matching else None)


async def serve(settings: Settings, learnt: Learnt, page: str | None) -> int:
    """Answer until a signal says to stop; return the exit code. ``page``: the preview's address."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    service = Service(settings, learnt.quick, deepen=learnt.deepen)
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
