"""What was published, when and by whom; the way back."""

import asyncio

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.keyboards import Button, button, rows
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.curation.publish_buttons import ListVersions, ReturnTo, ShowVersion
from handlers.messages import Catalogue
from knowledge.curation.versions import Version, versions
from storage.records.change_requests import ChangeKind, NewChangeRequest

TEXT = Catalogue.of("publication")
_PAGE = 6


@requires(Authority.FACILITATORS)
async def show_history(_update: Update, context: BotContext) -> None:
    """List what was published, newest first."""
    await _list(context.turn, 0)


@requires(Authority.FACILITATORS)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page of the list, in its place."""
    await _list(context.turn, ListVersions.of(update).page)


async def _list(turn: Turn, page: int) -> None:
    found = await asyncio.to_thread(versions, turn.services.knowledge_dir)
    if not found:
        turn.say(TEXT("history_empty"))
        return
    pages = -(-len(found) // _PAGE)
    page = min(max(page, 0), pages - 1)
    offset = page * _PAGE
    shown = found[offset : offset + _PAGE]
    authors = await turn.work.change_requests.authors([one.id for one in shown])
    text = TEXT(
        "history", versions=shown, authors=authors, offset=offset, page=page + 1, pages=pages
    )
    lines = [[_line(offset + number, one)] for number, one in enumerate(shown, 1)]
    turn.rewrite(text, rows(*lines, _pager(page, pages)))


def _line(number: int, version: Version) -> Button:
    label = TEXT.label("history_line", number=number, version=version)
    return button(label, ShowVersion(version.id))


def _pager(page: int, pages: int) -> list[Button]:
    newer = [button(TEXT.label("button_newer"), ListVersions(page - 1))] if page else []
    older = [button(TEXT.label("button_older"), ListVersions(page + 1))] if page + 1 < pages else []
    return [*newer, *older]


@requires(Authority.FACILITATORS)
async def show_version(update: Update, context: BotContext) -> None:
    """Have a version compared with what is in service."""
    turn = context.turn
    version = await _ask(turn, ChangeKind.COMPARISON, ShowVersion.of(update).version_id)
    if version:
        turn.say(TEXT("history_looking", file=version.file))


@requires(Authority.FACILITATORS)
async def return_to(update: Update, context: BotContext) -> None:
    """Have a return to a version examined, as a file that was sent back is."""
    turn = context.turn
    if await _ask(turn, ChangeKind.ROLLBACK, ReturnTo.of(update).version_id):
        turn.remove_buttons()
        turn.say(TEXT("history_returning", by=turn.user.full_name))


async def _ask(turn: Turn, kind: ChangeKind, version_id: str) -> Version | None:
    found = await asyncio.to_thread(versions, turn.services.knowledge_dir)
    version = next((one for one in found if one.id == version_id), None)
    if version is None:
        turn.say(TEXT("entry_gone"))
        return None
    await turn.work.change_requests.ask(
        NewChangeRequest(
            kind,
            turn.user.id,
            turn.user.full_name,
            turn.chat_id,
            file=version.file,
            subject=version.id,
        )
    )
    return version


HANDLERS: tuple[Handler, ...] = (
    command("historique", show_history),
    tap(ListVersions, turn_page),
    tap(ShowVersion, show_version),
    tap(ReturnTo, return_to),
)
