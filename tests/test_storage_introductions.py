"""Whom a request may be put in touch with: rows that are added, asked about once, and answered."""

import pytest
from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    TELEGRAM_ID,
    Clock,
    database_url,
    migrated_database,
    new_interest,
    person,
    stopped_clock,
)

from storage.database import Database
from storage.records.introductions import Agreement, NamedPerson

SOMEBODY = NamedPerson("Jeanne Martin", email="jeanne@example.fr")


@pytest.fixture
async def request_id(database: Database) -> int:
    """A request of somebody."""
    someone = await person(database, TELEGRAM_ID)
    async with database.begin() as work:
        return (await work.interests.register(someone, new_interest())).interest.id


async def test_one_asks_and_each_new_answer_counts_once(
    database: Database, request_id: int
) -> None:
    async with database.begin() as work:
        named = await work.introductions.add(request_id, SOMEBODY)
        assert named.state is Agreement.NAMED
        # Nobody answers what was not asked.
        assert not await work.introductions.answer(named.id, Agreement.AGREED)
        assert await work.introductions.ask(named.id)
        assert not await work.introductions.ask(named.id)
        assert await work.introductions.answer(named.id, Agreement.REFUSED)
        assert not await work.introductions.answer(named.id, Agreement.REFUSED)
        assert await work.introductions.answer(named.id, Agreement.AGREED)
        found = await work.introductions.get(named.id)
    assert found is not None
    assert (found.named, found.state) == (SOMEBODY, Agreement.AGREED)
    assert found.answered_at == START


async def test_what_was_agreed_in_the_form_needs_no_question(
    database: Database, request_id: int
) -> None:
    async with database.begin() as work:
        await work.introductions.add(request_id, SOMEBODY, START)
        await work.introductions.add(request_id, NamedPerson("Paul Giraud", "talents"))
        first, last = await work.introductions.of(request_id)
        assert (first.state, first.answered_at) == (Agreement.AGREED, START)
        assert (last.named.project_id, last.named.email) == ("talents", None)
        assert await work.introductions.of(request_id + 1) == ()
        assert await work.introductions.get(last.id + 1) is None
