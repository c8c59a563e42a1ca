"""The questions asked, masked, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from storage.masking import mask
from storage.repository import Repository
from storage.schema import questions


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is kept: masked, with the entries shown and what the person made of them.

    `chosen_at` without `chosen` means that none of the choices was right.
    """

    id: int
    asked_at: datetime
    text: str
    outcome: str
    shown: tuple[str, ...]
    chosen: str | None
    chosen_at: datetime | None
    helpful: bool | None


class Questions(Repository):
    """The table `questions`: a person reaches only their own."""

    async def record(
        self,
        update_id: int | None,
        person_id: int | None,
        text: str,
        outcome: str,
        shown: Sequence[str],
    ) -> int:
        """Keep a question, masked here; the same update twice gives the same id."""
        statement = self._insert(questions).values(
            update_id=update_id,
            person_id=person_id,
            asked_at=self._now,
            text=mask(text),
            outcome=outcome,
            shown=list(shown),
        )
        result = await self._connection.execute(
            # Setting the key to itself is what makes RETURNING give the row that was there.
            statement.on_conflict_do_update(
                index_elements=[questions.c.update_id],
                set_={"update_id": statement.excluded.update_id},
            ).returning(questions.c.id)
        )
        return int(result.scalar_one())

    async def chosen(self, question_id: int, person_id: int, entry_id: str | None) -> bool:
        """Keep which of the choices was right, or None for none; False if it is not theirs."""
        return await self._change(question_id, person_id, chosen=entry_id, chosen_at=self._now)

    async def voted(self, question_id: int, person_id: int, helpful: bool) -> bool:  # noqa: FBT001 (a vote is a boolean)
        """Keep whether the answer helped; False if the question is not theirs."""
        return await self._change(question_id, person_id, helpful=helpful)

    async def get(self, question_id: int, person_id: int) -> Question | None:
        """Give the person's own question."""
        result = await self._connection.execute(
            select(*COLUMNS).where(
                questions.c.id == question_id, questions.c.person_id == person_id
            )
        )
        row = result.one_or_none()
        return None if row is None else question_of(row)

    async def latest(self, person_id: int) -> Question | None:
        """Give the person's last question."""
        result = await self._connection.execute(
            select(*COLUMNS)
            .where(questions.c.person_id == person_id)
            .order_by(questions.c.id.desc())
            .limit(1)
        )
        row = result.one_or_none()
        return None if row is None else question_of(row)

    async def of_person(self, person_id: int) -> tuple[Question, ...]:
        """Give all of a person's questions, oldest first."""
        result = await self._connection.execute(
            select(*COLUMNS).where(questions.c.person_id == person_id).order_by(questions.c.id)
        )
        return tuple(question_of(row) for row in result)

    async def _change(self, question_id: int, person_id: int, **values: object) -> bool:
        result = await self._connection.execute(
            update(questions)
            .where(questions.c.id == question_id, questions.c.person_id == person_id)
            .values(**values)
        )
        return result.rowcount > 0


COLUMNS = (
    questions.c.id,
    questions.c.asked_at,
    questions.c.text,
    questions.c.outcome,
    questions.c.shown,
    questions.c.chosen,
    questions.c.chosen_at,
    questions.c.helpful,
)


def question_of(row: Row[*tuple[Any, ...]]) -> Question:
    """Make a question of a row of `COLUMNS`."""
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    return Question(**{**values, "shown": tuple(values["shown"])})
