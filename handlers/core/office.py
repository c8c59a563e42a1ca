"""When the team works, and how long each wait may last: working days, public holidays, hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from handlers.messages import PARIS
from knowledge.text.normalise import normalise

_COUNTRY, _LANGUAGE = "FR", "fr"
_DAY = timedelta(days=1)
# As `date.weekday` numbers them.
_WEEKEND = frozenset({5, 6})
_ALSACE_MOSELLE = "6AE"
# Where public holidays differ: what people write, and the code that `holidays` has for it.
_SUBDIVISIONS = {
    "": "",
    "57": _ALSACE_MOSELLE,
    "67": _ALSACE_MOSELLE,
    "68": _ALSACE_MOSELLE,
    "alsace moselle": _ALSACE_MOSELLE,
    "971": "971",
    "guadeloupe": "971",
    "972": "972",
    "martinique": "972",
    "973": "973",
    "guyane": "973",
    "974": "974",
    "reunion": "974",
    "976": "976",
    "mayotte": "976",
    "977": "BL",
    "saint barthelemy": "BL",
    "978": "MF",
    "saint martin": "MF",
}


def subdivision_of(place: str) -> str | None:
    """Return the code of `holidays` for a department or its name; None if there is none such.

    It is empty where the holidays are those of all France.
    """
    return _SUBDIVISIONS.get(normalise(place))


@lru_cache(maxsize=64)
def _holidays_of(year: int, subdivision: str) -> Mapping[date, str]:
    """Return the public holidays of a year by their French names; ``subdivision`` may be empty."""
    found = holidays.country_holidays(
        _COUNTRY, subdiv=subdivision or None, years=year, language=_LANGUAGE
    )
    return dict(found.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """The days on which the team works.

    ``subdivision`` is a code of `holidays`; the team works neither on the ``weekend`` (0 is Monday)
    nor on the ``closed`` dates. The library's own counting knows neither, so ours is used; on all
    other days both agree, and a test compares them.
    """

    subdivision: str = ""
    weekend: frozenset[int] = _WEEKEND
    closed: frozenset[date] = frozenset()

    def holiday(self, day: date) -> str | None:
        """Return the French name of the public holiday that a day is; None if it is none."""
        return _holidays_of(day.year, self.subdivision).get(day)

    def works(self, day: date) -> bool:
        """Tell whether a day is a working day."""
        is_free = day.weekday() in self.weekend or day in self.closed
        return not is_free and self.holiday(day) is None

    def after(self, day: date, count: int) -> date:
        """Return the working day that is so many after this day.

        With a ``count`` of 0 it is this day, or the next working day where it is none.
        """
        for _ in range(count):
            day = self.after(day + _DAY, 0)
        while not self.works(day):
            day += _DAY
        return day

    def between(self, first: date, last: date) -> int:
        """Return how many working days follow the first day, up to and with the last."""
        days = (first + _DAY * number for number in range(1, (last - first).days + 1))
        return sum(map(self.works, days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The team's days and hours (Paris time), and how many days each wait may last.

    All are working days but ``relaunch_days``, which are days. Nothing that the clock causes is
    sent outside the hours.
    """

    days: WorkingDays = field(default_factory=WorkingDays)
    opens: time = time(9)
    closes: time = time(18)
    # Within so many days a firm hears from somebody: the receipt says by when.
    answer_days: int = 5
    reminder_days: int = 3
    second_reminder_days: int = 9
    untouched_days: int = 5
    follow_up_days: int = 5
    # So long after a contact was made, the team is asked whether the request can be closed.
    unclosed_days: int = 20
    relaunch_days: int = 10

    def due(self, moment: datetime, count: int) -> datetime:
        """Return when the office opens on the working day so many after a moment."""
        return self.opening(self.due_day(moment, count))

    def due_day(self, moment: datetime, count: int) -> date:
        """Return the working day so many after a moment, as a date of Paris."""
        return self.days.after(moment.astimezone(PARIS).date(), count)

    def is_open(self, moment: datetime) -> bool:
        """Tell whether the team is at work, so that what the clock causes may be sent."""
        local = moment.astimezone(PARIS)
        return self.days.works(local.date()) and self.opens <= local.time() < self.closes

    def next_opening(self, moment: datetime) -> datetime:
        """Return when the office opens after a moment."""
        today = self.due(moment, 0)
        return today if today > moment else self.due(moment, 1)

    def opening(self, day: date) -> datetime:
        """Return when the office opens on a day."""
        return datetime.combine(day, self.opens, PARIS)

    def waited(self, since: datetime, until: datetime) -> int:
        """Return how many working days a wait has lasted."""
        return self.days.between(since.astimezone(PARIS).date(), until.astimezone(PARIS).date())
