"""Slow work that a handler needs, done before its transaction opens.

Within a transaction, every other writer waits: on SQLite that is everybody. So a handler that
compares, matches or reads files has a function that does this beforehand.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from telegram import Update

from handlers.core import flood
from handlers.core.authority import Authority, has
from handlers.core.callback_data import SEPARATOR, ExpiredButtonError
from handlers.core.services import Services
from handlers.core.turn import Turn
from storage.database import Database

# Returns what the handler finds in ``turn.ahead``.
Work: TypeAlias = Callable[[Database, Services, Update], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is done before a handler's transaction, for those who have the handler's authority."""

    work: Work
    authority: Authority = Authority.FACILITATORS


# By what starts the handler: ``/command``, or the prefix of a class of buttons.
Works: TypeAlias = Mapping[str, Ahead]


async def done_ahead(
    works: Works, database: Database, services: Services, update: Update
) -> object:
    """Do the work of this update's handler and return its result; None where there is none.

    Nothing is done for those whom the handler refuses, or who write too fast to be answered.
    """
    ahead = works.get(_trigger(update))
    if ahead is None:
        return None
    async with database.begin() as unit:
        turn = Turn(services, unit, update)
        is_allowed = await has(ahead.authority, turn, update.effective_chat)
        is_allowed = is_allowed and not await _is_fast(turn)
    try:
        return await ahead.work(database, services, update) if is_allowed else None
    except ExpiredButtonError:
        # No button of the bot's: the handler of those answers it.
        return None


async def _is_fast(turn: Turn) -> bool:
    chat, limit = flood.may_hold(turn.update), turn.services.flood_limit
    if not limit or chat is None:
        return False
    rates = await turn.work.update_rate.recent([chat.id], limit, flood.WITHIN)
    return any(rate.is_fast for rate in rates)


def needs_work(works: Works, update: Update) -> bool:
    """Tell whether the handler of this update has work to be done beforehand."""
    return _trigger(update) in works


def _trigger(update: Update) -> str:
    """Return the prefix of the button tapped, or the command typed; empty for other updates."""
    if update.callback_query is not None:
        return (update.callback_query.data or "").partition(SEPARATOR)[0]
    text = (update.message.text or "") if update.message else ""
    return text.split(maxsplit=1)[0].partition("@")[0].lower() if text.startswith("/") else ""
