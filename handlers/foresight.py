"""What several updates would each do by itself, done for all of them before they are handled.

Nothing is decided here: whoever handles an update finds what it asks for ready, or sees to it.
"""

import asyncio
import time
from collections.abc import Sequence

from telegram import Update, User

from handlers import flood, navigation, questions
from handlers.callbacks import SEPARATOR, CallbackData
from handlers.forms import buttons
from handlers.services import Services
from knowledge.whole import Knowledge
from storage.database import Database
from storage.work import Work

# The buttons whose handlers always ask who tapped: nobody else is remembered for a tap.
PERSONAL: tuple[type[CallbackData], ...] = (
    navigation.DeclareInterest,
    navigation.ShowEntry,
    navigation.ShowProject,
    buttons.Begin,
    buttons.Pick,
    buttons.Skip,
    buttons.Submit,
    buttons.Cancel,
)
_PERSONAL = frozenset(kind.PREFIX for kind in PERSONAL)
# Who is first waits for the last: not for longer than Telegram takes ten messages in.
_MATCHING_SECONDS = 0.3


def is_new(services: Services, update: Update) -> bool:
    """Tell whether an update may ask something that must be matched."""
    is_text = questions.writer(update) is not None
    return is_text and services.knowledge.recent.get(_text(update)) is None


async def match_ahead(database: Database, services: Services, updates: Sequence[Update]) -> int:
    """Match what is asked anew while no transaction is open; return how many updates are ready.

    They are the first ones: all, unless that takes long.
    """
    writers = [update.effective_user.id for update in updates if update.effective_user]
    async with database.begin() as work:
        filling = await work.drafts.writers(writers)
    # What somebody writes into a form is seldom a question.
    texts = [
        None if update.effective_user and update.effective_user.id in filling else _text(update)
        for update in updates
    ]
    return await asyncio.to_thread(_match, services.knowledge, texts)


def _match(knowledge: Knowledge, texts: Sequence[str | None]) -> int:
    """Match one text at least, and others as long as that does not last; return how many."""
    until = time.monotonic() + _MATCHING_SECONDS
    for number, text in enumerate(texts, 1):
        if text is not None:
            knowledge.recent.keep(text, knowledge.matcher.match(text))
        if time.monotonic() > until:
            return number
    return len(texts)


def _text(update: Update) -> str:
    return (update.message.text or "") if update.message else ""


def _asks_who(update: Update) -> User | None:
    """Return who wrote or tapped, where whoever handles it is sure to ask."""
    if update.callback_query is None:
        return questions.writer(update)
    prefix = (update.callback_query.data or "").partition(SEPARATOR)[0]
    return update.callback_query.from_user if prefix in _PERSONAL else None


async def foresee(work: Work, services: Services, updates: Sequence[Update]) -> None:
    """Read what these updates, which are of different chats, are about to ask the database."""
    if services.flood_limit:
        chats = [chat.id for update in updates if (chat := flood.may_hold(update))]
        await work.tempo.look(chats, services.flood_limit, flood.WITHIN)
    known = {user.id for update in updates if (user := _asks_who(update))}
    people = await work.people.meet(known)
    await work.drafts.look([person.id for person in people])
    # A tap on a title is a question too.
    await work.questions.reserve(len(updates))
