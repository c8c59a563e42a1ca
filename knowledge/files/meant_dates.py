"""Dates of the files: the one way they are written, and what other ways were meant for."""

import re
from datetime import date, timedelta

from knowledge.files.problems import words
from knowledge.text.normalise import normalise

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FRENCH = re.compile(
    r"(?:[a-z]+ )?(?P<day>[0-9]{1,2})(?: ?er)? (?P<month>[0-9]{1,2}|[a-z]+)"
    r" (?P<year>[0-9]{4}|[0-9]{2})"
)
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4}) (?P<month>[0-9]{1,2}) (?P<day>[0-9]{1,2})")
# What a spreadsheet adds to a day, or writes for one: the number of days since the end of 1899.
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2})?\S*\s*$")
_SERIAL = re.compile(r"[4-5]\d{4}")
_FIRST_DAY = date(1899, 12, 30)
_CENTURY, _MONTHS = 100, 12


def day_of(value: object) -> date | None:
    """Return the date that a text such as 2026-11-23 writes; None for anything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def reason_of_date(value: str) -> tuple[str, dict[str, object]]:
    """Return the code and the values of what to tell of a text that is no date."""
    shown: dict[str, object] = {"value": value.strip()[:40]}
    parts = _parts(value)
    if parts is None:
        return "date", shown
    try:
        return "date_otherwise", shown | {"meant": date(*parts).isoformat()}
    except ValueError:
        return "no_such_day", shown


def _parts(value: str) -> tuple[int, int, int] | None:
    """Return the year, the month and the day that a French date names, in figures or words."""
    if _SERIAL.fullmatch(value.strip()):
        counted = _FIRST_DAY + timedelta(days=int(value))
        return counted.year, counted.month, counted.day
    text = normalise(_TIME.sub("", value))
    found = _YEAR_FIRST.fullmatch(text) or _FRENCH.fullmatch(text)
    if found is None:
        return None
    month = _month(found["month"])
    if month is None:
        return None
    year, day = int(found["year"]), int(found["day"])
    if month > _MONTHS >= day:
        # The day before the month, as in other countries or after a year.
        month, day = day, month
    return year + (2000 if year < _CENTURY else 0), month, day


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    # "nov", "sept": three letters would not tell June from July.
    names = [normalise(name) for name in words("months")]
    named = [number for number, name in enumerate(names, 1) if name.startswith(text)]
    return named[0] if len(named) == 1 and len(text) > 2 else None  # noqa: PLR2004
