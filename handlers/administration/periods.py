"""The period that is typed behind ``/stats`` and ``/export``: whole days of Paris, none to come."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from babel.dates import get_month_names

from handlers.messages import FRENCH, Catalogue
from knowledge.text.signs import plain_signs
from storage.records.days import Days

TEXT = Catalogue.of("figures")
USUAL_DAYS = 90
# A picture and a message hold a year; more is for the export of several.
MOST_DAYS = 366
_LONGEST_TEXT = 100
_DAY = timedelta(days=1)
_MONTHS, _MONTHS_OF_A_QUARTER = 12, 3
_THIS_CENTURY = 2000
# How many days each unit has where it is counted back from today.
_UNITS = {"day": 1, "week": 7, "month": 30, "quarter": USUAL_DAYS, "year": 365}


class Trouble(StrEnum):
    """Why a text is no period; the words are ``bad_period_<trouble>``."""

    UNKNOWN = "unknown"
    FUTURE = "future"
    LONG = "long"
    ORDER = "order"


class PeriodError(ValueError):
    """Raised for a text that names no period that figures can be given of."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


def period_of(text: str, today: date) -> Days:
    """Return the period that a text names, up to today; nothing typed is the last 90 days.

    Raises PeriodError.
    """
    words = _words(text[:_LONGEST_TEXT])
    for reading in (_nothing, _counted, _calendar, _quarter, _year, _month, _dates):
        named = reading(words, today)
        if named is not None:
            return _until(today, *named)
    raise PeriodError(Trouble.UNKNOWN)


def quarter_of(text: str) -> Days:
    """Return the whole quarter that ``2026Q4`` or ``2026T4`` names, also one to come."""
    found = re.fullmatch(r"(20\d\d)[ -]?[qt]([1-4])", text.strip().lower())
    if found is None:
        raise PeriodError(Trouble.UNKNOWN)
    return Days(*_quarter_days(int(found[1]), int(found[2])))


_Ends = tuple[date, date]
_Reading = Callable[[str, date], _Ends | None]


def _until(today: date, first: date, end: date) -> Days:
    """Return the period without the days to come; PeriodError where none is left, or too many."""
    if first >= end:
        raise PeriodError(Trouble.ORDER)
    if first > today:
        raise PeriodError(Trouble.FUTURE)
    days = Days(first, min(end, today + _DAY))
    if (days.end - days.first).days > MOST_DAYS:
        raise PeriodError(Trouble.LONG)
    return days


def _nothing(words: str, today: date) -> _Ends | None:
    return _back(today, USUAL_DAYS) if not words else None


def _counted(words: str, today: date) -> _Ends | None:
    """Read ``semaine`` and ``30 derniers jours``: so many days up to today."""
    for unit, days in _UNITS.items():
        found = re.fullmatch(rf"(?:(\d{{1,3}}) )?(?:{_any('last')} )?{_any(unit)}", words)
        is_alone = found is not None and found[1] is None
        if found and not (is_alone and (unit == "day" or " " in words)):
            count = int(found[1] or 1)
            if not 0 < count * days <= MOST_DAYS:
                raise PeriodError(Trouble.LONG if count else Trouble.UNKNOWN)
            return _back(today, count * days)
    return None


def _calendar(words: str, today: date) -> _Ends | None:
    """Read ``ce mois``, ``mois dernier``, ``aujourd'hui``, ``hier``."""
    for name, back in (("today", 0), ("yesterday", 1)):
        if re.fullmatch(_any(name), words):
            return today - back * _DAY, today - back * _DAY + _DAY
    for unit in ("week", "month", "quarter", "year"):
        first = _start(unit, today)
        if re.fullmatch(rf"{_any('this')} {_any(unit)}|{_any(unit)} {_any('this')}", words):
            return first, today + _DAY
        if re.fullmatch(rf"{_any(unit)} {_any('last')}", words):
            return _start(unit, first - _DAY), first
    return None


def _quarter(words: str, today: date) -> _Ends | None:
    """Read ``2026T4``, ``T4 2026``, ``4e trimestre 2026``; without a year, the latest one begun."""
    found = re.fullmatch(
        rf"(?P<before>20\d\d)? ?-?(?:[tq] ?(?P<short>[1-4])|(?P<long>[1-4])(?:er|e|eme|nd)? "
        rf"{_any('quarter')})(?: ?(?P<after>20\d\d))?",
        words,
    )
    if found is None:
        return None
    number, year = int(found["short"] or found["long"]), found["before"] or found["after"]
    if year is not None:
        return _quarter_days(int(year), number)
    first, end = _quarter_days(today.year, number)
    return (first, end) if first <= today else _quarter_days(today.year - 1, number)


def _year(words: str, _today: date) -> _Ends | None:
    found = re.fullmatch(rf"(?:{_any('year')} )?(20\d\d)", words)
    return (date(int(found[1]), 1, 1), date(int(found[1]) + 1, 1, 1)) if found else None


def _month(words: str, today: date) -> _Ends | None:
    """Read ``octobre``, ``oct 2026``, ``2026-10``, ``10/2026``."""
    if found := re.fullmatch(r"(20\d\d)-(\d\d?)|(\d\d?)[/.](20\d\d)", words):
        return _month_days(int(found[1] or found[4]), int(found[2] or found[3]))
    found = re.fullmatch(r"([a-z]{3,})(?: (20\d\d))?", words)
    number = _month_named(found[1]) if found else None
    if found is None or number is None:
        return None
    if found[2]:
        return _month_days(int(found[2]), number)
    return _month_days(today.year - (number > today.month), number)


def _dates(words: str, today: date) -> _Ends | None:
    """Read one day, two days, or ``depuis`` a day."""
    words = _SHARED_MONTH.sub(r"\g<day> \g<rest> ", words)
    since = re.match(rf"{_any('since')} ", words)
    found = list(_each_date(words[since.end() :] if since else words, today))
    match found:
        case [date() as first] if since:
            return first, today + _DAY
        case [date() as only]:
            return only, only + _DAY
        case [date() as first, date() as last] if not since:
            return first, last + _DAY
    return None


# "Du 1er au 15 novembre": the first day has the month of the second.
_SHARED_MONTH = re.compile(
    r"^(?P<day>\d\d?)(?:er)? (?=\d\d?(?:er)? (?P<rest>[a-z]{3,}(?: 20\d\d)?)$)"
)
_DATE = re.compile(
    r"(?P<iso>20\d\d-\d\d?-\d\d?)"
    r"|(?P<day>\d\d?)(?:er)?(?:[/.-](?P<month>\d\d?)(?:[/.-](?P<short>\d\d))?"
    r"| (?P<name>[a-z]{3,}))(?:[/. -](?P<year>20\d\d))?(?= |$)"
)


def _each_date(words: str, today: date) -> Iterator[date | None]:
    """Yield each date of a text; None for whatever else stands there."""
    at = 0
    for found in _DATE.finditer(words):
        if words[at : found.start()].strip():
            yield None
        at = found.end()
        yield _date(found, today)
    if words[at:].strip():
        yield None


def _date(found: re.Match[str], today: date) -> date | None:
    try:
        if found["iso"]:
            return date(*map(int, found["iso"].split("-")))
        month = int(found["month"]) if found["month"] else _month_named(found["name"])
        if month is None:
            return None
        year = int(found["year"] or 0) or int(found["short"] or 0) + _THIS_CENTURY
        if year > _THIS_CENTURY:
            return date(year, month, int(found["day"]))
        this_year = date(today.year, month, int(found["day"]))
        return this_year if this_year <= today else this_year.replace(year=today.year - 1)
    except ValueError:
        # No such day.
        return None


def _back(today: date, days: int) -> _Ends:
    return today - (days - 1) * _DAY, today + _DAY


def _start(unit: str, day: date) -> date:
    match unit:
        case "week":
            return day - day.weekday() * _DAY
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % _MONTHS_OF_A_QUARTER, day=1)
    return day.replace(month=1, day=1)


def _quarter_days(year: int, number: int) -> _Ends:
    first, _ = _month_days(year, (number - 1) * _MONTHS_OF_A_QUARTER + 1)
    _, end = _month_days(year, number * _MONTHS_OF_A_QUARTER)
    return first, end


def _month_days(year: int, month: int) -> _Ends:
    if not 1 <= month <= _MONTHS:
        raise PeriodError(Trouble.UNKNOWN)
    end = date(year + 1, 1, 1) if month == _MONTHS else date(year, month + 1, 1)
    return date(year, month, 1), end


def _month_named(word: str) -> int | None:
    """Return the month that a word begins, if it begins no other: ``oct``, not ``jui``."""
    found = [number for name, number in _months().items() if name.startswith(word)]
    return found[0] if len(found) == 1 else None


@cache
def _months() -> dict[str, int]:
    names = get_month_names("wide", locale=FRENCH)
    return {_plain(name): number for number, name in names.items()}


@cache
def _any(name: str) -> str:
    """Return a pattern of the words of a list of the catalogue."""
    ways = (_plain(word) for word in TEXT.label(f"words_{name}").split(";"))
    return f"(?:{'|'.join(re.escape(way) for way in sorted(ways, key=len, reverse=True))})"


def _words(text: str) -> str:
    """Return the words of a text in plain letters, without those that say nothing."""
    joined = re.sub(r"(?<=\d) ?/ ?(?=\d)", "/", _plain(plain_signs(text)))
    plain = re.sub(r"[^a-z0-9/.-]+", " ", joined).split()
    idle = _plain(TEXT.label("words_idle")).replace(";", " ").split()
    return " ".join(word.strip(".-") for word in plain if word.strip(".-") not in {"", *idle})


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.lower().strip())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
