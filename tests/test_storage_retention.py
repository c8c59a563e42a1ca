"""Each thing is kept as long as was promised: not a day more, not an hour less."""

from datetime import timedelta

import pytest
from dialogue import tune
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    database_url,
    migrated_database,
    moved,
    new_interest,
    person,
    rows,
    stopped_clock,
    to_administrators,
    to_person,
)

from storage.database import Database
from storage.privacy import retention
from storage.privacy.retention import Durations
from storage.queues.inbox import Received
from storage.records.contexts import Context
from storage.records.drafts import Draft
from storage.records.interests import Status
from storage.subject import Kind, Subject

NOTHING = {
    "interests": 0,
    "outbox": 0,
    "inbox": 0,
    "contexts": 0,
    "drafts": 0,
    "subscriptions": 0,
    "questions": 0,
    "conversations": 0,
    "signatures": 0,
    "colleagues": 0,
    "allowances": 0,
    "publications": 0,
    "alerts": 0,
    "people": 0,
    "consent_wordings": 0,
}


async def apply(database: Database, durations: Durations | None = None) -> dict[str, int]:
    async with database.begin() as work:
        return await work.retention.apply(durations or Durations())


async def closed(database: Database, person_id: int, status: Status = Status.CLOSED) -> int:
    """Register an interest and end it, with a trace of its notice and of a note on it."""
    async with database.begin() as work:
        interest = (await work.interests.register(person_id, new_interest())).interest
        notice = await work.outbox.add(to_administrators(about=interest.about))
        await work.outbox.sent(notice, -100, 1)
        note = await work.outbox.add(to_person(about=interest.about_note))
        await work.outbox.sent(note, 7, 2)
        if status is Status.WITHDRAWN:
            await work.interests.withdraw(interest.id, person_id)
        else:
            await moved(work, interest.id, status, note="x")
    return interest.id


async def test_nothing_is_nothing(database: Database) -> None:
    assert await apply(database) == NOTHING


async def test_an_unfinished_form_lives_48_hours_since_its_last_answer(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    for hours in (0, 40):
        clock.advance(hours=hours)
        async with database.begin() as work:
            work.drafts.save(Draft(someone, "interest", "company"))
    clock.advance(hours=48)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"drafts": 1}


async def test_what_was_shown_last_lives_ten_minutes(database: Database, clock: Clock) -> None:
    someone = await person(database)
    async with database.begin() as work:
        work.contexts.save(Context(someone, "talents"))
    clock.advance(minutes=9, seconds=59)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"contexts": 1}


async def test_a_question_lives_90_days(database: Database, clock: Clock) -> None:
    someone = await person(database)
    async with database.begin() as work:
        await work.questions.record(1, someone, "x", "none", [])
    clock.advance(days=90)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"questions": 1}


@pytest.mark.parametrize("status", [Status.CLOSED, Status.REFUSED, Status.WITHDRAWN])
async def test_an_interest_is_anonymised_a_year_after_its_end(
    database: Database, clock: Clock, status: Status
) -> None:
    someone = await person(database)
    interest_id = await closed(database, someone, status)
    clock.advance(days=365)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    counts = await apply(database)
    # The traces go with it, and so does the person, of whom nothing else is left.
    assert counts == NOTHING | {"interests": 1, "outbox": 2, "people": 1}
    async with database.begin() as work:
        interest = await work.interests.get(interest_id)
        assert interest is not None
        events = await work.interests.events(interest_id)
    assert interest.is_anonymous
    assert (interest.company, interest.contact_name, interest.contact) == ("", "", "")
    assert (interest.message, interest.siret, interest.project_lead) == (None, None, None)
    assert {(one.actor.id, one.actor.name, one.note) for one in events} == {(None, None, None)}
    assert await apply(database) == NOTHING


async def test_an_interest_that_nobody_closed_is_anonymised_a_year_after_its_last_step(
    database: Database, clock: Clock
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        interest = (await work.interests.register(someone, new_interest())).interest
    clock.advance(days=300)
    async with database.begin() as work:
        await moved(work, interest.id, Status.TAKEN)
    clock.advance(days=365)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"interests": 1, "people": 1}


async def test_a_revived_interest_is_not_on_its_way_out(database: Database, clock: Clock) -> None:
    someone = await person(database)
    await closed(database, someone, Status.WITHDRAWN)
    clock.advance(days=300)
    async with database.begin() as work:
        await work.interests.register(someone, new_interest())
    clock.advance(days=300)
    assert (await apply(database))["interests"] == 0


async def test_more_interests_than_one_statement_takes(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, retention, AT_ONCE=2)
    for telegram_id in range(5):
        await closed(database, await person(database, telegram_id))
    clock.advance(days=366)
    assert await apply(database) == NOTHING | {"interests": 5, "outbox": 10, "people": 5}


async def test_the_inbox_forgets_what_was_handled_then_what_was_set_aside(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        await work.inbox.add([Received(number, 7, "x") for number in (1, 2, 3)])
        await work.inbox.done([1])
        await work.inbox.set_aside(2, "E-1")
    clock.advance(hours=48)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"inbox": 1}
    clock.advance(days=5)
    assert await apply(database) == NOTHING | {"inbox": 1}
    clock.advance(days=500)
    assert await apply(database) == NOTHING
    assert [row["state"] for row in await rows(database, "inbox")] == ["waiting"]


async def test_the_outbox_forgets_what_was_parked_and_traces_of_other_things(
    database: Database, clock: Clock
) -> None:
    async with database.begin() as work:
        outbox = work.outbox
        waiting = await outbox.add(to_person(7))
        await outbox.park(
            await outbox.add(to_administrators(about=Subject(Kind.INTEREST, 1))), "400"
        )
        await outbox.sent(await outbox.add(to_administrators(about=Subject(Kind.GAP, 1))), -100, 1)
        kept = await outbox.add(to_administrators(about=Subject(Kind.INTEREST, 2)))
        await outbox.sent(kept, -100, 1)
    clock.advance(days=30)
    assert await apply(database) == NOTHING
    clock.advance(seconds=1)
    assert await apply(database) == NOTHING | {"outbox": 2}
    assert [row["id"] for row in await rows(database, "outbox")] == [waiting, kept]


async def test_a_person_who_left_nothing_is_forgotten_after_a_year(
    database: Database, clock: Clock
) -> None:
    await person(database, 7)
    await person(database, 8)
    clock.advance(days=1)
    await person(database, 7)
    clock.advance(days=364, seconds=1)
    assert await apply(database) == NOTHING | {"people": 1}
    assert [row["telegram_id"] for row in await rows(database, "people")] == [7]


async def test_durations_are_settings(database: Database, clock: Clock) -> None:
    someone = await person(database)
    async with database.begin() as work:
        work.drafts.save(Draft(someone, "interest", "company"))
        await work.questions.record(1, someone, "x", "none", [])
    clock.advance(minutes=2)
    minute = timedelta(minutes=1)
    assert await apply(database, Durations(draft=minute)) == NOTHING | {"drafts": 1}
    assert await apply(database, Durations(question=minute)) == NOTHING | {"questions": 1}
    assert await apply(database, Durations(person=minute)) == NOTHING | {"people": 1}
