"""Matching and database reads done once for a batch of updates, before each one is handled.

Nothing is decided here: a handler that does not find a value prefetched reads it itself.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from telegram import Update, User

from handlers.conversation.team_answers import RECENT
from handlers.core import buttons as navigation
from handlers.core import flood, spoken
from handlers.core.callback_data import SEPARATOR
from handlers.core.full_text import full_text
from handlers.core.services import Services
from handlers.forms import form_buttons
from handlers.questions import ask
from knowledge.matcher.matcher import Decision, Matcher
from storage.database import Database
from storage.read_ahead import Prefetch
from storage.unit_of_work import UnitOfWork

# Commands and buttons whose handlers read the person. The lists need not be complete: a handler
# reads what was not prefetched.
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
# The first update of a batch waits until all are matched: at most for the time in which Telegram
# accepts ten messages.
_MATCHING_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class UpcomingText:
    """An update whose text must be matched, and what was last shown to who wrote it."""

    update: Update
    after: str = ""


async def asked_anew(
    database: Database, services: Services, updates: Sequence[Update]
) -> tuple[UpcomingText, ...]:
    """Return the updates whose text must be matched and has no cached decision.

    Texts typed into a form are left out because they are seldom questions, and so are those of
    people over the rate limit, who get no answer.
    """
    written = [(update, writer.id) for update in updates if (writer := ask.writer(update))]
    if not written:
        return ()
    async with database.begin() as work:
        topics = await work.contexts.topics([writer for _, writer in written])
        new = [
            (UpcomingText(update, topics.get(writer, "")), writer)
            for update, writer in written
            if _is_new(services, _text(update), topics.get(writer, ""))
        ]
        filling = await work.drafts.writers([writer for _, writer in new])
        calm = await _recent(work, services, [asked.update for asked, _ in new])
    return tuple(asked for asked, writer in new if writer in calm and writer not in filling)


def _is_new(services: Services, text: str, after: str) -> bool:
    return services.decisions.get(services.knowledge, text, after) is None


async def match_ahead(services: Services, asked: Sequence[UpcomingText]) -> int:
    """Match the texts while no transaction is open; return how many updates are ready.

    The ready ones are the first of the batch; fewer than all if matching takes too long.
    """
    return await match_texts(
        services,
        [(full_text(one.update.message or one.update.edited_message), one.after) for one in asked],
    )


async def match_texts(services: Services, texts: Sequence[tuple[str, str]]) -> int:
    """Match these texts, each with what was shown before it, as `match_ahead` does."""
    knowledge = services.knowledge
    ready, decisions = await asyncio.to_thread(_match, knowledge.matcher, texts)
    for (text, after), decision in decisions.items():
        services.decisions.keep(knowledge, text, decision, after)
    return ready


def _match(
    matcher: Matcher, texts: Sequence[tuple[str, str]]
) -> tuple[int, dict[tuple[str, str], Decision]]:
    """Match at least one text, and more until time is up; return how many, and the decisions."""
    until, decisions = time.monotonic() + _MATCHING_SECONDS, dict[tuple[str, str], Decision]()
    for number, (text, after) in enumerate(texts, 1):
        if (text, after) not in decisions:
            decisions[text, after] = matcher.match(text, after=after)
        if time.monotonic() > until:
            return number, decisions
    return len(texts), decisions


def _text(update: Update) -> str:
    return full_text(update.message)


def _asker(update: Update) -> User | None:
    """Return who wrote or tapped, if the handler of the update will read their record."""
    if update.callback_query is None:
        if _text(update) in _PERSONAL_COMMANDS:
            return update.effective_user
        return ask.writer(update)
    prefix = (update.callback_query.data or "").partition(SEPARATOR)[0]
    return update.callback_query.from_user if prefix in _PERSONAL else None


def _in_private(update: Update) -> User | None:
    """Return who wrote or tapped in a private chat: what they are shown is kept."""
    user, chat = update.effective_user, update.effective_chat
    return user if user and chat and user.id == chat.id else None


def _commander(update: Update) -> User | None:
    """Return who typed a command, if the update is one."""
    typed = update.callback_query is None and _text(update).startswith("/")
    return update.effective_user if typed else None


async def prefetch(work: UnitOfWork, services: Services, updates: Sequence[Update]) -> Prefetch:
    """Read from the database what the handlers of these updates, one a chat, will need."""
    recent = await _recent(work, services, updates)
    calm = [update for update in updates if _chat(update) in recent]
    askers = _ids(map(_asker, calm))
    people = await work.people.recognise(askers | _ids(map(_in_private, calm)))
    person_ids = [person.id for person in people]
    drafts = await work.drafts.of_people(person_ids)
    # Only a typed text may answer the team.
    writers = _ids(map(ask.writer, calm))
    writing = [person.id for person in people if person.telegram_id in writers]
    tongues = {person.telegram_id: person.tongue for person in people}
    others = _ids(map(spoken.answered, calm)) - tongues.keys()
    # A command typed during a form is followed by a reminder of the form.
    commanders = _ids(map(_commander, calm))
    filling = {person.telegram_id for person in people if drafts[person.id]} & writers
    # A private chat has the same id as the person.
    last_handled = [number for chat in filling if (number := recent[chat])]
    return Prefetch(
        people={person.telegram_id: person for person in people},
        drafts=drafts,
        contexts=await work.contexts.of_people(person_ids),
        without_draft=commanders - await work.drafts.writers(commanders),
        interests=await work.interests.of_people(person_ids),
        awaited=await work.conversations.awaiting(writing, work.now - RECENT),
        within_rate=frozenset(recent) if services.flood_limit else frozenset(),
        handled_at=await work.update_rate.handled_at(last_handled),
        # A tap on a title records a question too.
        questions=len(askers),
        tongues=tongues | await work.people.tongues(others),
    )


def _ids(users: Iterable[User | None]) -> frozenset[int]:
    return frozenset(user.id for user in users if user)


def _chat(update: Update) -> int | None:
    """Return the chat of the update if the rate limit applies to it."""
    chat = flood.may_hold(update)
    return chat.id if chat else None


async def _recent(
    work: UnitOfWork, services: Services, updates: Sequence[Update]
) -> dict[int, int | None]:
    """Return the chats under the rate limit, each with its update handled last, if recent."""
    chats = [chat for update in updates if (chat := _chat(update)) is not None]
    calm: dict[int, int | None] = dict.fromkeys(chats)
    if not services.flood_limit:
        return calm
    for rate in await work.update_rate.recent(chats, services.flood_limit, flood.WITHIN):
        if rate.is_fast:
            del calm[rate.chat_id]
        else:
            calm[rate.chat_id] = rate.last_handled
    return calm
