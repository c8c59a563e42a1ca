"""Working days in France, and the moments at which something is due."""

from datetime import UTC, date, datetime, timedelta

import holidays

from handlers.core.office import Office, WorkingDays


def test_weekends_and_public_holidays_are_no_working_days() -> None:
    days = WorkingDays()
    assert not days.works(date(2026, 5, 1))
    assert days.holiday(date(2026, 12, 25)) == "Noël"
    assert [days.works(date(2026, 11, day)) for day in (27, 28, 29, 30)] == [
        True,
        False,
        False,
        True,
    ]


def test_alsace_moselle_has_holidays_of_its_own() -> None:
    saint_stephen = date(2025, 12, 26)
    assert WorkingDays().works(saint_stephen)
    assert not WorkingDays(subdivision="6AE").works(saint_stephen)


def test_what_is_due_in_working_days_leaves_out_the_others() -> None:
    friday = datetime(2026, 4, 30, 20, tzinfo=UTC)
    # The first of May, then a weekend, and the eighth is a holiday too.
    assert Office().due_day(friday, 3) == date(2026, 5, 6)
    assert Office().due_day(friday, 6) == date(2026, 5, 12)
    assert Office().due(friday, 3).isoformat() == "2026-05-06T09:00:00+02:00"


def test_the_office_is_open_at_its_hours_on_working_days() -> None:
    office = Office()
    assert office.is_open(datetime(2026, 11, 27, 8, tzinfo=UTC))
    assert not office.is_open(datetime(2026, 11, 27, 7, 59, tzinfo=UTC))
    assert not office.is_open(datetime(2026, 11, 27, 17, tzinfo=UTC))
    assert not office.is_open(datetime(2026, 11, 28, 10, tzinfo=UTC))
    assert not office.is_open(datetime(2026, 11, 11, 10, tzinfo=UTC))


def test_our_days_are_those_of_the_library_on_every_day_of_a_year() -> None:
    """The library counts 0 from a holiday to the next working day, and so do we."""
    library = holidays.country_holidays("FR", language="fr")
    assert library.get_nth_working_day(date(2026, 5, 1), 0) == date(2026, 5, 4)
    ours, day = WorkingDays(), date(2026, 1, 1)
    while day < date(2027, 1, 1):
        for count in (0, 1, 5):
            assert ours.after(day, count) == library.get_nth_working_day(day, count)
        day += timedelta(days=1)


def test_days_that_the_library_does_not_know_are_left_out() -> None:
    days = WorkingDays(weekend=frozenset({2, 5, 6}), closed=frozenset({date(2026, 11, 26)}))
    assert days.after(date(2026, 11, 24), 1) == date(2026, 11, 27)
    assert days.after(date(2026, 11, 25), 0) == date(2026, 11, 27)
    assert days.between(date(2026, 11, 24), date(2026, 11, 30)) == 2


def test_a_wait_is_counted_in_days_of_paris() -> None:
    office = Office()
    late = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    # It is Friday already in Paris.
    assert office.waited(late, datetime(2026, 11, 30, 9, tzinfo=UTC)) == 1
    assert office.due(late, 0) == datetime(2026, 11, 27, 8, tzinfo=UTC)
