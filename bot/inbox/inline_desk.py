"""Answers inline queries at once, beside the inbox and the outbox.

An answer is worth nothing after some seconds, and goes to a query, not to a chat: a row of the
outbox would wait behind messages, be tried again for hours and outlive what it answers. And what
people type in chats with others is not ours to store: a query never reaches the database. So one
that is lost with the process stays lost. The handlers only compose: this desk makes the call.

It takes little from those who write to the bot: one query is matched at a time, of one person only
the latest counts, and where many wait, further ones are left out.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.inbox.raw_updates import INLINE_QUERY
from bot.outbox.bot_api import ask
from bot.runtime import metrics
from handlers.core.decision_cache import DecisionCache
from handlers.core.services import Services
from handlers.inline.pace import Pace
from handlers.inline.results import InlineQuery, Parameters, answer_to
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.text.hidden import without_hidden

logger = logging.getLogger(__name__)
# People who wait; calls under way.
_MOST_WAITING = 200
_AT_ONCE = 4
# Telegram refuses answers after about 10 seconds; whoever typed has typed on long before.
_WORTH_SECONDS = 6.0
_CALL_SECONDS = 5.0
_CACHED = 500
# Bot API, InlineQuery: characters.
_LONGEST_QUERY = 256
_NOTHING_ASKED = Decision(Outcome.NONE, (), ())


@dataclass(frozen=True, slots=True)
class _Waiting:
    query_id: str
    query: InlineQuery
    since: float


class InlineDesk:
    """Answers the inline queries among the updates; see the module's own words."""

    def __init__(
        self, bot: ExtBot[None], services: Services, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bot = bot
        self._services = services
        self._clock = clock
        self._pace = Pace(clock=clock)
        # By person, the one who waits longest first.
        self._waiting: dict[int, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._matching = asyncio.Lock()
        # Apart from that of questions, which half-typed words would fill.
        self._decisions = DecisionCache(_CACHED)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return not (self._waiting or self._tasks)

    def take(self, raw: Mapping[str, Any]) -> None:
        """Answer an update that is an inline query, as soon as its turn comes."""
        if (asked := _asked(raw.get(INLINE_QUERY))) is None:
            metrics.INLINE.labels("unread").inc()
            return
        person_id, query_id, query = asked
        self._enter(person_id, _Waiting(query_id, query, self._clock()))

    async def close(self) -> None:
        """Give up what is under way."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _enter(self, person_id: int, waiting: _Waiting) -> None:
        if self._services.flood_limit and not self._pace.allows(person_id):
            metrics.INLINE.labels("held").inc()
            return
        if self._waiting.pop(person_id, None):
            metrics.INLINE.labels("replaced").inc()
        if len(self._waiting) >= _MOST_WAITING:
            metrics.INLINE.labels("crowded").inc()
            return
        self._waiting[person_id] = waiting
        if len(self._tasks) < _AT_ONCE:
            task = asyncio.create_task(self._answer_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer_all(self) -> None:
        while self._waiting:
            try:
                outcome = await self._answer_next()
            except Exception as error:  # noqa: BLE001 - whatever one query meets, the next is answered
                # The class alone: an error may quote what was typed.
                logger.error("an inline query failed: %s", type(error).__name__)
                outcome = "failed"
            if outcome:
                metrics.INLINE.labels(outcome).inc()

    async def _answer_next(self) -> str:
        """Answer one query; return what came of it, for the metrics; empty where none is left."""
        async with self._matching:
            # Not before: until its turn comes, a later query of the same person may replace it.
            if not self._waiting:
                return ""
            waiting = self._waiting.pop(next(iter(self._waiting)))
            if self._clock() - waiting.since > _WORTH_SECONDS:
                return "late"
            parameters = await self._composed(waiting.query)
        return await self._sent({"inline_query_id": waiting.query_id} | parameters)

    async def _sent(self, parameters: Parameters) -> str:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                await ask(self._bot, "answerInlineQuery", parameters)
        except (TelegramError, TimeoutError) as error:
            logger.info("an inline query is not answered: %s", type(error).__name__)
            return "refused"
        return "answered"

    async def _composed(self, query: InlineQuery) -> Parameters:
        # One knowledge all through: the files may change meanwhile.
        knowledge = self._services.knowledge
        decision = self._cached(query.words) if query.words else _NOTHING_ASKED

        def compose() -> tuple[Decision, Parameters]:
            decided = decision or knowledge.matcher.match(query.words)
            return decided, answer_to(self._services, knowledge, query, decided)

        decided, parameters = await asyncio.to_thread(compose)
        if query.words:
            self._decisions.keep(knowledge, query.words, decided)
        return parameters

    def _cached(self, words: str) -> Decision | None:
        knowledge = self._services.knowledge
        asked_before = self._services.decisions.get(knowledge, words)
        return asked_before or self._decisions.get(knowledge, words)


def _asked(content: object) -> tuple[int, str, InlineQuery] | None:
    """Return who asks, the query's id and what is asked; None where it cannot be read."""
    if not isinstance(content, Mapping):
        return None
    who, query_id = content.get("from"), content.get("id")
    person_id = who.get("id") if isinstance(who, Mapping) else None
    if not isinstance(who, Mapping) or not isinstance(person_id, int):
        return None
    if not isinstance(query_id, str) or not query_id:
        return None
    words = without_hidden(_text(content, "query")[:_LONGEST_QUERY]).strip()
    query = InlineQuery(words, _text(content, "offset"), _text(who, "language_code"))
    return person_id, query_id, query


def _text(content: Mapping[Any, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
