"""The period that is typed: what each way of writing means, and what is told of the others."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from handlers.administration.periods import MOST_DAYS, PeriodError, Trouble, period_of, quarter_of
from handlers.messages import Catalogue
from storage.records.days import Days

# A Friday.
TODAY = date(2026, 11, 27)
NOVEMBER = (date(2026, 11, 1), TODAY)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", date(2026, 8, 30), TODAY),
        ("semaine", date(2026, 11, 21), TODAY),
        ("Mois", date(2026, 10, 29), TODAY),
        ("trimestre", date(2026, 8, 30), TODAY),
        ("année", date(2025, 11, 28), TODAY),
        ("30 jours", date(2026, 10, 29), TODAY),
        ("les 30 derniers jours", date(2026, 10, 29), TODAY),
        ("2 semaines", date(2026, 11, 14), TODAY),
        ("cette semaine", date(2026, 11, 23), TODAY),
        ("ce mois", *NOVEMBER),
        ("mois en cours", *NOVEMBER),
        ("le mois dernier", *OCTOBER),
        ("semaine dernière", date(2026, 11, 16), date(2026, 11, 22)),
        ("trimestre dernier", date(2026, 7, 1), date(2026, 9, 30)),
        ("l'année dernière", date(2025, 1, 1), date(2025, 12, 31)),
        ("aujourd'hui", TODAY, TODAY),
        ("hier", date(2026, 11, 26), date(2026, 11, 26)),
        ("2026", date(2026, 1, 1), TODAY),
        ("année 2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2026T4", date(2026, 10, 1), TODAY),
        ("2026-t3", date(2026, 7, 1), date(2026, 9, 30)),
        ("T3 2026", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("3e trimestre 2026", date(2026, 7, 1), date(2026, 9, 30)),
        ("1er trimestre", date(2026, 1, 1), date(2026, 3, 31)),
        ("octobre", *OCTOBER),
        ("Oct. 2026", *OCTOBER),
        ("10/2026", *OCTOBER),
        ("2026-10", *OCTOBER),
        ("décembre", date(2025, 12, 1), date(2025, 12, 31)),
        ("février 2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("du 1/10/2026 au 15/11/2026", date(2026, 10, 1), date(2026, 11, 15)),
        ("du 1er octobre au 15 novembre", date(2026, 10, 1), date(2026, 11, 15)),
        ("2026-10-01 2026-11-15", date(2026, 10, 1), date(2026, 11, 15)),
        ("1.10.26 - 15.11.26", date(2026, 10, 1), date(2026, 11, 15)),
        ("depuis le 1er octobre", date(2026, 10, 1), TODAY),
        ("15 décembre", date(2025, 12, 15), date(2025, 12, 15)),
        ("du 1er au 15 novembre 2026", date(2026, 11, 1), date(2026, 11, 15)),
        ("du 1er au 15 novembre", date(2026, 11, 1), date(2026, 11, 15)),
        ("01\u201110\u20112026 15\u201111\u20112026", date(2026, 10, 1), date(2026, 11, 15)),
        ("01\u00a0/\u00a010\u00a0/\u00a02026", date(2026, 10, 1), date(2026, 10, 1)),
        ("octobre\u00a02026\u200b", date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_a_period_is_understood(text: str, first: date, last: date) -> None:
    days = period_of(text, TODAY)
    assert (days.first, days.last) == (first, last)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("bientôt", Trouble.UNKNOWN),
        ("jui", Trouble.UNKNOWN),
        ("2026T5", Trouble.UNKNOWN),
        ("13/2026", Trouble.UNKNOWN),
        ("31/2/2026", Trouble.UNKNOWN),
        ("du 1/10/2026 au bout", Trouble.UNKNOWN),
        ("1/10/2026 2/10/2026 3/10/2026", Trouble.UNKNOWN),
        ("0 jours", Trouble.UNKNOWN),
        ("jours", Trouble.UNKNOWN),
        ("x" * 5000, Trouble.UNKNOWN),
        ("2027", Trouble.FUTURE),
        ("décembre 2026", Trouble.FUTURE),
        ("500 jours", Trouble.LONG),
        ("du 1/1/2020 au 1/1/2026", Trouble.LONG),
        ("du 15/11/2026 au 1/10/2026", Trouble.ORDER),
    ],
)
def test_what_is_no_period_says_why(text: str, trouble: Trouble) -> None:
    with pytest.raises(PeriodError) as raised:
        period_of(text, TODAY)
    assert raised.value.trouble is trouble


def test_each_trouble_has_words_with_an_example() -> None:
    words = Catalogue.of("figures")
    for trouble in Trouble:
        assert "/stats " in words(f"bad_period_{trouble}", command="/stats")


@given(some.text(max_size=60), some.dates(date(2020, 3, 1), date(2090, 1, 1)))
def test_whatever_is_typed_is_a_period_or_an_error_in_words(text: str, today: date) -> None:
    try:
        days = period_of(text, today)
    except PeriodError:
        return
    assert days.last <= today
    assert (days.end - days.first).days <= MOST_DAYS


@given(
    some.sampled_from(["", "mois", "ce trimestre", "mois dernier", "hier"]),
    some.dates(date(2020, 3, 1), date(2090, 1, 1)),
)
def test_any_day_has_periods(text: str, today: date) -> None:
    assert period_of(text, today).last <= today


def test_a_quarter_is_whole() -> None:
    whole = Days(date(2026, 10, 1), date(2027, 1, 1))
    assert quarter_of("2026Q4") == quarter_of("2026t4") == whole
    for text in ("2026", "2026Q5", "Q4", "2026Q44"):
        with pytest.raises(PeriodError):
            quarter_of(text)
