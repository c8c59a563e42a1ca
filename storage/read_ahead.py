"""Data read in advance for a batch of updates, and the one place that answers from it.

The data is read before the first update of the batch is handled. What was read of a person is valid
until that person's rows change in the same unit of work: the repositories note whom they change
(`Changes`), an erasure counts as everybody, and a changed person is read anew. What was read of a
chat stays valid: each update of a unit of work has its own chat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.engine.changes import Changes
from storage.queues.update_rate import UpdateRate
from storage.records.contexts import Context, Contexts
from storage.records.drafts import Draft, Drafts
from storage.records.interests import Interest, Interests
from storage.records.people import People, Person, Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefetch:
    """What a few statements read for several updates, each from a different chat.

    `people` are by Telegram id, and already recorded as having just written; `drafts` and
    `contexts` (None where there is none) and `interests` are by our id; `without_draft` holds
    Telegram ids; `within_rate` holds chats that are surely not too fast; `handled_at` gives by chat
    the time its last update was handled; `questions` is how many questions these updates may
    record; `tongues` are by Telegram id.
    """

    people: Mapping[int, Person] = field(default_factory=dict)
    drafts: Mapping[int, Draft | None] = field(default_factory=dict)
    contexts: Mapping[int, Context | None] = field(default_factory=dict)
    without_draft: frozenset[int] = frozenset()
    interests: Mapping[int, tuple[Interest, ...]] = field(default_factory=dict)
    within_rate: frozenset[int] = frozenset()
    handled_at: Mapping[int, datetime] = field(default_factory=dict)
    questions: int = 0
    tongues: Mapping[int, Tongue] = field(default_factory=dict)


_NOTHING = Prefetch()


class ReadAhead:
    """Answers from the prefetched data while it is valid, else from the repositories."""

    def __init__(
        self,
        people: People,
        drafts: Drafts,
        contexts: Contexts,
        interests: Interests,
        update_rate: UpdateRate,
        changes: Changes,
    ) -> None:
        self._people = people
        self._drafts = drafts
        self._contexts = contexts
        self._interests = interests
        self._update_rate = update_rate
        self._changes = changes
        self._read = _NOTHING

    def use(self, prefetch: Prefetch) -> None:
        """Answer from this data, read in this unit of work before anything was changed."""
        self._read = prefetch
        self._changes.questions_expected = max(prefetch.questions, 1)

    @property
    def _prefetch(self) -> Prefetch:
        return _NOTHING if self._changes.everybody_touched else self._read

    async def person(self, telegram_id: int) -> Person:
        """Record that this person has just written; adds their row the first time."""
        person = self._prefetch.people.get(telegram_id)
        if person is None or self._changes.touched(person.id):
            return await self._people.seen(telegram_id)
        return person

    async def tongue(self, telegram_id: int) -> Tongue:
        """Give the language to answer somebody in; call it before any change of theirs."""
        tongues = self._read.tongues
        if telegram_id not in tongues:
            tongues = await self._people.tongues([telegram_id])
        return tongues[telegram_id]

    async def draft(self, person_id: int) -> Draft | None:
        """Give the person's form in progress."""
        drafts = self._prefetch.drafts
        if person_id not in drafts or self._changes.touched(person_id):
            return await self._drafts.of(person_id)
        return drafts[person_id]

    async def context(self, person_id: int) -> Context | None:
        """Give what the person was shown before this update, if that was not long ago.

        Only the end of a turn changes it, so what was read ahead stays valid all through the turn.
        """
        contexts = self._prefetch.contexts
        if person_id not in contexts:
            return await self._contexts.of(person_id)
        return contexts[person_id]

    async def had_draft(self, telegram_id: int) -> bool:
        """Tell whether the person had a form before this update; call it before any change."""
        if telegram_id in self._prefetch.without_draft:
            return False
        return bool(await self._drafts.writers([telegram_id]))

    async def interests(self, person_id: int) -> tuple[Interest, ...]:
        """Give all of a person's interests, oldest first."""
        interests = self._prefetch.interests
        if person_id not in interests or self._changes.touched(person_id):
            return await self._interests.of_person(person_id)
        return interests[person_id]

    async def interest(self, person_id: int, project_id: str) -> Interest | None:
        """Give the person's interest in a project, even withdrawn or closed."""
        mine = await self.interests(person_id)
        return next((one for one in mine if one.project_id == project_id), None)

    async def is_over_rate(
        self, chat_id: int, update_id: int, limit: int, within: timedelta
    ) -> bool:
        """Tell whether more than `limit` updates came within this duration, this one included."""
        if chat_id in self._prefetch.within_rate:
            return False
        return await self._update_rate.is_over(chat_id, update_id, limit, within)

    async def came_between(self, chat_id: int, handled_at: datetime, update_id: int) -> bool:
        """Tell whether an update came between the one handled at this time and this one."""
        if self._prefetch.handled_at.get(chat_id) == handled_at:
            return False
        return await self._update_rate.came_between(chat_id, handled_at, update_id)
