"""Forms in progress: one a person, so that a restart loses nothing that was typed."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

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

    async def of(self, person_id: int) -> Draft | None:
        """Give the person's form in progress."""
        return (await self.of_people([person_id]))[person_id]

    async def of_people(self, people: Collection[int]) -> dict[int, Draft | None]:
        """Give the forms of several people, None for who has none."""
        if not people:
            return {}
        await self._changes.write(drafts)
        result = await self._connection.execute(_DRAFTS_OF, {"people": list(people)})
        return dict.fromkeys(people) | {row.person_id: Draft(*row) for row in result}

    async def writers(self, telegram_ids: Collection[int]) -> frozenset[int]:
        """Tell which of these people (Telegram's ids) have a form in progress."""
        if not telegram_ids:
            return frozenset()
        await self._changes.write(drafts)
        found = await self._connection.scalars(_WRITERS, {"people": list(telegram_ids)})
        return frozenset(found)

    def save(self, draft: Draft) -> None:
        """Keep this form in the place of any other that the person had begun.

        It is written with those that are saved after it, at the end or before anything reads.
        """
        self._changes.touch(draft.person_id)
        row = {
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
        self._changes.put_off(drafts, _saving(self._dialect), draft.person_id, row)

    async def discard(self, person_id: int) -> bool:
        """Forget the person's form; tells whether there was one."""
        self._changes.touch(person_id)
        was_saved = self._changes.take_back(drafts, person_id)
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
