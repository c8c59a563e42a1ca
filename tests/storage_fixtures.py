"""A real database for the storage tests, a clock that they move, and rows to begin with.

Another kind of database is one more parameter of `database_url`: the tests see only the URL.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.interests import ContactKind, NewInterest, Role
from storage.outbox import Audience, Outgoing

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TELEGRAM_ID = 5_000_000_001  # beyond 32 bits, as Telegram's are


class Clock:
    """The time, which passes when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture(name="clock")
def stopped_clock() -> Clock:
    return Clock()


@pytest.fixture(name="url", params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that does not exist yet."""
    urls = {"sqlite": f"sqlite+aiosqlite:///{tmp_path}/data/bot.db"}
    return urls[request.param]


@pytest.fixture(name="database")
async def migrated_database(url: str, clock: Clock) -> AsyncIterator[Database]:
    """A database with every table and no row."""
    database = Database(url, clock=clock)
    await database.migrate()
    yield database
    await database.close()


@pytest.fixture(name="other")
async def other_process(database: Database, url: str, clock: Clock) -> AsyncIterator[Database]:
    """The same database as another process sees it: its own connection, its own lock."""
    del database  # asked for because it migrates
    other = Database(url, clock=clock)
    yield other
    await other.close()


async def person(database: Database, telegram_id: int = TELEGRAM_ID) -> int:
    """Make a person known and give our id."""
    async with database.begin() as work:
        return (await work.people.seen(telegram_id)).id


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """Read a table as it is stored, past the repositories."""
    async with database._engine.connect() as connection:
        result = await connection.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608
        return [dict(row) for row in result.mappings()]


def new_interest(project_id: str = "hydrogen", **changes: Any) -> NewInterest:
    """What the form gives, complete."""
    values: dict[str, Any] = {
        "project_id": project_id,
        "project_title": f"The project {project_id}",
        "project_lead": "CCI Marseille",
        "company": "Chaudronnerie Martin",
        "contact_name": "Jeanne Martin",
        "contact_kind": ContactKind.EMAIL,
        "contact": "jeanne@example.fr",
        "role": Role.PARTICIPATE,
        "message": "We have a test bench",
        "siret": "73282932000074",
        "consent_at": START,
    }
    return NewInterest(**values | changes)


def to_person(chat_id: int = TELEGRAM_ID, words: str = "hello", **more: Any) -> Outgoing:
    """A message to a person."""
    return Outgoing(Audience.PERSON, "sendMessage", {"text": words}, chat_id=chat_id, **more)


def to_administrators(words: str = "notice", **more: Any) -> Outgoing:
    """A message to the administrators' group."""
    return Outgoing(Audience.ADMINISTRATORS, "sendMessage", {"text": words}, **more)
