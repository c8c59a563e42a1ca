"""Figures in words: numbers, shares and periods as they are written in French."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from handlers.messages import FRENCH, Catalogue, written_day
from knowledge.knowledge import Knowledge
from storage.records.days import Days
from storage.records.figures import Counted

TEXT = Catalogue.of("figures")


def number(value: float) -> str:
    """Return ``1 234,5``: one digit behind the comma, if any."""
    return format_decimal(round(value, 1), format="#,##0.#", locale=FRENCH)


def percent(share: float) -> str:
    """Return ``63 %`` for a share of 0.63; only what is everything is said to be 100 %."""
    whole = 1.0
    rounded = min(share, 0.99) if share < whole else share
    return format_percent(rounded, format="#,##0 %", locale=FRENCH)


def period(days: Days) -> str:
    """Return ``du 1er octobre 2026 au 15 novembre 2026``."""
    return TEXT.label("period", days=days, is_one=days.first == days.last, long_day=long_day)


def beginning(days: Days, *, monthly: bool) -> str:
    """Return the short name of a part of a period: ``2 mars`` for a week, ``mars 2026``."""
    return short_day(days.first) if not monthly else format_date(days.first, "MMM y", FRENCH)


def short_day(day: date) -> str:
    """Return ``2 mars``, its month shortened where it is long."""
    return written_day(day, "d MMM")


def long_day(day: date) -> str:
    """Return ``1er mars 2026``."""
    return written_day(day, "long")


def title_of(knowledge: Knowledge, entry_id: str) -> str:
    """Return the title of an entry; its id if it is gone."""
    entry = knowledge.entry(entry_id)
    return entry.title if entry and entry.title else entry_id


def project_title(named: Counted) -> str:
    """Return the title that a project's requests were made under."""
    return named.title or named.id


def wait(days: float | None, count: int) -> str:
    """Return how long people waited, by the median in days, and of how many that is."""
    return TEXT.label("wait", days=days, count=count, number=number)
