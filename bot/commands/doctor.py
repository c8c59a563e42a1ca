"""``python -m bot doctor``: whether this installation can do its work, and what to mend, in words.

It reads and asks; it changes nothing, and a bot may be running beside it.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from platformdirs import user_cache_path
from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot.content.compiler import kept_file
from bot.content.library import Library
from bot.outbox.transport import Transport
from bot.settings import Settings
from handlers.messages import Catalogue, moment
from knowledge.curation.check import check
from knowledge.files.problems import Severity
from knowledge.loading import Compiling
from knowledge.ranking.encoder import shipped_encoder
from storage.engine.faults import Fault
from storage.operations.inspect import inspect_database

TEXT = Catalogue(Path(__file__).with_suffix(".yaml"))
# Below, SQLite and history may soon be unable to write.
_SCARCE_BYTES = 500_000_000
_AWAY = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}
# What a start mends by itself.
_PASSING = {Fault.MISSING, Fault.EMPTY, Fault.OUTDATED}


class Level(StrEnum):
    """How much a remark matters."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was looked at; ``name`` is a message of ``doctor.yaml``."""

    level: Level
    name: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it in words, with its remedy."""
        return TEXT.label(self.name, **self.values)


async def examine(settings: Settings, today: date) -> list[Remark]:
    """Look at everything; one thing that fails keeps none of the others from being looked at."""
    remarks = [*_settings(settings), *_folders(settings)]
    remarks += await _database(settings)
    remarks += _knowledge(settings, today)
    return remarks + [remark async for remark in _telegram(settings)]


def in_words(remarks: list[Remark]) -> str:
    """Return all remarks, what is to be mended last: it is what stays on the screen."""
    return TEXT.label("report", remarks=remarks)


def _settings(settings: Settings) -> Iterator[Remark]:
    wanted = {
        "no_administrators": settings.admin_chat_id,
        "no_facilitators": settings.facilitator_chat_id,
        "no_operator": settings.operator_name,
        "no_contact": settings.contact_email or settings.contact_phone,
        "no_dpo": settings.dpo_email,
    }
    missing = [name for name, value in wanted.items() if not value]
    yield from (Remark(Level.WARNING, name) for name in missing)
    if not missing:
        yield Remark(Level.FINE, "settings_fine")
    if settings.semantic_matching and shipped_encoder() is None:
        yield Remark(Level.WARNING, "no_encoder")


def _folders(settings: Settings) -> Iterator[Remark]:
    if not os.access(settings.knowledge_dir, os.W_OK):
        yield Remark(Level.WARNING, "knowledge_read_only", {"folder": settings.knowledge_dir})
    for folder in (settings.knowledge_dir, user_cache_path()):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(existing).free
        if free < _SCARCE_BYTES:
            yield Remark(Level.WARNING, "disk_scarce", {"folder": folder, "free": free // 10**6})


async def _database(settings: Settings) -> list[Remark]:
    found = await inspect_database(settings.database_url)
    levels = dict.fromkeys(_PASSING, Level.WARNING)
    return [
        Remark(levels.get(one.fault, Level.ERROR), f"database_{one.fault}", {"detail": one.detail})
        for one in found
    ] or [Remark(Level.FINE, "database_fine")]


def _knowledge(settings: Settings, today: date) -> Iterator[Remark]:
    problems = check(settings.knowledge_dir, today=today, fictitious=False)
    errors = [one for one in problems if one.severity is Severity.ERROR]
    if errors:
        yield Remark(Level.ERROR, "knowledge_wrong", {"problems": errors})
        yield _kept(settings.knowledge_dir)
    elif problems:
        yield Remark(Level.WARNING, "knowledge_warned", {"count": len(problems)})
    else:
        yield Remark(Level.FINE, "knowledge_fine")


def _kept(directory: Path) -> Remark:
    """Say whether a bot answers in spite of files that cannot be used."""
    kept = kept_file(directory, fictitious=False)
    library = Library(directory, fictitious=False, compiling=Compiling, kept=kept)
    if former := library.fall_back():
        return Remark(Level.WARNING, "knowledge_kept", {"detail": moment(former[1])})
    return Remark(Level.ERROR, "knowledge_not_kept")


async def _telegram(settings: Settings) -> AsyncIterator[Remark]:
    if settings.telegram_bot_token is None:
        yield Remark(Level.WARNING, "no_token")
        return
    api = str(settings.telegram_api_url).rstrip("/")
    transport = Transport(settings.telegram_transport)
    bot = Bot(
        settings.telegram_bot_token.get_secret_value(),
        base_url=f"{api}/bot",
        request=transport.request(connections=1),
        get_updates_request=transport.request(connections=1),
    )
    try:
        async with bot:
            yield Remark(Level.FINE, "token_fine", {"username": bot.username})
            yield await _webhook(bot, settings)
            for name in ("admin_chat_id", "facilitator_chat_id"):
                chat_id = getattr(settings, name)
                if chat_id is not None:
                    yield await _group(bot, name.upper(), chat_id)
    except InvalidToken:
        yield Remark(Level.ERROR, "token_refused")
    except TelegramError as error:
        # By itself, PTB's mother of errors says that an answer was no JSON.
        name = "telegram_strange" if type(error) is TelegramError else "telegram_away"
        yield Remark(Level.ERROR, name, {"reason": type(error).__name__})
    except Exception as error:  # noqa: BLE001 - PTB raises anything on what it cannot parse
        yield Remark(Level.ERROR, "telegram_strange", {"reason": type(error).__name__})


async def _webhook(bot: Bot, settings: Settings) -> Remark:
    told = await bot.get_webhook_info()
    values: dict[str, object] = {
        "pending": told.pending_update_count,
        "reason": told.last_error_message or "",
        "ours": settings.webhook_url,
    }
    if not settings.webhook_url:
        level = Level.WARNING if told.url else Level.FINE
        return Remark(level, "webhook_left_over" if told.url else "webhook_none", values)
    if told.url != settings.webhook_url:
        return Remark(Level.ERROR, "webhook_other", values)
    failed = bool(told.last_error_date)
    level = Level.WARNING if failed else Level.FINE
    return Remark(level, "webhook_failed" if failed else "webhook_fine", values)


async def _group(bot: Bot, setting: str, chat_id: int) -> Remark:
    values: dict[str, object] = {"setting": setting, "chat": chat_id}
    try:
        chat = await bot.get_chat(chat_id)
        member = await bot.get_chat_member(chat_id, bot.id)
    except ChatMigrated as error:
        return Remark(Level.ERROR, "group_moved", values | {"new": error.new_chat_id})
    except TelegramError:
        return Remark(Level.ERROR, "group_unknown", values)
    values["title"] = chat.title
    mute = member.status == ChatMemberStatus.RESTRICTED and not getattr(
        member, "can_send_messages", True
    )
    if member.status in _AWAY:
        return Remark(Level.ERROR, "group_left", values)
    return (
        Remark(Level.ERROR, "group_mute", values)
        if mute
        else Remark(Level.FINE, "group_fine", values)
    )
