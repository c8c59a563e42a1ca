"""One interest a person and project, whoever taps and how often; each step wins once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dialogue import inside
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    START,
    Clock,
    administrator,
    database_url,
    migrated_database,
    moved,
    new_interest,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.errors import NotFoundError
from storage.records.interests import (
    FIRM,
    Change,
    ContactKind,
    Event,
    EventKind,
    Helped,
    Interest,
    Moved,
    RecordedInterest,
    Role,
    Status,
)
from storage.subject import Kind, Subject


async def register(database: Database, person_id: int, project_id: str = "hydrogen") -> Interest:
    async with database.begin() as work:
        return (await work.interests.register(person_id, new_interest(project_id))).interest


async def move(
    database: Database, interest_id: int, to: Status, name: str = "Ada", note: str | None = None
) -> Moved:
    async with database.begin() as work:
        return await moved(work, interest_id, to, administrator(name), note)


async def test_an_interest_comes_back_as_it_was_given(database: Database) -> None:
    someone = await person(database)
    interest = await register(database, someone)
    assert interest == Interest(
        id=interest.id,
        number="TI-2026-0001",
        person_id=someone,
        project_id="hydrogen",
        project_title="The project hydrogen",
        project_lead="CCI Marseille",
        company="Chaudronnerie Martin",
        contact_name="Jeanne Martin",
        contact_kind=ContactKind.EMAIL,
        contact="jeanne@example.fr",
        contact_note=None,
        role=Role.PARTICIPATE,
        message="We have a test bench",
        siret="73282932000074",
        consent_at=START,
        status=Status.RECEIVED,
        created_at=START,
        updated_at=START,
        closed_at=None,
    )
    async with database.begin() as work:
        assert await work.interests.get(interest.id) == interest
        assert await work.interests.for_project(someone, "hydrogen") == interest
        assert await work.interests.events(interest.id) == (
            Event(EventKind.DECLARE, Status.RECEIVED, START, FIRM),
        )
    assert not interest.is_anonymous
    assert interest.about == Subject(Kind.INTEREST, interest.id)


async def test_what_is_not_there_is_none(database: Database) -> None:
    async with database.begin() as work:
        assert await work.interests.get(1) is None
        assert await work.interests.for_project(1, "hydrogen") is None
        assert await work.interests.of_person(1) == ()
        assert await work.interests.events(1) == ()


async def test_the_optional_answers_may_be_left_out(database: Database) -> None:
    someone = await person(database)
    new = new_interest(project_lead=None, role=None, message=None, siret=None)
    async with database.begin() as work:
        interest = (await work.interests.register(someone, new)).interest
    assert (interest.project_lead, interest.role, interest.message) == (None, None, None)


async def test_a_second_attempt_gives_the_first_unchanged(database: Database) -> None:
    someone = await person(database)
    first = await register(database, someone)
    async with database.begin() as work:
        second = await work.interests.register(someone, new_interest(company="Other"))
        assert second == RecordedInterest(first, created=False)
        assert len(await work.interests.events(first.id)) == 1


async def test_two_processes_registering_at_once_keep_one(
    database: Database, other: Database
) -> None:
    someone = await person(database)

    async def attempt(through: Database) -> RecordedInterest:
        async with through.begin() as work:
            return await work.interests.register(someone, new_interest())

    attempts = await asyncio.gather(*(attempt(one) for one in (database, other) * 5))
    assert sum(attempt.created for attempt in attempts) == 1
    assert {attempt.interest.number for attempt in attempts} == {"TI-2026-0001"}
    assert len(await rows(database, "interest_events")) == 1


async def test_the_constraint_decides_where_reading_came_too_early(database: Database) -> None:
    """As on PostgreSQL, where both may read before either writes."""
    someone = await person(database)
    first = await register(database, someone)
    async with database.begin() as work:
        assert await inside(work.interests, "create")(someone, new_interest()) is None
        assert await inside(work.interests, "revive")(first.id, new_interest()) is None
    async with database.begin() as work:
        assert await work.interests.of_person(someone) == (first,)


async def test_a_person_may_be_interested_in_several_projects(database: Database) -> None:
    someone, other = await person(database), await person(database, 8)
    mine = [await register(database, someone, project) for project in ("b", "a")]
    theirs = await register(database, other, "a")
    async with database.begin() as work:
        assert await work.interests.of_person(someone) == tuple(mine)
        assert await work.interests.for_project(other, "a") == theirs
    assert [one.number for one in (*mine, theirs)] == [f"TI-2026-000{n}" for n in (1, 2, 3)]


async def test_a_change_keeps_the_project_the_number_and_the_status(
    database: Database, clock: Clock
) -> None:
    interest = await register(database, await person(database))
    taken = (await move(database, interest.id, Status.TAKEN)).interest
    clock.advance(hours=1)
    async with database.begin() as work:
        changed = await work.interests.change(
            interest.id, new_interest("another", company="New name", role=Role.LEAD)
        )
    assert changed.changes == (
        Change("role", interest.role and interest.role.value, "lead"),
        Change("company", interest.company, "New name"),
    )
    async with database.begin() as work:
        events = await work.interests.events(interest.id)
        again = await work.interests.change(
            interest.id, new_interest("another", company="New name", role=Role.LEAD)
        )
        assert again.changes == ()
        assert await work.interests.events(interest.id) == events
    assert events[-1].changes == changed.changes
    assert (events[-1].status, events[-1].actor.id) == (Status.TAKEN, None)
    assert [event.changes for event in events[:-1]] == [()] * (len(events) - 1)
    assert changed.interest == replace(
        taken,
        company="New name",
        role=Role.LEAD,
        project_title="The project another",
        status=Status.TAKEN,
        updated_at=START + timedelta(hours=1),
    )


async def test_two_administrators_at_once_one_wins(database: Database, other: Database) -> None:
    interest = await register(database, await person(database))

    async def take(through: Database, name: str) -> Moved:
        async with through.begin() as work:
            return await work.interests.move(interest.id, EventKind.TAKE, administrator(name))

    moves = await asyncio.gather(take(database, "Ada"), take(other, "Bob"))
    assert sorted(one.won for one in moves) == [False, True]
    assert {one.interest.status for one in moves} == {Status.TAKEN}
    winner = "Ada" if moves[0].won else "Bob"
    async with database.begin() as work:
        events = await work.interests.events(interest.id)
    assert events[1:] == (Event(EventKind.TAKE, Status.TAKEN, START, administrator(winner)),)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.REFUSED])
async def test_an_end_is_dated_and_nothing_follows_it(
    database: Database, clock: Clock, status: Status
) -> None:
    interest = await register(database, await person(database))
    clock.advance(days=2)
    ended = await move(database, interest.id, status, note="met")
    assert ended.won
    assert ended.interest.closed_at == START + timedelta(days=2)
    assert not (await move(database, interest.id, Status.TAKEN)).won
    async with database.begin() as work:
        assert (await work.interests.events(interest.id))[-1].note == "met"


async def test_moving_what_does_not_exist_is_an_error(database: Database) -> None:
    with pytest.raises(NotFoundError):
        await move(database, 404, Status.TAKEN)


async def test_a_person_withdraws_their_own_and_only_once(database: Database) -> None:
    someone, other = await person(database), await person(database, 8)
    interest = await register(database, someone)
    async with database.begin() as work:
        with pytest.raises(NotFoundError):
            await work.interests.withdraw(interest.id, other)
        withdrawn = await work.interests.withdraw(interest.id, someone)
        again = await work.interests.withdraw(interest.id, someone)
        events = await work.interests.events(interest.id)
    assert withdrawn.won
    assert not again.won
    assert withdrawn.interest.status is again.interest.status is Status.WITHDRAWN
    assert withdrawn.interest.closed_at == START
    assert [event.status for event in events] == [Status.RECEIVED, Status.WITHDRAWN]


async def test_what_was_closed_cannot_be_withdrawn(database: Database) -> None:
    someone = await person(database)
    interest = await register(database, someone)
    await move(database, interest.id, Status.CLOSED)
    async with database.begin() as work:
        refused = await work.interests.withdraw(interest.id, someone)
    assert not refused.won
    assert refused.interest.status is Status.CLOSED


async def test_a_withdrawn_interest_comes_back_under_its_number(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    first = await register(database, someone)
    async with database.begin() as work:
        await work.interests.withdraw(first.id, someone)
    clock.advance(days=1)
    now = START + timedelta(days=1)
    async with database.begin() as work:
        revived = await work.interests.register(
            someone, new_interest(company="New name", consent_at=now)
        )
        events = await work.interests.events(first.id)
    assert revived.created
    assert revived.interest == replace(
        first, company="New name", consent_at=now, updated_at=now, closed_at=None
    )
    assert [event.status for event in events] == [
        Status.RECEIVED,
        Status.WITHDRAWN,
        Status.RECEIVED,
    ]


async def test_an_anonymous_interest_neither_moves_nor_changes(database: Database) -> None:
    someone = await person(database)
    interest = await register(database, someone)
    async with database.begin() as work:
        await work.rights.erase(someone)
        with pytest.raises(NotFoundError):
            await work.interests.change(interest.id, new_interest())
    lost = await move(database, interest.id, Status.TAKEN)
    assert not lost.won
    assert lost.interest.is_anonymous


async def test_numbers_follow_one_another_across_processes(
    database: Database, other: Database
) -> None:
    people = [await person(database, number) for number in range(1, 13)]
    taken = await asyncio.gather(
        *(register((database, other)[someone % 2], someone) for someone in people)
    )
    assert sorted(one.number for one in taken) == [f"TI-2026-{n:04d}" for n in range(1, 13)]


async def test_a_number_goes_back_with_what_failed(database: Database) -> None:
    someone = await person(database)

    async def fail() -> None:
        async with database.begin() as work:
            await work.interests.register(someone, new_interest())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert (await register(database, someone)).number == "TI-2026-0001"


async def test_the_year_is_the_one_in_paris_and_begins_anew(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    clock.now = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    assert (await register(database, someone, "a")).number == "TI-2026-0001"
    clock.now = datetime(2026, 12, 31, 23, 1, tzinfo=UTC)
    assert (await register(database, someone, "b")).number == "TI-2027-0001"


async def test_the_ten_thousandth_number_takes_five_digits(database: Database) -> None:
    someone = await person(database)
    await register(database, someone, "a")
    async with inside(database, "engine").begin() as connection:
        await connection.exec_driver_sql("UPDATE counters SET value = 9999")
    assert (await register(database, someone, "b")).number == "TI-2026-10000"


async def test_what_is_said_of_a_contact_is_kept_once_and_each_answer_in_the_history(
    database: Database, clock: Clock
) -> None:
    interest = await register(database, await person(database))
    async with database.begin() as work:
        assert await work.interests.say_helped(interest.id, Helped.HELPED) is None
    in_touch = (await move(database, interest.id, Status.INTRODUCED)).interest
    clock.advance(days=7)
    for helped in (Helped.NO_CONTACT, Helped.NO_CONTACT, Helped.HELPED):
        async with database.begin() as work:
            said = await work.interests.say_helped(interest.id, helped)
    assert said is not None
    assert (said.helped, said.helped_at) == (Helped.HELPED, clock.now)
    assert (said.status, said.updated_at) == (Status.INTRODUCED, in_touch.updated_at)
    async with database.begin() as work:
        events = await work.interests.events(interest.id)
    assert [event.changes for event in events if event.kind is EventKind.FEEDBACK] == [
        (Change("helped", None, "no_contact"),),
        (Change("helped", "no_contact", "helped"),),
    ]


async def test_of_two_reminders_at_once_one_counts(database: Database, other: Database) -> None:
    interest = await register(database, await person(database))

    async def relaunch(where: Database) -> Interest | None:
        async with where.begin() as work:
            return await work.interests.relaunch(interest.id)

    relaunched = await asyncio.gather(relaunch(database), relaunch(other))
    assert len([each for each in relaunched if each is not None]) == 1
    async with database.begin() as work:
        events = await work.interests.events_of([interest.id, 999])
    kinds = [event.kind for event in events[interest.id]]
    assert kinds == [EventKind.DECLARE, EventKind.RELAUNCHED]
    assert events[999] == ()


async def test_what_has_ended_is_not_reminded_of(database: Database) -> None:
    interest = await register(database, await person(database))
    await move(database, interest.id, Status.REFUSED)
    async with database.begin() as work:
        assert await work.interests.relaunch(interest.id) is None


async def test_a_request_made_again_begins_anew(database: Database) -> None:
    someone = await person(database)
    interest = await register(database, someone)
    await move(database, interest.id, Status.INTRODUCED)
    async with database.begin() as work:
        await work.interests.say_helped(interest.id, Helped.NO_CONTACT)
        await work.interests.relaunch(interest.id)
        await work.interests.withdraw(interest.id, someone)
    again = await register(database, someone)
    assert again.number == interest.number
    assert (again.helped, again.helped_at, again.relaunched_at) == (None, None, None)
