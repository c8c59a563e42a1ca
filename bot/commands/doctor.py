"""``python -m bot doctor``: tells whether this installation can work, and what to mend.

It only reads, and changes nothing; a bot may be running meanwhile.
"""

import os
import platform
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot.commands import territories
from bot.content.compiler import cache_folder, kept_file
from bot.content.library import Library
from bot.outbox.bot_api import refuses_token
from bot.outbox.transport import Transport
from bot.runtime.smtp import MailError
from bot.settings import Settings
from handlers.messages import Catalogue, moment
from knowledge.curation.check import check
from knowledge.files.problems import Severity
from knowledge.loading import Compiling
from knowledge.ranking.encoder import shipped_encoder
from knowledge.ranking.second_encoder import processor_serves, shipped_second_encoder
from storage.engine.errors import NotSqliteError
from storage.engine.faults import Fault
from storage.engine.places import files_of, open_to_others
from storage.operations.inspect import inspect_database, sqlite_file
from storage.operations.keys import opened
from storage.privacy.sealing import CLEAR

TEXT = Catalogue(Path(__file__).with_suffix(".yaml"))
# With less free space than this, the database and the history may soon be unable to write.
_SCARCE_BYTES = 500_000_000
_SHOWN_FILES = 5
_AWAY = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}
# Faults that the bot mends by itself when it starts.
_PASSING = {Fault.MISSING, Fault.EMPTY, Fault.OUTDATED}


class Level(StrEnum):
    """How serious a remark is."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Remark:
    """The result of one check; ``name`` is a message of ``doctor.yaml``, filled with ``values``."""

    level: Level
    name: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the remark in French, with its remedy."""
        return TEXT.label(self.name, **self.values)


async def examine(settings: Settings, today: date) -> list[Remark]:
    """Check everything; a check that fails does not prevent the others."""
    remarks = [*_settings(settings), *_encoders(settings), *_folders(settings), *_readers(settings)]
    remarks += await _database(settings)
    remarks += _knowledge(settings, today)
    remarks.append(_town_list(settings, today))
    remarks += [*_pages(settings), *[remark async for remark in _mail(settings)]]
    return remarks + [remark async for remark in _telegram(settings)]


def in_words(remarks: list[Remark]) -> str:
    """Return all remarks in French; those to mend come last, so that they stay on the screen."""
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
    if not settings.keys:
        yield Remark(Level.WARNING, "no_data_keys")


def _encoders(settings: Settings) -> Iterator[Remark]:
    if settings.semantic_matching and shipped_encoder() is None:
        yield Remark(Level.WARNING, "no_encoder")
    yield _second_encoder(settings)


def _second_encoder(settings: Settings) -> Remark:
    """Tell whether the second encoder is at work, or what keeps it away."""
    for setting in ("semantic_matching", "second_encoder"):
        if not getattr(settings, setting):
            return Remark(Level.FINE, "second_encoder_off", {"setting": setting.upper()})
    if shipped_second_encoder() is not None:
        return Remark(Level.FINE, "second_encoder_fine")
    if processor_serves():
        return Remark(Level.WARNING, "second_encoder_missing")
    system, machine = platform.system(), platform.machine()
    if (system, machine) == ("Linux", "x86_64"):
        return Remark(Level.WARNING, "second_encoder_no_avx2")
    return Remark(Level.WARNING, "second_encoder_elsewhere", {"detail": f"{machine}, {system}"})


def _folders(settings: Settings) -> Iterator[Remark]:
    if not os.access(settings.knowledge_dir, os.W_OK):
        yield Remark(Level.WARNING, "knowledge_read_only", {"folder": settings.knowledge_dir})
    for folder in (settings.knowledge_dir, cache_folder(), *_database_folder(settings)):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(existing).free
        if free < _SCARCE_BYTES:
            yield Remark(Level.WARNING, "disk_scarce", {"folder": folder, "free": free // 10**6})


def _database_folder(settings: Settings) -> Iterator[Path]:
    with suppress(NotSqliteError):
        yield sqlite_file(settings.database_url).absolute().parent


def _readers(settings: Settings) -> Iterator[Remark]:
    """Tell which files, of those that name people or hold secrets, other accounts may read."""
    found = open_to_others([*_kept_for_us(settings)])
    if found:
        values = {"files": found[:_SHOWN_FILES], "count": len(found)}
        # Quoted for a shell: a name may hold a space.
        roots = {root for root in _kept_for_us(settings) for file in found if _holds(root, file)}
        command = shlex.join(["chmod", "-R", "go-rwx", *sorted(map(str, roots))])
        yield Remark(Level.WARNING, "readable_by_others", values | {"command": command})


def _kept_for_us(settings: Settings) -> Iterator[Path]:
    yield Path(str(settings.model_config.get("env_file"))).absolute()
    yield cache_folder()
    with suppress(NotSqliteError):
        database = sqlite_file(settings.database_url).resolve()
        is_own_folder = database.parent not in {Path.cwd(), Path.home(), Path("/"), Path("/tmp")}  # noqa: S108 - only named
        yield from [database.parent] if is_own_folder else files_of(database)


def _holds(root: Path, file: Path) -> bool:
    return file == root or root in file.parents


async def _database(settings: Settings) -> list[Remark]:
    findings = await inspect_database(settings.database_url, settings.keys)
    levels = dict.fromkeys(_PASSING, Level.WARNING)
    return [
        Remark(
            levels.get(each.fault, Level.ERROR), f"database_{each.fault}", {"detail": each.detail}
        )
        for each in findings
    ] or [Remark(Level.FINE, "database_fine"), *await _encryption(settings)]


async def _encryption(settings: Settings) -> list[Remark]:
    """Tell what of a sound database is encrypted; `_settings` tells that there is no key."""
    if not settings.keys:
        return []
    async with opened(settings.database_url, settings.keys) as database, database.begin() as work:
        usage, ours = await work.sealing.usage(), database.vault.ids
    clear, lost = usage.pop(CLEAR, 0), {key: n for key, n in usage.items() if key not in ours}
    remarks = []
    if clear:
        remarks.append(Remark(Level.WARNING, "texts_in_clear", {"count": clear}))
    if lost:
        values = {"count": sum(lost.values()), "keys": sorted(lost)}
        remarks.append(Remark(Level.ERROR, "texts_unreadable", values))
    return remarks or [Remark(Level.FINE, "texts_encrypted")]


def _knowledge(settings: Settings, today: date) -> Iterator[Remark]:
    problems = check(settings.knowledge_dir, today=today, fictitious=False)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        yield Remark(Level.ERROR, "knowledge_wrong", {"problems": errors})
        yield _fallback(settings.knowledge_dir)
    elif problems:
        yield Remark(Level.WARNING, "knowledge_warned", {"count": len(problems)})
    else:
        yield Remark(Level.FINE, "knowledge_fine")


def _town_list(settings: Settings, today: date) -> Remark:
    """Tell whether towns can be answered, and by how old a list."""
    read = territories.list_in(settings.knowledge_dir)
    if any(problem.severity is Severity.ERROR for problem in read.problems):
        return Remark(Level.ERROR, "towns_wrong", {"problems": read.problems})
    if not read.list:
        return Remark(Level.WARNING, "towns_none")
    is_old = read.list.is_old_on(today)
    values: dict[str, object] = {"facts": territories.in_words(read)}
    return Remark(
        Level.WARNING if is_old else Level.FINE, f"towns_{'old' if is_old else 'fine'}", values
    )


def _fallback(directory: Path) -> Remark:
    """Tell whether a bot can answer from the last files that were right."""
    file = kept_file(directory, fictitious=False)
    library = Library(directory, fictitious=False, compiling=Compiling, kept=file)
    if former := library.fall_back():
        return Remark(Level.WARNING, "knowledge_kept", {"detail": moment(former[1])})
    return Remark(Level.ERROR, "knowledge_not_kept")


def _pages(settings: Settings) -> Iterator[Remark]:
    """Tell whether the links of e-mails lead anywhere."""
    if settings.public_url:
        # The address itself is in the settings; whether a proxy leads here is seen from outside.
        yield Remark(Level.FINE, "pages_fine", {"address": settings.public_url})
    elif settings.admin_emails:
        yield Remark(Level.WARNING, "pages_none")


async def _mail(settings: Settings) -> AsyncIterator[Remark]:
    """Greet the mail server as for an e-mail, and send none."""
    server = settings.mail_server()
    if server is None:
        return
    values: dict[str, object] = {"host": server.host, "port": server.port}
    try:
        await server.greet()
    except MailError as error:
        yield Remark(Level.ERROR, error.why, values)
    else:
        yield Remark(Level.FINE, "mail_fine", values)
    if not settings.admin_emails:
        yield Remark(Level.WARNING, "mail_nobody")


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
    is_known = False
    try:
        async with bot:
            is_known = True
            yield Remark(Level.FINE, "token_fine", {"username": bot.username})
            yield await _webhook(bot, settings)
            yield _inline(bot)
            for name in ("admin_chat_id", "facilitator_chat_id"):
                chat_id = getattr(settings, name)
                if chat_id is not None:
                    yield await _group(bot, name.upper(), chat_id)
    except InvalidToken as error:
        # A server that knows the bot may still not know a method.
        is_refused = refuses_token(error) or not is_known
        name = "token_refused" if is_refused else "telegram_strange"
        yield Remark(Level.ERROR, name, {"reason": "404"})
    except TelegramError as error:
        # PTB raises the base class itself only when an answer was not JSON.
        name = "telegram_strange" if type(error) is TelegramError else "telegram_away"
        yield Remark(Level.ERROR, name, {"reason": type(error).__name__})
    except Exception as error:  # noqa: BLE001 - PTB raises anything on what it cannot parse
        yield Remark(Level.ERROR, "telegram_strange", {"reason": type(error).__name__})


async def _webhook(bot: Bot, settings: Settings) -> Remark:
    info = await bot.get_webhook_info()
    values: dict[str, object] = {
        "pending": info.pending_update_count,
        "reason": info.last_error_message or "",
        # The host alone: the path may be somebody's secret.
        "ours": urlsplit(settings.webhook_url).hostname,
    }
    if not settings.webhook_url:
        level = Level.WARNING if info.url else Level.FINE
        return Remark(level, "webhook_left_over" if info.url else "webhook_none", values)
    if info.url != settings.webhook_url:
        return Remark(Level.ERROR, "webhook_other", values)
    failed = bool(info.last_error_date)
    level = Level.WARNING if failed else Level.FINE
    return Remark(level, "webhook_failed" if failed else "webhook_fine", values)


def _inline(bot: Bot) -> Remark:
    """Tell whether the bot may be searched from other chats, which its maker turns on."""
    if bot.supports_inline_queries:
        return Remark(Level.FINE, "inline_on", {"username": bot.username})
    return Remark(Level.WARNING, "inline_off", {"username": bot.username})


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
