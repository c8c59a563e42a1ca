"""Dates as people read them: the first of a month has a word of its own in French."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from handlers.administration import in_french
from handlers.messages import day, moment, weekday, written_day

ROOT = Path(__file__).parents[1]
WRITTEN: dict[str, tuple[Callable[[date], str], str]] = {
    "day": (day, "1er décembre 2026"),
    "weekday": (weekday, "mardi 1er décembre"),
    "short": (in_french.short_day, "1er déc."),
    "long": (in_french.long_day, "1er décembre 2026"),
    "english day": (partial(day, spoken="en"), "1 December 2026"),
    "english weekday": (partial(weekday, spoken="en"), "Tuesday 1 December"),
}


@pytest.mark.parametrize(("write", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_the_first_of_a_month_is_written_as_it_is_read(
    write: Callable[[date], str], expected: str
) -> None:
    assert write(date(2026, 12, 1)) == expected


def test_a_moment_gives_the_day_that_it_is_in_paris() -> None:
    last = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert moment(last) == "1er décembre 2026, 00:30"
    assert moment(last, "en") == "1 December 2026, 00:30"


def test_no_other_day_of_a_year_is_a_first() -> None:
    for number in range(366):
        at = date(2028, 1, 1) + timedelta(days=number)
        for pattern in ("long", "EEEE d MMMM", "d MMM"):
            assert ("1er" in written_day(at, pattern)) == (at.day == 1)
            assert "1er" not in written_day(at, pattern, "en")


def test_no_code_writes_a_day_by_itself() -> None:
    """A day goes through ``written_day``: babel and strftime know nothing of the first."""
    own = re.compile(r"format_date\([^)]*\bd\b|format_skeleton|strftime\([^)]*%[dej].*%[Bb]")
    houses = ("bot", "handlers", "knowledge", "storage")
    sources = [path for house in houses for path in (ROOT / house).rglob("*.py")]
    found = [path.name for path in sources if own.search(path.read_text("utf-8"))]
    assert found == []
