"""Finding who wrote a letter: by a number, by a contact that they gave, or by their account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, func, or_, select, type_coerce

from storage.engine.repository import Repository
from storage.engine.schema import VISITORS_BELOW, conversations, interests, people, questions
from storage.engine.vault import vault_of
from storage.records.interest_values import Interest
from storage.records.interests import Interests

# More people than this gave one contact only where it is nobody's own.
_MOST = 20


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Somebody, and how much is stored on them, so that an operator can tell that it is they."""

    person_id: int
    telegram_id: int
    created_at: datetime
    last_seen_at: datetime
    requests: tuple[Interest, ...]
    questions: int
    conversations: int

    @property
    def is_visitor(self) -> bool:
        """Whether they write by the pages: each of their requests is then somebody of its own."""
        return self.telegram_id < VISITORS_BELOW


class Lookup(Repository):
    """The people whom a letter may be about."""

    async def by_number(self, number: str) -> tuple[FoundPerson, ...]:
        """Find who made a request or asked a facilitator, by its number; capitals do not count."""
        wanted = number.strip().upper()
        return await self._who(
            people.c.id.in_(select(interests.c.person_id).where(interests.c.number == wanted))
            | people.c.id.in_(
                select(conversations.c.person_id).where(conversations.c.number == wanted)
            )
        )

    async def by_contact(self, contact: str) -> tuple[FoundPerson, ...]:
        """Find who gave a contact, written as it is stored, whether it is encrypted or not."""
        digests = vault_of(self._connection.dialect).digests(contact)
        in_clear = func.lower(type_coerce(interests.c.contact, Text)) == contact.lower()
        gave = or_(interests.c.contact_digest.in_(digests), in_clear)
        is_written_to = func.lower(type_coerce(people.c.address, Text)) == contact.lower()
        return await self._who(
            people.c.id.in_(select(interests.c.person_id).where(gave))
            | people.c.address_digest.in_(digests)
            | is_written_to
        )

    async def by_account(self, telegram_id: int) -> tuple[FoundPerson, ...]:
        """Find a person by the id of their Telegram account."""
        return await self._who(people.c.telegram_id == telegram_id)

    async def _who(self, condition: ColumnElement[bool]) -> tuple[FoundPerson, ...]:
        rows = await self._connection.execute(
            select(people.c.id, people.c.telegram_id, people.c.created_at, people.c.last_seen_at)
            .where(condition)
            .order_by(people.c.id)
            .limit(_MOST)
        )
        found = rows.all()
        requests = await self._beside(Interests).of_people([row.id for row in found])
        asked = await self._counts(questions.c.person_id, [row.id for row in found])
        talked = await self._counts(conversations.c.person_id, [row.id for row in found])
        return tuple(
            FoundPerson(*row, requests[row.id], asked.get(row.id, 0), talked.get(row.id, 0))
            for row in found
        )

    async def _counts(
        self, column: ColumnElement[int], people_ids: Collection[int]
    ) -> dict[int, int]:
        rows = await self._connection.execute(
            select(column, func.count()).where(column.in_(people_ids)).group_by(column)
        )
        return {row[0]: row[1] for row in rows}
