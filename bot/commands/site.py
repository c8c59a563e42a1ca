"""``python -m bot site DIR``: the public pages as files, for any host, or to be opened from a disk.

A page is replaced in one step, so a host that serves the folder never shows half of one. What stood
there of a project or an answer that the files no longer have becomes a page that says so: links
that people kept lead to something. Nothing is removed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from telegram.error import TelegramError

from bot.commands.bot_name import name_on_telegram
from bot.commands.console import fail, say
from bot.content.identity import identity_of
from bot.messages import TEXT
from bot.pages.facts import facts_of
from bot.settings import Settings
from handlers.core.kept import Kept
from handlers.core.services import Services
from knowledge.atomic_write import replacing
from knowledge.files.problems import KnowledgeError
from knowledge.knowledge import Knowledge
from knowledge.loading import load_texts
from knowledge.territories.town_list import read_list, towns_file
from storage.database import utc_now
from website import addresses
from website.site import Site

# A host's server reads them, which runs under another account.
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


@dataclass(slots=True)
class Written:
    """How many files changed, stayed as they were, and tell of something gone."""

    changed: int = 0
    same: int = 0
    gone: int = 0


def write_site(
    settings: Settings, directory: Path, folder: Path, *, today: date, bot_username: str = ""
) -> int:
    """Write the pages of a folder of knowledge into ``folder``; return the exit code.

    ``bot_username`` is the bot's name on Telegram; without it, pages have no link to it. Raises
    OSError where the folder cannot be written.
    """
    try:
        knowledge = load_texts(directory)
    except KnowledgeError as error:
        problems = error.problems
        return fail(TEXT.label("knowledge_wrong", problems=problems, directory=directory))
    site = Site(
        knowledge,
        facts_of(settings, _services(settings, knowledge, directory, bot_username)),
        today,
    )
    written = write(site, folder)
    say(
        TEXT.label(
            "site_written", folder=folder, written=written, site=site.facts, home=addresses.HOME
        )
    )
    return 0


async def name_of_bot(settings: Settings) -> str:
    """Return the bot's name, as Telegram tells it; empty, and said so, where it does not."""
    if settings.telegram_bot_token is None:
        return ""
    try:
        return await name_on_telegram(settings)
    except TelegramError as error:
        fail(TEXT.label("site_no_telegram", reason=type(error).__name__))
        return ""


def write(site: Site, folder: Path) -> Written:
    """Write every file of a site, and a page for each that it no longer has."""
    written = Written()
    for path in site.addresses:
        if file := site.file(path):
            _count(written, changed=_put(folder / path, file.content))
    for path in _left_over(site, folder):
        written.gone += 1
        _put(folder / path, site.gone(path).content)
    return written


def _services(
    settings: Settings, knowledge: Knowledge, directory: Path, bot_username: str
) -> Services:
    return Services(
        knowledge=knowledge,
        identity=identity_of(settings, knowledge.initiative),
        clock=utc_now,
        bot_username=bot_username,
        kept=Kept(settings.durations),
        town_list=read_list(towns_file(directory, fictitious=False)).list,
    )


def _count(written: Written, *, changed: bool) -> None:
    if changed:
        written.changed += 1
    else:
        written.same += 1


def _put(path: Path, content: bytes) -> bool:
    """Write one file where it differs; tell whether it did."""
    if path.is_file() and path.read_bytes() == content:
        return False
    _make_folder(path.parent)
    with replacing(path, mode=_FILE_MODE, survives_power_cut=False) as file:
        file.write(content)
    return True


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        # Commands make files for their owner alone; these are for everybody.
        folder.chmod(_FOLDER_MODE)


def _left_over(site: Site, folder: Path) -> Iterator[str]:
    """Give the pages of the folder that a former writing made and this one did not."""
    known = set(site.addresses)
    patterns = (*(f"{each}/**/*.html" for each in addresses.FOLDERS), *addresses.CODES)
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            path = file.relative_to(folder).as_posix()
            if path not in known and file.is_file():
                yield path
