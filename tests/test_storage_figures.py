"""The figures of a period: exact, in Paris time, and the same once what they count is deleted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dialogue import inside
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Connection, create_engine, literal, select
from storage_fixtures import (  # noqa: F401 (fixtures)
    Clock,
    administrator,
    database_url,
    migrated_database,
    new_interest,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.schema import UtcDateTime, questions
from storage.privacy.retention import Durations
from storage.records.days import Days, day_in_paris
from storage.records.figures import Counted, Figures, Waiting
from storage.records.interests import Ending, EventKind, Particulars, Reason, Role
from storage.records.lifecycle import Status

PARIS = ZoneInfo("Europe/Paris")
NAIVE = datetime(2020, 1, 1)  # noqa: DTZ001 - as Hypothesis takes it
QUARTER = Days(date(2026, 1, 1), date(2026, 4, 1))


async def read(database: Database, days: Days = QUARTER) -> Figures:
    async with database.begin() as work:
        return await work.figures.read(days)


async def ask(
    database: Database,
    person_id: int | None,
    outcome: str,
    shown: Sequence[str] = (),
    *,
    helpful: bool | None = None,
    chosen: str | None = None,
) -> None:
    async with database.begin() as work:
        number = await work.questions.record(None, person_id, "x", outcome, shown)
        if person_id and helpful is not None:
            await work.questions.voted(number, person_id, helpful)
        if person_id and chosen is not None:
            await work.questions.chosen(number, person_id, None if chosen == "-" else chosen)


async def ask_all_sorts(database: Database, clock: Clock, someone: int) -> None:
    """Ask in two weeks of March; five of eight are answered."""
    await ask(database, someone, "answer", ["financement"])
    await ask(database, someone, "answer", ["financement"], helpful=False)
    await ask(database, someone, "choices", ["presentation", "financement"])
    await ask(database, someone, "choices", ["presentation", "financement"], chosen="financement")
    await ask(database, someone, "choices", ["presentation", "financement"], chosen="-")
    await ask(database, someone, "act", ["aide"])
    clock.advance(days=7)
    await ask(database, someone, "referral", ["aides"], helpful=True)
    await ask(database, someone, "answer", ["presentation"])
    await ask(database, None, "answer", ["financement"])
    clock.advance(days=-7)


async def test_a_period_without_anything_is_empty(database: Database) -> None:
    found = await read(database)
    assert found.is_empty
    assert (found.questions.share, found.requests.days_to_take) == (None, None)
    assert found.waiting == Waiting()


async def test_questions_are_counted_by_week_by_outcome_and_by_entry(
    database: Database, clock: Clock
) -> None:
    await ask_all_sorts(database, clock, await person(database))
    found = (await read(database)).questions
    assert (found.asked, found.answered, found.referred) == (8, 5, 1)
    assert found.share == pytest.approx(5 / 8)
    weeks = {week.days.first: (week.asked, week.answered) for week in found.parts if week.asked}
    assert weeks == {date(2026, 3, 2): (5, 2), date(2026, 3, 9): (3, 3)}
    assert found.outcomes == {"answer": 4, "choices": 3, "referral": 1}
    assert found.entries == (
        Counted("financement", 3),
        Counted("aides", 1),
        Counted("presentation", 1),
    )


async def test_no_week_before_the_service_began_is_shown(database: Database, clock: Clock) -> None:
    someone = await person(database)
    assert (await read(database)).questions.parts == ()
    clock.now = datetime(2026, 2, 12, 9, tzinfo=UTC)
    await ask(database, someone, "answer", ["financement"])
    clock.advance(days=21)
    await ask(database, someone, "answer", ["financement"])
    parts = (await read(database)).questions.parts
    assert [part.asked for part in parts[:4]] == [1, 0, 0, 1]
    assert parts[0].days.first == date(2026, 2, 9)
    # The service has not begun anew because its first questions are deleted by now.
    async with database.begin() as work:
        await work.retention.apply(Durations(question=timedelta(days=1)))
    assert (await read(database)).questions.parts == parts


async def test_a_period_is_of_the_days_of_paris(database: Database, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 31, 21, 59, tzinfo=UTC)
    await ask(database, None, "none")
    clock.now = datetime(2026, 3, 31, 22, 1, tzinfo=UTC)
    await ask(database, None, "none")
    april = Days(date(2026, 4, 1), date(2026, 5, 1))
    for look in range(2):
        assert (await read(database)).questions.asked == 1
        found = (await read(database, april)).questions
        assert [week.asked for week in found.parts] == [1, 0, 0, 0, 0]
        async with database.begin() as work:
            left = await work.questions.delete(questions.c.text == "x")
        assert left == (0 if look else 2)


async def test_figures_of_questions_outlive_them(
    database: Database, other: Database, clock: Clock
) -> None:
    """Whoever deletes them: retention, the limit of one person's, an erasure."""
    someone, another = await person(database), await person(database, 8)
    await ask_all_sorts(database, clock, someone)
    await ask_all_sorts(database, clock, another)
    before = await read(database)
    assert before.questions.asked == 16
    async with database.begin() as work:
        limits = work.questions
        assert await limits.delete(questions.c.person_id == someone, in_all=0) == 8
    assert await read(database) == before
    async with other.begin() as work:
        await work.rights.erase(another)
    assert await read(database) == before
    clock.advance(days=200)
    async with database.begin() as work:
        assert (await work.retention.apply(Durations()))["questions"] == 2
    assert await rows(database, "questions") == []
    assert await read(database) == before


async def test_an_answer_that_was_opened_is_no_question(database: Database, clock: Clock) -> None:
    """Neither before its row is deleted nor after, nor for the digest."""
    someone, since = await person(database), clock.now
    async with database.begin() as work:
        await work.questions.record(None, someone, "", "answer", ["financement"])
    clock.advance(days=7)
    await ask(database, someone, "answer", ["presentation"])
    async with database.begin() as work:
        tally = await work.questions.tally(since)
    assert (tally.asked, tally.answered) == (1, 1)
    before = await read(database)
    assert (before.questions.asked, before.questions.answered) == (1, 1)
    assert before.questions.entries == (Counted("presentation", 1),)
    assert before.questions.parts[0].asked == 1
    async with database.begin() as work:
        await work.rights.erase(someone)
    assert await read(database) == before


async def test_what_is_no_list_of_entries_is_counted_without_one(database: Database) -> None:
    """SQLite stores any text; one that is spoilt must not keep the sweep from deleting it."""
    await ask(database, None, "answer", ["financement"])
    await ask(database, None, "answer", [])
    async with database.begin() as work:
        connection = inside(work.questions, "connection")
        spoilt = '{"a": 1}' if database.is_shared else "no JSON"
        await connection.exec_driver_sql(
            f"UPDATE questions SET shown = '{spoilt}' WHERE id = 1"  # noqa: S608
        )
    for _look in range(2):
        found = (await read(database)).questions
        assert (found.asked, found.entries) == (2, ())
        async with database.begin() as work:
            await work.questions.delete(questions.c.text == "x")


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Connection]:
    """A database in memory, for expressions."""
    with create_engine("sqlite://").connect() as connection:
        yield connection


def sqlite_day(sqlite: Connection, moment: datetime) -> date:
    """Return the day in Paris of a time as SQLite has it stored."""
    column = literal(moment, UtcDateTime)
    found = sqlite.scalar(select(day_in_paris(column, "sqlite")))
    assert isinstance(found, date)
    return found


@given(some.datetimes(NAIVE, NAIVE.replace(year=2040), timezones=some.just(UTC)))
def test_sqlite_knows_the_day_in_paris(sqlite: Connection, moment: datetime) -> None:
    assert sqlite_day(sqlite, moment) == moment.astimezone(PARIS).date()


def hours_around_a_change(year: int, month: int) -> list[datetime]:
    """Return the half hours of the last week of a month."""
    start = datetime(year, month, 24, tzinfo=UTC)
    return [start + timedelta(minutes=30 * n) for n in range(8 * 48)]


@pytest.mark.parametrize("month", [3, 10])
@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_sqlite_knows_summer_time(sqlite: Connection, year: int, month: int) -> None:
    for moment in hours_around_a_change(year, month):
        assert sqlite_day(sqlite, moment) == moment.astimezone(PARIS).date(), moment


def test_weeks_begin_on_mondays_and_are_cut_at_the_ends() -> None:
    weeks = Days(date(2026, 9, 30), date(2026, 10, 14)).parts
    assert [(week.first, week.last) for week in weeks] == [
        (date(2026, 9, 30), date(2026, 10, 4)),
        (date(2026, 10, 5), date(2026, 10, 11)),
        (date(2026, 10, 12), date(2026, 10, 13)),
    ]
    year = Days(date(2026, 1, 15), date(2027, 1, 1)).parts
    assert [one.first.month for one in year] == list(range(1, 13))
    assert (year[0].first.day, year[1].first.day, year[-1].end) == (15, 1, date(2027, 1, 1))
    assert Days.unpacked(QUARTER.packed) == QUARTER
    with pytest.raises(ValueError, match="at least one day"):
        Days(date(2026, 1, 1), date(2026, 1, 1))


async def make_requests(database: Database, clock: Clock) -> list[int]:
    """Make five requests: taken after 1, 2 and 6 days; one put in touch and closed, one refused."""
    made = []
    for number in range(4):
        someone = await person(database, 100 + number)
        project = "hydrogen" if number < 3 else "stock"
        async with database.begin() as work:
            registered = await work.interests.register(someone, new_interest(project))
        made.append(registered.interest.id)
    async with database.begin() as work:
        idea = replace(new_interest(role=Role.IDEA), project_id=None)
        someone = (await work.people.seen(200)).id
        made.append((await work.interests.register(someone, idea)).interest.id)
    act = administrator()
    for number, days in ((0, 1), (1, 1), (2, 4)):
        clock.advance(days=days)
        async with database.begin() as work:
            await work.interests.move(made[number], EventKind.TAKE, act)
    clock.advance(days=1)
    async with database.begin() as work:
        await work.interests.move(made[0], EventKind.INTRODUCE, act)
        success = Particulars(outcome=Ending.SUCCESS)
        await work.interests.move(made[0], EventKind.CLOSE, act, success)
        refused = Particulars(reason=Reason.PROJECT_FULL)
        await work.interests.move(made[1], EventKind.REFUSE, act, refused)
    return made


async def test_requests_are_counted_by_where_they_stand(database: Database, clock: Clock) -> None:
    await make_requests(database, clock)
    found = await read(database)
    requests = found.requests
    assert requests.made == 5
    assert requests.states == {
        Status.CLOSED: 1,
        Status.REFUSED: 1,
        Status.TAKEN: 1,
        Status.RECEIVED: 2,
    }
    assert requests.kinds == {"interest": 4, "idea": 1}
    assert [(one.id, one.count) for one in requests.projects] == [("hydrogen", 3), ("stock", 1)]
    assert requests.outcomes == {Ending.SUCCESS: 1}
    assert requests.reasons == {Reason.PROJECT_FULL: 1}
    assert (requests.taken, requests.introduced) == (3, 1)
    assert requests.days_to_take == pytest.approx(2)
    assert requests.days_to_contact == pytest.approx(7)
    assert found.waiting.count == 2


async def test_the_median_of_an_even_number_is_between_the_two_in_the_middle(
    database: Database, clock: Clock
) -> None:
    made = await make_requests(database, clock)
    clock.advance(days=3)
    async with database.begin() as work:
        await work.interests.move(made[3], EventKind.TAKE, administrator())
    requests = (await read(database)).requests
    assert requests.taken == 4
    assert requests.days_to_take == pytest.approx(4)


async def test_a_request_taken_twice_was_waited_for_once(database: Database, clock: Clock) -> None:
    made = await make_requests(database, clock)
    before = (await read(database)).requests
    clock.advance(days=1)
    async with database.begin() as work:
        await work.interests.move(made[2], EventKind.RETURN, administrator())
    clock.advance(days=1)
    async with database.begin() as work:
        await work.interests.move(made[2], EventKind.TAKE, administrator())
    assert (await read(database)).requests == before


async def test_figures_of_requests_outlive_people(database: Database, clock: Clock) -> None:
    await make_requests(database, clock)
    before = await read(database)
    assert before.waiting.count == 2
    clock.advance(days=800)
    async with database.begin() as work:
        assert (await work.retention.apply(Durations()))["interests"] == 5
    after = await read(database)
    assert after.requests == before.requests
    # Nobody waits any more.
    assert after.waiting == Waiting()
