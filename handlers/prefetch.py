"""What several updates would each do by itself, done for all of them before they are handled.

Nothing is decided here: whoever handles an update finds what it asks for ready, or asks by itself.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

from telegram import Update, User

from handlers.core import buttons as navigation
from handlers.core import flood
from handlers.core.callback_data import SEPARATOR
from handlers.core.services import Services
from handlers.forms import form_buttons
from handlers.questions import ask
from knowledge.matcher.matcher import Decision, Matcher
from storage.database import Database
from storage.read_ahead import Prefetch
from storage.unit_of_work import UnitOfWork

# What asks who tapped or wrote. It is no fault to leave one out: its handler asks by itself.
_PERSONAL_COMMANDS = frozenset({"/mesdemandes", "/proposer", "/annuler"})
_PERSONAL = frozenset(
    kind.PREFIX
    for kind in (
        navigation.DeclareInterest,
        navigation.ListRequests,
        navigation.ShowEntry,
        navigation.ShowProject,
        navigation.TurnRequests,
        form_buttons.Begin,
        form_buttons.Pick,
        form_buttons.Skip,
        form_buttons.Submit,
        form_buttons.Cancel,
    )
)
# Who is first waits for the last: not for longer than Telegram takes ten messages in.
_MATCHING_SECONDS = 0.3


async def asked_anew(
    database: Database, services: Services, updates: Sequence[Update]
) -> tuple[Update, ...]:
    """Return those of these updates that ask something which must be matched.

    What somebody writes into a form is seldom a question; who writes too fast is left unanswered.
    """
    knowledge = services.knowledge
    new = [
        (update, writer.id)
        for update in updates
        if (writer := ask.writer(update))
        and services.decisions.get(knowledge, _text(update)) is None
    ]
    if not new:
        return ()
    async with database.begin() as work:
        filling = await work.drafts.writers([writer for _, writer in new])
        calm = await _recent(work, services, [update for update, _ in new])
    return tuple(update for update, writer in new if writer in calm and writer not in filling)


async def match_ahead(services: Services, updates: Sequence[Update]) -> int:
    """Match what is asked while no transaction is open; return how many updates are ready.

    They are the first ones: all, unless that takes long.
    """
    knowledge = services.knowledge
    texts = [_text(update) for update in updates]
    ready, found = await asyncio.to_thread(_match, knowledge.matcher, texts)
    for text, decision in found.items():
        services.decisions.keep(knowledge, text, decision)
    return ready


def _match(matcher: Matcher, texts: Sequence[str]) -> tuple[int, dict[str, Decision]]:
    """Match one text at least, and others as long as that does not last; tell how many are done."""
    until, found = time.monotonic() + _MATCHING_SECONDS, dict[str, Decision]()
    for number, text in enumerate(texts, 1):
        if text not in found:
            found[text] = matcher.match(text)
        if time.monotonic() > until:
            return number, found
    return len(texts), found


def _text(update: Update) -> str:
    return (update.message.text or "") if update.message else ""


def _asker(update: Update) -> User | None:
    """Return who wrote or tapped, where whoever handles it will want to know."""
    if update.callback_query is None:
        if _text(update) in _PERSONAL_COMMANDS:
            return update.effective_user
        return ask.writer(update)
    prefix = (update.callback_query.data or "").partition(SEPARATOR)[0]
    return update.callback_query.from_user if prefix in _PERSONAL else None


def _commander(update: Update) -> User | None:
    """Return who typed a command."""
    typed = update.callback_query is None and _text(update).startswith("/")
    return update.effective_user if typed else None


async def prefetch(work: UnitOfWork, services: Services, updates: Sequence[Update]) -> Prefetch:
    """Read what these updates, which are of different chats, are about to ask the database."""
    recent = await _recent(work, services, updates)
    calm = [update for update in updates if _chat(update) in recent]
    askers = _ids(map(_asker, calm))
    people = await work.people.recognise(askers)
    known = [person.id for person in people]
    drafts = await work.drafts.of_people(known)
    # A command in the middle of a form is followed by a reminder of it.
    commanders = _ids(map(_commander, calm))
    filling = {one.telegram_id for one in people if drafts[one.id]} & _ids(map(ask.writer, calm))
    # Where a person writes alone with the bot, the chat has the person's id.
    last_handled = [number for chat in filling if (number := recent[chat])]
    return Prefetch(
        people={person.telegram_id: person for person in people},
        drafts=drafts,
        without_draft=commanders - await work.drafts.writers(commanders),
        interests=await work.interests.of_people(known),
        within_rate=frozenset(recent) if services.flood_limit else frozenset(),
        handled_at=await work.update_rate.handled_at(last_handled),
        # A tap on a title is a question too.
        questions=len(askers),
    )


def _ids(users: Iterable[User | None]) -> frozenset[int]:
    return frozenset(user.id for user in users if user)


def _chat(update: Update) -> int | None:
    """Return the chat whose updates may be held, if this is one of those."""
    chat = flood.may_hold(update)
    return chat.id if chat else None


async def _recent(
    work: UnitOfWork, services: Services, updates: Sequence[Update]
) -> dict[int, int | None]:
    """Return the chats whose updates surely will not be held, with the last one handled lately."""
    chats = [chat for update in updates if (chat := _chat(update)) is not None]
    calm: dict[int, int | None] = dict.fromkeys(chats)
    if not services.flood_limit:
        return calm
    for one in await work.update_rate.recent(chats, services.flood_limit, flood.WITHIN):
        if one.is_fast:
            del calm[one.chat_id]
        else:
            calm[one.chat_id] = one.last_handled
    return calm
