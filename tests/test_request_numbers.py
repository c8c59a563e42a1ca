"""How people name what they sent: by its number, copied as they like, or by its day."""

from datetime import date

import pytest

from handlers.requests.numbers import Named, alone_in, may_be_a_choice, named_in, printed_in

# A Wednesday.
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TI-2026-0001", "TI-2026-0001"),
        ("où en est TI 2026 1 svp ?", "TI-2026-0001"),
        ("ti20260001", "TI-2026-0001"),
        ("TI/2026/42", "TI-2026-0042"),
        ("TI n° 2026-0007", "TI-2026-0007"),
        ("la demande TI\u20132026\u20130009", "TI-2026-0009"),
        ("et ma q-2026-0003 ?", "Q-2026-0003"),
        ("Q20260012", "Q-2026-0012"),
        ("TI\u20112026\u20110001", "TI-2026-0001"),
        ("TI\u22122026\u22120001", "TI-2026-0001"),
        ("TI\u00a02026\u202f0001", "TI-2026-0001"),
        ("TI-2026\u200b-0001\ufeff", "TI-2026-0001"),
        ("ti2026\u00ad0001", "TI-2026-0001"),
        (
            "\uff34\uff29\uff0d\uff12\uff10\uff12\uff16\uff0d\uff10\uff10\uff10\uff11",
            "TI-2026-0001",
        ),
        ("\u00ab\u00a0TI-2026-0001\u00a0\u00bb.", "TI-2026-0001"),
    ],
)
def test_a_printed_number_is_found_however_it_is_copied(text: str, number: str) -> None:
    assert printed_in(text) == (Named(number),)


def test_several_numbers_are_found_once_each() -> None:
    found = printed_in("TI-2026-0001 et Q-2026-0002, surtout TI-2026-0001")
    assert found == (Named("TI-2026-0001"), Named("Q-2026-0002"))
    assert printed_in("TI-0042 ?") == (Named(end=42),)


@pytest.mark.parametrize(
    "text",
    [
        "le programme TI 2023-2027",
        "Q 12 salariés",
        "petites annonces du 2026-0001",
        "732 829 320 00074",
        "un outil 2026 0001",
        "en TI, 13800 Istres",
        "mon numéro est le 06 12 34 56 78",
    ],
)
def test_other_numbers_are_none_of_ours(text: str) -> None:
    assert printed_in(text) == ()
    assert named_in(text, TODAY) == ()


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("où en est ma demande n° 42", 42),
        ("et la demande 42 ?", 42),
        ("numéro 42 de ma demande", 42),
        ("je parle du dossier numéro 0007", 7),
        ("my request number 3", 3),
    ],
)
def test_the_number_alone_is_enough_beside_a_word_for_what_was_sent(text: str, end: int) -> None:
    assert named_in(text, TODAY) == (Named(end=end),)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("ma demande de lundi", (date(2026, 11, 23), date(2026, 11, 16))),
        ("vous avez eu ma demande d'hier ?", (date(2026, 11, 24),)),
        ("ma question d\u2019avant-hier", (date(2026, 11, 23),)),
        (
            "ma demande de mercredi",
            (date(2026, 11, 25), date(2026, 11, 18), date(2026, 11, 11)),
        ),
        ("où en est ma demande du 12 ?", (date(2026, 11, 12),)),
        ("ma demande du 28", (date(2026, 10, 28),)),
        ("ma demande du 12 février", (date(2026, 2, 12),)),
        ("mon dossier du 3/11", (date(2026, 11, 3),)),
        ("la question que j'ai posée mardi", (date(2026, 11, 24), date(2026, 11, 17))),
        ("my request of yesterday", (date(2026, 11, 24),)),
    ],
)
def test_a_day_names_what_was_sent(text: str, days: tuple[date, ...]) -> None:
    assert named_in(text, TODAY) == (Named(days=days),)


@pytest.mark.parametrize(
    "text",
    [
        "une demande de subvention lundi",
        "la demande du marché mardi",
        "ma demande de 20 000 euros",
        "le lot n° 3 du bâtiment",
        "la question 2026 du budget",
        "ma demande concerne une machine. Je suis là lundi",
        "j'ai une question, rappelez-moi lundi",
    ],
)
def test_other_sentences_name_nothing(text: str) -> None:
    assert named_in(text, TODAY) == ()


def test_a_number_alone_may_be_that_of_a_choice() -> None:
    for text in ("la 42", "n° 42 ?", "numéro 42", "et la 42 ?"):
        found = alone_in(text)
        assert found == Named(end=42)
        assert not may_be_a_choice(found)
    small = alone_in("n°2")
    assert small is not None
    assert may_be_a_choice(small)
    assert alone_in("42") is None
    assert alone_in("la 4L") is None


def test_what_is_named_fits_by_number_end_or_day() -> None:
    day = date(2026, 11, 23)
    assert Named("TI-2026-0001").fits("TI-2026-0001", day)
    assert not Named("TI-2026-0001").fits("Q-2026-0001", day)
    assert Named(end=1).fits("Q-2026-0001", day)
    assert not Named(end=1).fits("Q-2026-0011", day)
    assert Named(days=(day,)).fits("TI-2026-0009", day)
    assert not Named(days=()).fits("TI-2026-0009", day)
