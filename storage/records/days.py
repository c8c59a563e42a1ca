"""A period in whole days of Paris, and those days in the databases' own words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Float, case, cast, func, literal_column

PARIS = ZoneInfo("Europe/Paris")
_SEPARATOR = "/"
_WEEK = timedelta(days=7)
_MOST_WEEKS = 14
_A_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """The days from ``first`` to before ``end``; ValueError where that is none."""

    first: date
    end: date

    def __post_init__(self) -> None:
        """Refuse a period without a day."""
        if self.first >= self.end:
            raise ValueError("a period has at least one day")

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """Return the period that was packed; ValueError for any other text."""
        first, _, end = text.partition(_SEPARATOR)
        return cls(date.fromisoformat(first), date.fromisoformat(end))

    @property
    def packed(self) -> str:
        """The period as a text, as the outbox keeps it."""
        return f"{self.first}{_SEPARATOR}{self.end}"

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @property
    def begins_at(self) -> datetime:
        """The moment, in UTC, at which the period begins."""
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment, in UTC, after the period."""
        return _midnight(self.end)

    @property
    def is_long(self) -> bool:
        """Whether it is shown by months: there are more weeks than a phone shows bars."""
        return self.end - self.first > _MOST_WEEKS * _WEEK

    @property
    def parts(self) -> tuple["Days", ...]:
        """Its weeks, from Monday, or its months if it is long; the first and last may be cut."""
        following = _next_month if self.is_long else _next_monday
        starts = [self.first]
        while (after := following(starts[-1])) < self.end:
            starts.append(after)
        ends = [*starts[1:], self.end]
        return tuple(Days(first, end) for first, end in zip(starts, ends, strict=True))


def _next_monday(day: date) -> date:
    return day - timedelta(days=day.weekday()) + _WEEK


def _next_month(day: date) -> date:
    return (day.replace(day=1) + _A_MONTH).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def day_in_paris(moment: ColumnElement[datetime], dialect: str) -> ColumnElement[date]:
    """Return the day in Paris of a stored time.

    SQLite has no time zones: summer time is from the last Sunday of March to that of October, at
    one o'clock in UTC (directive 2000/84/EC).
    """
    if dialect == "postgresql":
        return cast(func.timezone("Europe/Paris", moment), Date)
    is_summer = (func.datetime(moment) >= _last_sunday(moment, "03")) & (
        func.datetime(moment) < _last_sunday(moment, "10")
    )
    offset = case((is_summer, literal_column("'+2 hours'")), else_=literal_column("'+1 hour'"))
    return func.date(moment, offset, type_=Date)


def _last_sunday(moment: ColumnElement[datetime], month: str) -> ColumnElement[str]:
    """Return one o'clock on the last Sunday of a month with 31 days, in the year of a time."""
    week_before = func.strftime(literal_column("'%Y'"), moment).op("||")(
        literal_column(f"'-{month}-25'")
    )
    return func.datetime(week_before, literal_column("'weekday 0'"), literal_column("'+1 hour'"))


def seconds_between(
    later: ColumnElement[datetime], earlier: ColumnElement[datetime], dialect: str
) -> ColumnElement[float]:
    """Return the seconds from one stored time to another."""
    if dialect == "postgresql":
        return cast(func.extract("epoch", later - earlier), Float)
    # Julian days; their fraction is exact to a tenth of a millisecond.
    return (func.julianday(later) - func.julianday(earlier)) * literal_column("86400.0")
