"""Forms in progress, one per person, stored so that a restart loses nothing that was typed."""

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
    """A form in progress: its name and subject, the current step, the answers so far (JSON).

    `editing`: one answer is being corrected from the recap. `updated_at` is set by storage.
    `changes` is the number of the request that the form changes, `reuses` that of the request whose
    contact was copied. What the bot said last: `leaving`, it asked whether to give the form up;
    `reminded`, it said that the form waits, without showing it; `unsure`, the words it doubted
    were a name. `answered_step` was answered last by a typed text, in the message `answered_in`.
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
    answered_step: str | None = None
    answered_in: int | None = None
    updated_at: datetime | None = None


class Drafts(Repository):
    """The table `drafts`."""

    async def of(self, person_id: int) -> Draft | None:
        """Give the person's form in progress."""
        return (await self.of_people([person_id]))[person_id]

    async def of_people(self, people: Collection[int]) -> dict[int, Draft | None]:
        """Give the forms of several people; None for a person without one."""
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
        writers = await self._connection.scalars(_WRITERS, {"people": list(telegram_ids)})
        return frozenset(writers)

    def save(self, draft: Draft) -> None:
        """Save this form, in place of any other that the person had begun.

        The row is put off, and written together with others at the end or before a read.
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
            "answered_step": draft.answered_step,
            "answered_in": draft.answered_in,
            "updated_at": self._now,
        }
        self._changes.put_off(drafts, _saving(self._dialect), draft.person_id, row)

    async def discard(self, person_id: int) -> bool:
        """Delete the person's form; returns whether there was one."""
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
