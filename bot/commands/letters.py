"""``erase`` and ``export-person``: the rights of who writes a letter rather than a message.

They do what /supprimer and /mesdonnees do, while the bot works.
"""

import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.commands import beside
from bot.commands.console import fail, say
from bot.content.compiler import by_letters, compiling
from bot.content.identity import identity_of
from bot.content.library import Library
from bot.messages import TEXT
from bot.settings import Settings
from handlers.core.kept import Kept
from handlers.core.services import Services
from handlers.forms import contacts, phones
from handlers.general import privacy
from handlers.general.data_page import DataPage
from knowledge.files.problems import KnowledgeError
from knowledge.loading import build
from knowledge.text.signs import plain_signs
from storage.database import Database, utc_now
from storage.engine.errors import NotFoundError
from storage.operations.keys import scrubbed
from storage.privacy.lookup import FoundPerson

_NUMBER = re.compile(r"[A-Za-z]{1,4}-\d{4}-\d+")
# A telephone number begins with a zero or a plus sign.
_ACCOUNT = re.compile(r"[1-9]\d{0,17}")


def erase(settings: Settings, who: str, *, sure: bool) -> int:
    """Erase everything on somebody, once it is confirmed; return the exit code."""

    async def act(database: Database) -> int:
        person = await _only_one(database, settings, who)
        if person is None:
            return 1
        if not (sure or _confirms()):
            return fail(TEXT.label("letter_unconfirmed"))
        try:
            async with database.begin() as work:
                erased = await work.rights.erase(person.person_id)
                privacy.tell_others(work, erased)
        except NotFoundError:
            return fail(TEXT.label("letter_gone"))
        is_scrubbed = await scrubbed(database)
        notices = len(erased.deliveries)
        values = {"notices": notices, "passed_on": erased.passed_on}
        say(TEXT.label("letter_erased", scrubbed=is_scrubbed, **values))
        return 0

    return beside.run(settings.database_url, settings.keys, act)


def export(settings: Settings, who: str, file: Path, *, sure: bool) -> int:
    """Write all that is stored on somebody as a page; return the exit code."""
    if file.exists():
        return fail(TEXT.label("letter_file_exists", file=file))
    try:
        services = _services(settings)
    except KnowledgeError as error:
        wrong = {"problems": error.problems, "directory": settings.knowledge_dir}
        return fail(TEXT.label("knowledge_wrong", **wrong))

    async def act(database: Database) -> int:
        person = await _only_one(database, settings, who)
        if person is None:
            return 1
        if not (sure or _confirms()):
            return fail(TEXT.label("letter_unconfirmed"))
        page = DataPage(database.begin, services, person.telegram_id)
        await _write(file, _whole(page))
        say(TEXT.label("letter_exported", file=file))
        return 0

    return beside.run(settings.database_url, settings.keys, act)


async def _only_one(database: Database, settings: Settings, who: str) -> FoundPerson | None:
    """Return the one person meant, after saying what is stored on them; None where it is unsure."""
    found = await _find(database, plain_signs(who).strip())
    if not found:
        fail(TEXT.label("letter_nobody", kept=Kept(settings.durations)))
        return None
    say(TEXT.label("letter_found", people=found))
    if len(found) > 1:
        fail(TEXT.label("letter_several", count=len(found)))
        return None
    return found[0]


async def _find(database: Database, who: str) -> tuple[FoundPerson, ...]:
    async with database.begin() as work:
        if _NUMBER.fullmatch(who):
            return await work.lookup.by_number(who)
        if _ACCOUNT.fullmatch(who) and (found := await work.lookup.by_account(int(who))):
            return found
        given = contacts.meant(who)
        written = given.value if given else who
        # A request of an earlier version may hold an overseas number as that one kept it.
        ways = {written, phones.formerly(written) or written}
        gave = [each for way in sorted(ways) for each in await work.lookup.by_contact(way)]
        return tuple({each.person_id: each for each in gave}.values())


def _confirms() -> bool:
    """Ask in a terminal; where there is none, only the option confirms."""
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    say(TEXT.label("letter_confirm"))
    return sys.stdin.readline().strip().casefold() == "oui"


def _services(settings: Settings) -> Services:
    # The page shows titles of entries, so the files are read; nothing is matched.
    library = Library(
        settings.knowledge_dir, fictitious=False, compiling=lambda: compiling(settings)
    )
    knowledge = build(library.read(), by_letters(settings))
    return Services(
        knowledge=knowledge,
        identity=identity_of(settings, knowledge.initiative),
        clock=utc_now,
        kept=Kept(settings.durations),
    )


async def _whole(page: DataPage) -> AsyncIterator[str]:
    yield page.head()
    async for piece in page.pieces():
        yield piece
    yield page.end()


async def _write(file: Path, pieces: AsyncIterator[str]) -> None:
    """Write a new file that its owner alone may read."""
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as page:
        async for piece in pieces:
            page.write(f"{piece}\n".encode())
