"""Forms in progress: one a person, so that a restart loses nothing that was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from storage.repository import Repository
from storage.schema import drafts


@dataclass(frozen=True, slots=True)
class Draft:
    """A form in progress: which one, about what, the step being asked, the answers so far (JSON).

    `editing` tells that one answer is being corrected from the recap; `updated_at` is storage's.
    """

    person_id: int
    form: str
    step: str
    subject: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    editing: bool = False
    updated_at: datetime | None = None


class Drafts(Repository):
    """The table `drafts`."""

    async def of(self, person_id: int) -> Draft | None:
        """Give the person's form in progress."""
        result = await self._connection.execute(_DRAFT_OF, {"of_person": person_id})
        row = result.one_or_none()
        return None if row is None else Draft(**row._mapping)  # noqa: SLF001 (documented name)

    async def save(self, draft: Draft) -> None:
        """Keep this form in the place of any other that the person had begun."""
        values = {
            "form": draft.form,
            "subject": draft.subject,
            "step": draft.step,
            "answers": dict(draft.answers),
            "editing": draft.editing,
            "updated_at": self._now,
        }
        await self._connection.execute(
            self._insert(drafts)
            .values(person_id=draft.person_id, **values)
            .on_conflict_do_update(index_elements=[drafts.c.person_id], set_=values)
        )

    async def discard(self, person_id: int) -> bool:
        """Forget the person's form; tells whether there was one."""
        result = await self._connection.execute(
            delete(drafts).where(drafts.c.person_id == person_id)
        )
        return result.rowcount > 0


_DRAFT_OF = select(drafts).where(drafts.c.person_id == bindparam("of_person"))
