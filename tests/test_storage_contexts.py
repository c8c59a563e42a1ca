"""What each person was shown last: one row a person, valid for ten minutes, written in batches."""

import pytest
from dialogue import inside
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.read_ahead import Prefetch
from storage.records.contexts import Context, Option

ONE, OTHER = 101, 102
OPTIONS = (Option("1. Le calendrier", "e:calendrier"), Option("Parler à une personne", "h"))


async def shown(database: Database, context: Context) -> None:
    async with database.begin() as work:
        work.contexts.save(context)


async def test_what_was_shown_last_replaces_what_was_before(database: Database) -> None:
    someone, other = await person(database, ONE), await person(database, OTHER)
    await shown(database, Context(someone, "financement", "n", OPTIONS[:1]))
    await shown(database, Context(someone, "calendrier", None, OPTIONS))
    async with database.begin() as work:
        found = await work.contexts.of(someone)
        assert found is not None
        assert (found.topic, found.offer, found.options) == ("calendrier", None, OPTIONS)
        assert await work.contexts.of(other) is None
        assert await work.contexts.topics([ONE, OTHER]) == {ONE: "calendrier"}
    assert len(await rows(database, "contexts")) == 1


async def test_it_is_valid_for_ten_minutes(database: Database, clock: Clock) -> None:
    someone = await person(database, ONE)
    await shown(database, Context(someone, "calendrier", None, OPTIONS))
    clock.advance(minutes=9, seconds=59)
    async with database.begin() as work:
        assert await work.contexts.of(someone) is not None
        assert await work.contexts.topics([ONE]) == {ONE: "calendrier"}
    clock.advance(seconds=1)
    async with database.begin() as work:
        assert await work.contexts.of(someone) is None
        assert await work.contexts.topics([ONE]) == {}


async def test_a_screen_of_nothing_in_particular_has_no_topic(database: Database) -> None:
    someone = await person(database, ONE)
    await shown(database, Context(someone, None, None, OPTIONS))
    async with database.begin() as work:
        assert await work.contexts.topics([ONE]) == {}
        assert await work.contexts.topics([]) == {}
        assert await work.contexts.of_people([]) == {}


async def test_the_rows_of_several_people_are_one_statement(database: Database) -> None:
    people = [await person(database, 100 + number) for number in range(5)]
    found: list[str] = []

    def note(*given: object) -> None:
        found.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with database.begin() as work:
            for someone in people:
                work.contexts.save(Context(someone, "a"))
                work.contexts.save(Context(someone, "b"))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sum("INTO contexts" in one for one in found) == 1
    assert [row["topic"] for row in await rows(database, "contexts")] == ["b"] * 5


async def test_what_was_read_ahead_is_not_read_again(database: Database) -> None:
    someone, other = await person(database, ONE), await person(database, OTHER)
    await shown(database, Context(someone, "calendrier"))
    async with database.begin() as work:
        work.read_ahead.use(Prefetch(contexts={someone: None}))
        assert await work.read_ahead.context(someone) is None
        assert await work.read_ahead.context(other) is None
    async with database.begin() as work:
        found = await work.read_ahead.context(someone)
        assert found is not None
        assert found.topic == "calendrier"


@pytest.mark.parametrize("spoilt", ["[1, null]", "{}", '[["a"], ["b", "n"]]', "nonsense"])
async def test_a_spoilt_row_keeps_nobody_from_an_answer(database: Database, spoilt: str) -> None:
    if database.is_shared and spoilt == "nonsense":
        pytest.skip("PostgreSQL stores no such text in a JSON column")
    someone = await person(database, ONE)
    await shown(database, Context(someone, "calendrier"))
    value = f"'{spoilt}'"
    async with inside(database, "engine").begin() as connection:
        await connection.execute(text(f"UPDATE contexts SET options = {value}"))  # noqa: S608
    async with database.begin() as work:
        found = await work.contexts.of(someone)
        assert found is not None
        assert all(option.data == "n" for option in found.options)


async def test_an_offer_ends_without_the_rest(database: Database) -> None:
    someone = await person(database, ONE)
    async with database.begin() as work:
        work.contexts.save(Context(someone, "calendrier", "n", OPTIONS))
        await work.contexts.end_offer(ONE)
        await work.contexts.end_offer(OTHER)
        found = await work.contexts.of(someone)
        assert found is not None
        assert (found.topic, found.offer, found.options) == ("calendrier", None, OPTIONS)
