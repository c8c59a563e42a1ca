"""Whom the contact of a request may be passed to: each person named, and the firm's answer.

Rows are only added, and answered: what the firm agreed to, and when, stays with the request.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select, update

from storage.engine.repository import Repository
from storage.engine.schema import interest_events, interests, introductions
from storage.records.lifecycle import EventKind


class Agreement(StrEnum):
    """Whether the firm agrees that its contact is passed on; once named, it is yet to be asked."""

    NAMED = "named"
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody a request may be put in touch with: the lead of a project, or typed by the team."""

    name: str
    project_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Introduction:
    """One person named for a request; of several, the last one counts."""

    id: int
    interest_id: int
    named: NamedPerson
    state: Agreement
    asked_at: datetime
    answered_at: datetime | None


class Introductions(Repository):
    """The table `introductions`."""

    async def add(
        self, interest_id: int, named: NamedPerson, agreed_at: datetime | None = None
    ) -> Introduction:
        """Name somebody: the firm is yet to be asked, or it has agreed already, at that time."""
        result = await self._connection.execute(
            self._insert(introductions)
            .values(
                interest_id=interest_id,
                project_id=named.project_id,
                name=named.name,
                email=named.email,
                state=Agreement.NAMED if agreed_at is None else Agreement.AGREED,
                asked_at=agreed_at or self._now,
                answered_at=agreed_at,
            )
            .returning(introductions)
        )
        return _introduction(result.one())

    async def get(self, introduction_id: int) -> Introduction | None:
        """Find one by our id."""
        result = await self._connection.execute(
            select(introductions).where(introductions.c.id == introduction_id)
        )
        row = result.one_or_none()
        return None if row is None else _introduction(row)

    async def of(self, interest_id: int) -> tuple[Introduction, ...]:
        """Give all who were named for a request, the last one last."""
        result = await self._connection.execute(
            select(introductions)
            .where(introductions.c.interest_id == interest_id)
            .order_by(introductions.c.id)
        )
        return tuple(map(_introduction, result))

    async def passed_on(self, person_id: int) -> tuple[tuple[str, str | None], ...]:
        """Give to whom a person's contact was passed: the request's number and a name, each once.

        A request that was put back and passed on again has several.
        """
        rows = await self._connection.execute(
            select(interests.c.number, interest_events.c.note)
            .join_from(interest_events, interests)
            .where(interests.c.person_id == person_id)
            .where(interest_events.c.kind == EventKind.INTRODUCE)
            .order_by(interest_events.c.id)
        )
        return tuple(dict.fromkeys((row.number, row.note) for row in rows))

    async def ask(self, introduction_id: int) -> bool:
        """Note that the firm is asked; False if it was before: of two administrators one asks."""
        result = await self._connection.execute(
            update(introductions)
            .where(introductions.c.id == introduction_id)
            .where(introductions.c.state == Agreement.NAMED)
            .values(state=Agreement.ASKED, asked_at=self._now)
        )
        return bool(result.rowcount)

    async def answer(self, introduction_id: int, state: Agreement) -> bool:
        """Set the firm's answer; False if it had answered so already, or was never asked."""
        result = await self._connection.execute(
            update(introductions)
            .where(introductions.c.id == introduction_id)
            .where(introductions.c.state.not_in((state, Agreement.NAMED)))
            .values(state=state, answered_at=self._now)
        )
        return bool(result.rowcount)


def _introduction(row: Row[*tuple[Any, ...]]) -> Introduction:
    named = NamedPerson(row.name, row.project_id, row.email)
    return Introduction(
        row.id, row.interest_id, named, Agreement(row.state), row.asked_at, row.answered_at
    )
