"""Deadlines: what is overdue, who is told, and that of two workers one does it."""

from datetime import timedelta

from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    blank_file,
    database_url,
    migrated_database,
    new_interest,
    other_process,
    person,
    stopped_clock,
)

from storage.database import Database
from storage.records.deadlines import DeadlineKind
from storage.records.interests import Actor, EventKind, Party, Status

OWNER = 77
ADA = Actor(Party.ADMINISTRATOR, OWNER, "Ada")


async def request(database: Database, project: str = "hydrogen") -> int:
    """Register a request of the usual person."""
    firm = await person(database)
    async with database.begin() as work:
        return (await work.interests.register(firm, new_interest(project))).interest.id


async def test_what_is_due_is_given_with_who_is_told(database: Database, clock: Clock) -> None:
    number = await request(database)
    async with database.begin() as work:
        await work.interests.move(number, EventKind.TAKE, ADA)
        await work.deadlines.plan(number, DeadlineKind.UNTOUCHED, clock.now)
        await work.deadlines.plan(number, DeadlineKind.FORGOTTEN, clock.now + timedelta(days=1))
    for reaches in (False, True):
        async with database.begin() as work:
            (found,) = await work.deadlines.overdue(clock.now, 10)
            assert (found.deadline.kind, found.owner_id) == (DeadlineKind.UNTOUCHED, OWNER)
            assert found.reaches_owner is reaches
        await person(database, OWNER)
    async with database.begin() as work:
        await work.people.blocked(OWNER)
        assert not (await work.deadlines.overdue(clock.now, 10))[0].reaches_owner
        assert [each.kind for each in await work.deadlines.returning(OWNER)] == [
            DeadlineKind.FORGOTTEN
        ]


async def test_what_is_taken_out_is_gone_and_the_rest_stays(
    database: Database, clock: Clock
) -> None:
    number = await request(database)
    firm = await person(database)
    late = clock.now + timedelta(days=1)
    async with database.begin() as work:
        await work.deadlines.plan(number, DeadlineKind.UNTAKEN, clock.now)
        await work.deadlines.plan(number, DeadlineKind.UNTAKEN_LONG, late)
        await work.deadlines.plan(number, DeadlineKind.UNTOUCHED, clock.now)
        (taken,) = await work.deadlines.take_of_firm(firm, clock.now, 10)
        assert taken.kind is DeadlineKind.UNTAKEN
        assert await work.deadlines.take_of_firm(firm, clock.now, 10) == ()
        # Nobody in particular has it in charge.
        (untouched,) = await work.deadlines.take_of_owner(None, clock.now, 10)
        assert untouched.kind is DeadlineKind.UNTOUCHED
        assert [each.due_at for each in await work.deadlines.of(number)] == [late]


async def test_open_requests_are_counted_and_those_without_a_deadline_found(
    database: Database, clock: Clock
) -> None:
    first, second = await request(database), await request(database, "robots")
    async with database.begin() as work:
        await work.interests.move(second, EventKind.TAKE, ADA)
        assert await work.deadlines.count_open() == {
            Status.RECEIVED: 1,
            Status.TAKEN: 1,
            Status.INTRODUCED: 0,
        }
        await work.deadlines.plan(first, DeadlineKind.UNTAKEN, clock.now)
        assert [each.id for each in await work.request_lists.without_deadline(10)] == [second]


async def test_a_task_is_held_by_one_worker_at_a_time(
    database: Database, other: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        assert await work.schedule.hold("reminders") is None
        assert not await work.schedule.claim("reminders", clock.now)
    if not database.is_shared:
        async with database.begin() as work:
            assert await work.schedule.hold("reminders") == clock.now
        return
    async with database.begin() as work, other.begin() as theirs:
        assert await work.schedule.hold("reminders") == clock.now
        assert await theirs.schedule.hold("reminders") is None
