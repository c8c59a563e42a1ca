"""Forms in progress: one a person, so that a restart loses nothing that was typed."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine.repository import Repository, Upsert, insert_into
from storage.engine.schema import drafts, people


@dataclass(frozen=True, slots=True)
class Draft:
    """A form in progress: which one, about what, the step being asked, the answers so far (JSON).

    `editing` tells that one answer is being corrected from the recap; `updated_at` is storage's.
    `changes` is the number of the request that the form changes, `reuses` that of the request whose
    contact was taken. What the bot said last: `leaving`, that it asked whether to give the form up;
    `reminded`, that the form waits, without showing it; `unsure`, words that are perhaps no name.
    """

    person_id: int
    form: str
    step: str
    subject: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    editing: bool = False
    changes: str | None = None
    reuses: str | None = None
    leaving: bool = False
    reminded: bool = False
    unsure: str | None = None
    updated_at: datetime | None = None


class Drafts(Repository):
    """The table `drafts`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        super().__init__(connection, now)
        # What was looked for and has not changed here since.
        self._known: dict[int, Draft | None] = {}
        self._saved: dict[int, dict[str, object]] = {}
        # Telegram's ids of people who had none when looked for.
        self._idle: frozenset[int] = frozenset()

    async def look(self, people: Collection[int]) -> None:
        """Look for the forms of several people at once, for ``of`` to give."""
        if not people:
            return
        await self.write()
        result = await self._connection.execute(_DRAFTS_OF, {"people": list(people)})
        self._known |= dict.fromkeys(people) | {row.person_id: Draft(*row) for row in result}

    def look_anew(self) -> None:
        """Trust nothing that was looked for: rows were changed past this repository."""
        self._known.clear()
        self._idle = frozenset()

    async def look_for_writers(self, telegram_ids: Collection[int]) -> None:
        """Look for people who have no form in progress, for ``writers`` to know.

        Who begins one meanwhile is not among its writers yet.
        """
        if not telegram_ids:
            return
        self._idle = frozenset(telegram_ids) - await self.writers(telegram_ids)

    async def writers(self, telegram_ids: Collection[int]) -> frozenset[int]:
        """Tell which of these people (Telegram's ids) have a form in progress."""
        if self._idle.issuperset(telegram_ids):
            return frozenset()
        await self.write()
        found = await self._connection.scalars(_WRITERS, {"people": list(telegram_ids)})
        return frozenset(found)

    async def of(self, person_id: int) -> Draft | None:
        """Give the person's form in progress."""
        if person_id not in self._known:
            await self.look([person_id])
        return self._known[person_id]

    def save(self, draft: Draft) -> None:
        """Keep this form in the place of any other that the person had begun.

        It is written with those that are saved after it, at the end or before anything reads.
        """
        self._known.pop(draft.person_id, None)
        self._saved[draft.person_id] = {
            "person_id": draft.person_id,
            "form": draft.form,
            "subject": draft.subject,
            "step": draft.step,
            "answers": dict(draft.answers),
            "editing": draft.editing,
            "changes": draft.changes,
            "reuses": draft.reuses,
            "leaving": draft.leaving,
            "reminded": draft.reminded,
            "unsure": draft.unsure,
            "updated_at": self._now,
        }

    async def write(self) -> None:
        """Write what was saved: before the commit, and before anything looks for it."""
        if self._saved:
            rows, self._saved = list(self._saved.values()), {}
            await self._connection.execute(_saving(self._dialect), rows)

    async def discard(self, person_id: int) -> bool:
        """Forget the person's form; tells whether there was one."""
        was_saved = self._saved.pop(person_id, None) is not None
        self._known.pop(person_id, None)
        result = await self._connection.execute(
            delete(drafts).where(drafts.c.person_id == person_id)
        )
        return was_saved or result.rowcount > 0


_WRITERS = (
    select(people.c.telegram_id)
    .join(drafts, drafts.c.person_id == people.c.id)
    .where(people.c.telegram_id.in_(bindparam("people", expanding=True)))
)
_DRAFTS_OF = select(*(drafts.c[name] for name in Draft.__slots__)).where(
    drafts.c.person_id.in_(bindparam("people", expanding=True))
)


@functools.cache
def _saving(dialect: str) -> Upsert:
    statement = insert_into(drafts, dialect)
    return statement.on_conflict_do_update(
        index_elements=[drafts.c.person_id],
        set_={
            column.name: statement.excluded[column.name]
            for column in drafts.columns
            if not column.primary_key
        },
    )
