"""The history of published versions, and returning to one of them."""

import asyncio
from collections.abc import Sequence

from telegram import Update

from handlers.core import caps
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.keyboards import Button, button, rows
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation.publish_buttons import ListVersions, ReturnTo, ShowVersion
from handlers.messages import Catalogue
from knowledge.curation.versions import VersionSet, version_sets
from storage.database import Database
from storage.records.change_requests import ChangeKind, NewChangeRequest

TEXT = Catalogue.of("publication")


@requires(Authority.FACILITATORS)
async def show_history(_update: Update, context: BotContext) -> None:
    """List the published versions, newest first."""
    await _list(context.turn, 0)


@requires(Authority.FACILITATORS)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of the list, in place of this one."""
    await _list(context.turn, ListVersions.of(update).page)


async def _list(turn: Turn, index: int) -> None:
    published = _published(turn)
    if not published:
        turn.say(TEXT("history_empty"))
        return
    page = ListPage.of(published, index, TEXT_ITEMS)
    authors = await turn.work.change_requests.authors([each.id for each in page.items])
    lines = ([_line(number, version)] for number, version in page.numbered())
    turn.rewrite(
        TEXT("history", page=page, authors=authors), rows(*lines, page.steps(ListVersions))
    )


def _line(number: int, version: VersionSet) -> Button:
    label = TEXT.label("history_line", number=number, version=version)
    return button(label, ShowVersion(version.id))


@requires(Authority.FACILITATORS)
async def show_version(update: Update, context: BotContext) -> None:
    """Request a comparison of a version with the one in service."""
    turn = context.turn
    version = await _ask(turn, ChangeKind.COMPARISON, ShowVersion.of(update).version_id)
    if version:
        turn.say(TEXT("history_looking", files=version.files))


@requires(Authority.FACILITATORS)
async def return_to(update: Update, context: BotContext) -> None:
    """Request the examination of a return to a version, as for an uploaded file."""
    turn = context.turn
    if await _ask(turn, ChangeKind.ROLLBACK, ReturnTo.of(update).version_id):
        turn.remove_buttons()
        turn.say(TEXT("history_returning", by=turn.user.full_name))


async def _ask(turn: Turn, kind: ChangeKind, version_id: str) -> VersionSet | None:
    published = _published(turn)
    version = next((each for each in published if each.id == version_id), None)
    if version is None:
        turn.say(TEXT("entry_gone"))
        return None
    if not await caps.allows(turn, caps.EXAMINATIONS, turn.user.id):
        return None
    await turn.work.change_requests.ask(
        NewChangeRequest(
            kind,
            turn.user.id,
            turn.user.full_name,
            turn.chat_id,
            file=version.files[0] if len(version.files) == 1 else None,
            subject=version.id,
            topic_id=turn.topic,
        )
    )
    return version


async def _read_versions(
    _database: Database, services: Services, _update: Update
) -> Sequence[VersionSet]:
    """Read the published versions from the disk."""
    return await asyncio.to_thread(version_sets, services.knowledge_dir)


def _published(turn: Turn) -> Sequence[VersionSet]:
    """Return the versions read before the transaction, newest first."""
    return turn.ahead if isinstance(turn.ahead, tuple) else ()


AHEAD: Works = dict.fromkeys(
    ("/historique", ListVersions.PREFIX, ShowVersion.PREFIX, ReturnTo.PREFIX), Ahead(_read_versions)
)
HANDLERS: tuple[Handler, ...] = (
    command("historique", show_history),
    tap(ListVersions, turn_page),
    tap(ShowVersion, show_version),
    tap(ReturnTo, return_to),
)
