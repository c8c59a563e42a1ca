"""What was read ahead is given as long as it is true: any change is seen by whoever asks next."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    START,
    Clock,
    database_url,
    migrated_database,
    moved,
    new_interest,
    other_process,
    person,
    stopped_clock,
)

from storage.database import Database
from storage.queues.inbox import Received
from storage.read_ahead import Prefetch
from storage.records.drafts import Draft
from storage.records.interests import Interest, Status
from storage.unit_of_work import UnitOfWork

ONE, OTHER = 7, 8
WITHIN = timedelta(seconds=30)


@pytest.fixture(name="statements")
def noted() -> Iterator[list[str]]:
    """What any database is asked."""
    found: list[str] = []

    def note(*given: object) -> None:
        found.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


async def fill(database: Database) -> tuple[int, int]:
    """Two people with a form in progress and an interest each."""
    people = await person(database, ONE), await person(database, OTHER)
    async with database.begin() as work:
        for one in people:
            work.drafts.save(Draft(one, "interest", "company"))
            await work.interests.register(one, new_interest())
    return people


async def read(work: UnitOfWork, *people: int) -> None:
    """Read ahead what there is of these people."""
    known = await work.people.recognise([ONE, OTHER])
    work.read_ahead.use(
        Prefetch(
            people={one.telegram_id: one for one in known},
            drafts=await work.drafts.of_people(people),
            interests=await work.interests.of_people(people),
        )
    )


async def interest(work: UnitOfWork, person_id: int) -> Interest:
    found = await work.read_ahead.interest(person_id, "hydrogen")
    assert found is not None
    return found


async def test_what_was_read_ahead_is_not_read_again(
    database: Database, statements: list[str]
) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one, other)
        statements.clear()
        for someone in (one, other):
            draft = await work.read_ahead.draft(someone)
            assert draft is not None
            assert (draft.person_id, draft.step) == (someone, "company")
            assert (await interest(work, someone)).person_id == someone
            assert await work.read_ahead.interest(someone, "heat") is None
        assert (await work.read_ahead.person(OTHER)).id == other
        assert statements == []


async def test_what_was_not_read_ahead_is_read(database: Database) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one)
        assert await work.read_ahead.draft(other) is not None
        assert (await interest(work, other)).person_id == other
        assert (await work.read_ahead.person(9)).created_at == START


async def test_a_form_that_changed_is_given_as_it_is_now(
    database: Database, statements: list[str]
) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one, other)
        work.drafts.save(Draft(one, "proposal", "title"))
        statements.clear()
        assert await work.read_ahead.draft(other) is not None
        assert statements == []
        saved = await work.read_ahead.draft(one)
        assert saved is not None
        assert saved.form == "proposal"
        await work.drafts.discard(one)
        await work.drafts.discard(other)
        assert await work.read_ahead.draft(one) is None
        assert await work.read_ahead.draft(other) is None


async def test_an_interest_that_changed_is_given_as_it_is_now(database: Database) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one, other)
        await work.interests.register(one, new_interest("heat"))
        assert len(await work.read_ahead.interests(one)) == 2
        await work.interests.withdraw((await interest(work, one)).id, one)
        assert (await interest(work, one)).status is Status.WITHDRAWN
        await work.interests.change((await interest(work, other)).id, new_interest(company="New"))
        assert (await interest(work, other)).company == "New"


async def test_what_an_administrator_moved_is_given_as_it_is_now(database: Database) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one, other)
        await moved(work, (await interest(work, other)).id, Status.TAKEN)
        assert (await interest(work, other)).status is Status.TAKEN


async def test_who_blocked_the_bot_meanwhile_is_given_as_they_are_now(
    database: Database, clock: Clock
) -> None:
    await fill(database)
    async with database.begin() as work:
        await read(work)
        await work.people.blocked(OTHER)
        assert (await work.read_ahead.person(OTHER)).blocked_at == clock.now
        await work.people.unblocked(OTHER)
        assert (await work.read_ahead.person(OTHER)).blocked_at is None


async def test_nothing_that_was_read_ahead_outlives_an_erasure(database: Database) -> None:
    one, other = await fill(database)
    async with database.begin() as work:
        await read(work, one, other)
        await work.rights.erase(one)
        assert await work.read_ahead.interests(one) == ()
        assert await work.read_ahead.draft(one) is None
        assert await work.read_ahead.draft(other) is not None
        assert (await work.read_ahead.person(ONE)).id not in (one, other)


@ON_POSTGRESQL
async def test_what_another_worker_withdrew_since_it_was_read_comes_back(
    database: Database, other: Database
) -> None:
    someone, _ = await fill(database)
    async with database.begin() as work:
        await read(work, someone)
        async with other.begin() as elsewhere:
            await elsewhere.interests.withdraw((await interest(work, someone)).id, someone)
        again = await work.interests.register(someone, new_interest())
    assert again.created
    assert again.interest.status is Status.RECEIVED


async def test_who_has_no_form_is_told_without_asking_unless_somebody_was_erased(
    database: Database, statements: list[str]
) -> None:
    one, _ = await fill(database)
    async with database.begin() as work:
        work.read_ahead.use(Prefetch(without_draft=frozenset({9, OTHER})))
        assert await work.read_ahead.had_draft(ONE)
        statements.clear()
        assert not await work.read_ahead.had_draft(9)
        assert not await work.read_ahead.had_draft(OTHER)
        assert statements == []
        await work.rights.erase(one)
        assert await work.read_ahead.had_draft(OTHER)


async def test_how_fast_somebody_writes_and_what_came_last_are_told_without_asking(
    database: Database, clock: Clock, statements: list[str]
) -> None:
    async with database.begin() as work:
        await work.inbox.add([Received(number, ONE, "{}") for number in (1, 2)])
        await work.inbox.done([1])
        (recent,) = await work.update_rate.recent([ONE, OTHER], 1, WITHIN)
        assert (recent.chat_id, bool(recent.is_fast), recent.last_handled) == (ONE, True, 1)
        handled_at = await work.update_rate.handled_at([1])
        assert handled_at == {ONE: clock.now}
        work.read_ahead.use(Prefetch(within_rate=frozenset({ONE}), handled_at=handled_at))
        statements.clear()
        assert not await work.read_ahead.is_over_rate(ONE, 2, 1, WITHIN)
        assert not await work.read_ahead.came_between(ONE, clock.now, 2)
        assert statements == []
        work.read_ahead.use(Prefetch())
        assert await work.read_ahead.is_over_rate(ONE, 2, 1, WITHIN)
        assert not await work.read_ahead.came_between(ONE, clock.now, 2)
        assert len(statements) == 2
