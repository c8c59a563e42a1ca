"""A real database for the storage tests, a clock that they move, and rows to begin with.

The tests see only a URL, of SQLite and of PostgreSQL in turn.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dialogue import inside
from postgres import Server
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from storage.database import Database
from storage.engine.schema import people
from storage.queues.outbox import Audience, Outgoing
from storage.records.interests import (
    Actor,
    ContactKind,
    EventKind,
    Moved,
    NewInterest,
    Particulars,
    Party,
    Role,
    Status,
)
from storage.records.people import Person
from storage.unit_of_work import UnitOfWork

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("url", ["postgresql"], indirect=True)

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


@pytest.fixture(name="url", params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database that is empty, or does not exist yet."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    server: Server = request.getfixturevalue("postgres")
    # What asks for tables has them at once: a copy costs less than the migrations.
    url = await server.create(migrated="database" in request.fixturenames)
    yield url
    await server.drop(url)


def sqlite_url(folder: Path) -> str:
    """Name a database file in a folder of its own, which is made with it."""
    return f"sqlite+aiosqlite:///{folder}/data/bot.db"


def names(folder: Path) -> list[str]:
    """List a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def blank_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every table and no row, to copy."""
    folder = tmp_path_factory.mktemp("blank")
    asyncio.run(_migrate(sqlite_url(folder)))
    return folder / "data" / "bot.db"


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


@pytest.fixture(name="database")
async def migrated_database(url: str, clock: Clock, blank_file: Path) -> AsyncIterator[Database]:
    """A database with every table and no row."""
    database = Database(url, clock=clock, worker="here")
    if not database.is_shared:
        shutil.copy(blank_file, str(make_url(url).database))
    yield database
    await database.close()


@pytest.fixture(name="other")
async def other_process(database: Database, url: str, clock: Clock) -> AsyncIterator[Database]:
    """The same database as another process sees it: its own connection, its own lock."""
    del database  # asked for because it migrates
    other = Database(url, clock=clock, worker="there")
    yield other
    await other.close()


async def person(database: Database, telegram_id: int = TELEGRAM_ID) -> int:
    """Make a person known and give our id."""
    async with database.begin() as work:
        return (await work.people.seen(telegram_id)).id


async def known(work: UnitOfWork, telegram_id: int) -> Person | None:
    """Find a person by Telegram's id, without making them known."""
    found = select(people.c.id).where(people.c.telegram_id == telegram_id)
    person_id = await inside(work.people, "connection").scalar(found)
    return None if person_id is None else await work.people.get(person_id)


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """Read a table as it is stored, past the repositories."""
    async with inside(database, "engine").connect() as connection:
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


_MOVES_TO = {
    Status.TAKEN: EventKind.TAKE,
    Status.INTRODUCED: EventKind.INTRODUCE,
    Status.CLOSED: EventKind.CLOSE,
    Status.REFUSED: EventKind.REFUSE,
}


def administrator(name: str = "Ada", id_: int = 99) -> Actor:
    return Actor(Party.ADMINISTRATOR, id_, name)


async def moved(
    work: UnitOfWork,
    interest_id: int,
    to: Status,
    by: Actor | None = None,
    note: str | None = None,
) -> Moved:
    """Move an interest in an administrator's name; one that is closed was taken before."""
    actor = by or administrator()
    if to in {Status.CLOSED, Status.INTRODUCED}:
        await work.interests.move(interest_id, EventKind.TAKE, actor)
    return await work.interests.move(interest_id, _MOVES_TO[to], actor, Particulars(note=note))
