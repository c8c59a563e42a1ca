"""When the team works, and how long each wait may last: working days, public holidays, hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from handlers.messages import PARIS

_COUNTRY, _LANGUAGE = "FR", "fr"
_DAY = timedelta(days=1)
_SATURDAY = 5


@lru_cache(maxsize=64)
def _holidays_of(year: int, subdivision: str) -> Mapping[date, str]:
    """Return the public holidays of a year by their French names; ``subdivision`` may be empty."""
    found = holidays.country_holidays(
        _COUNTRY, subdiv=subdivision or None, years=year, language=_LANGUAGE
    )
    return dict(found.items())


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The days on which the team works; ``subdivision`` is a code of `holidays`, such as "57"."""

    subdivision: str = ""

    def holiday(self, day: date) -> str | None:
        """Return the French name of the public holiday that a day is; None if it is none."""
        return _holidays_of(day.year, self.subdivision).get(day)

    def works(self, day: date) -> bool:
        """Tell whether a day is a working day."""
        return day.weekday() < _SATURDAY and self.holiday(day) is None

    def after(self, day: date, count: int) -> date:
        """Return the working day that is so many after this day; ``count`` is at least one."""
        for _ in range(count):
            day += _DAY
            while not self.works(day):
                day += _DAY
        return day


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
    relaunch_days: int = 10

    def due(self, moment: datetime, count: int) -> datetime:
        """Return when the office opens on the working day so many after a moment."""
        day = self.days.after(moment.astimezone(PARIS).date(), count)
        return datetime.combine(day, self.opens, PARIS)

    def due_day(self, moment: datetime, count: int) -> date:
        """Return the working day so many after a moment, as a date of Paris."""
        return self.days.after(moment.astimezone(PARIS).date(), count)

    def is_open(self, moment: datetime) -> bool:
        """Tell whether the team is at work, so that what the clock causes may be sent."""
        local = moment.astimezone(PARIS)
        return self.days.works(local.date()) and self.opens <= local.time() < self.closes
