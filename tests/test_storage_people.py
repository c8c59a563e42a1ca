"""People are made known by writing, and nothing is kept of them but ids and dates."""

from datetime import timedelta

from storage_fixtures import (  # noqa: F401 (fixtures)
    START,
    TELEGRAM_ID,
    Clock,
    database_url,
    known,
    migrated_database,
    stopped_clock,
)

from storage.database import Database
from storage.read_ahead import Prefetch
from storage.records.people import Tongue


async def test_the_first_message_makes_a_person_known(database: Database) -> None:
    async with database.begin() as work:
        assert await known(work, TELEGRAM_ID) is None
        person = await work.people.seen(TELEGRAM_ID)
        assert await known(work, TELEGRAM_ID) == person
        assert await work.people.get(person.id) == person
        assert await work.people.get(person.id + 1) is None
    assert (person.telegram_id, person.created_at, person.last_seen_at) == (
        TELEGRAM_ID,
        START,
        START,
    )


async def test_later_messages_move_only_the_last_date(database: Database, clock: Clock) -> None:
    async with database.begin() as work:
        first = await work.people.seen(7)
    clock.advance(hours=1)
    async with database.begin() as work:
        again = await work.people.seen(7)
    assert (again.id, again.created_at) == (first.id, START)
    assert again.last_seen_at == START + timedelta(hours=1)


async def test_blocking_keeps_its_first_date_and_unblocking_ends_it(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        await work.people.seen(7)
        await work.people.seen(8)
        await work.people.blocked(7)
    clock.advance(days=1)
    async with database.begin() as work:
        await work.people.blocked(7)
        blocked, other = await known(work, 7), await known(work, 8)
        assert blocked is not None
        assert blocked.blocked_at == START
        assert other is not None
        assert other.blocked_at is None
        await work.people.unblocked(7)
        free = await known(work, 7)
        assert free is not None
        assert free.blocked_at is None


async def test_somebody_unknown_is_not_made_known_by_blocking(database: Database) -> None:
    async with database.begin() as work:
        await work.people.blocked(7)
        await work.people.unblocked(7)
        assert await known(work, 7) is None


async def test_an_id_is_never_given_twice(database: Database) -> None:
    async with database.begin() as work:
        first = await work.people.seen(7)
        await work.rights.erase(first.id)
    async with database.begin() as work:
        assert (await work.people.seen(8)).id > first.id


async def test_who_is_known_is_recognised_and_nobody_else_is_remembered(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        first, second = await work.people.seen(7), await work.people.seen(8)
    clock.advance(hours=1)
    async with database.begin() as work:
        assert await work.people.recognise([]) == ()
        found = {one.telegram_id: one for one in await work.people.recognise({9, 8, 7})}
        assert {number: one.id for number, one in found.items()} == {7: first.id, 8: second.id}
        assert {one.last_seen_at for one in found.values()} == {clock.now}
        assert await known(work, 9) is None
        assert await work.people.seen(8) == found[8]
        assert (await work.people.seen(9)).created_at == clock.now


async def test_the_language_is_french_until_another_is_written_or_chosen(
    database: Database,
) -> None:
    async with database.begin() as work:
        first, second = await work.people.seen(7), await work.people.seen(8)
        assert first.tongue == Tongue("fr", is_chosen=False)
        await work.people.speaks(first.id, "en", is_chosen=False)
        await work.people.speaks(second.id, "en", is_chosen=True)
    async with database.begin() as work:
        assert await work.people.tongues([]) == {}
        assert await work.people.tongues([7, 8, 9]) == {
            7: Tongue("en", is_chosen=False),
            8: Tongue("en", is_chosen=True),
            9: Tongue("fr", is_chosen=False),
        }
        # Writing again changes no language: what was written decides that.
        assert (await work.people.seen(7)).tongue == Tongue("en", is_chosen=False)
        await work.people.speaks(first.id, "fr", is_chosen=True)
        assert await work.read_ahead.tongue(7) == Tongue("fr", is_chosen=True)


async def test_what_was_read_ahead_of_a_language_is_not_read_again(database: Database) -> None:
    async with database.begin() as work:
        person = await work.people.seen(7)
        work.read_ahead.use(Prefetch(tongues={7: Tongue("en", is_chosen=True)}))
        assert (await work.read_ahead.tongue(7)).language == "en"
        assert person.tongue.language == "fr"
