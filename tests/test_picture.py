"""The picture of the figures: drawn in its size, of whatever is counted, at no lasting cost."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import bot
from bot.figures.picture import HEIGHT, WIDTH, drawn
from bot.preview.pictures import size_of
from storage.records.arrivals import ArrivalFigures, Opened, Source
from storage.records.days import Days
from storage.records.figures import (
    Counted,
    Figures,
    PeriodPart,
    QuestionFigures,
    RequestFigures,
    Waiting,
)
from storage.records.lifecycle import Ending, Status

ROOT = Path(bot.__file__).parent.parent
QUARTER = Days(date(2026, 9, 1), date(2026, 11, 28))


def counted(days: Days = QUARTER, most: int = 40) -> Figures:
    asked = QuestionFigures(
        tuple(PeriodPart(one, most, most // 2) for one in days.parts),
        entries=tuple(Counted(f"e{number}", most) for number in range(7)),
    )
    requests = RequestFigures(
        made=6 * most,
        states=dict.fromkeys(Status, most),
        outcomes={Ending.SUCCESS: most},
        helped={"helped": most},
        days_to_take=1.5,
        days_to_contact=12.25,
    )
    arrivals = ArrivalFigures(dict.fromkeys(Source, most), dict.fromkeys(Opened, 2 * most))
    return Figures(days, asked, requests, Waiting(1, datetime(2026, 11, 1, tzinfo=UTC)), arrivals)


@pytest.mark.parametrize(
    "figures",
    [
        counted(),
        counted(most=1),
        counted(most=123_456),
        counted(Days(date(2026, 1, 1), date(2027, 1, 1))),
        counted(Days(date(2026, 11, 27), date(2026, 11, 28))),
        Figures(QUARTER, QuestionFigures(), RequestFigures(), Waiting()),
    ],
    ids=["usual", "ones", "many", "year", "day", "nothing"],
)
def test_whatever_is_counted_is_drawn(figures: Figures) -> None:
    assert size_of(drawn(figures, {})) == (WIDTH, HEIGHT)


def test_a_title_is_drawn_as_it_is_written() -> None:
    r"""A dollar sign begins no formula, and a sign without a shape is left out unheard."""
    titles = {
        "e0": "De 5 $ à 6 $ \\frac",
        "e1": "\u4e2d\U0001f9d1\u200d\U0001f3ed",
        "e2": "x" * 500,
    }
    assert size_of(drawn(counted(), titles)) == (WIDTH, HEIGHT)


def test_what_is_counted_is_seen() -> None:
    assert drawn(counted(), {"e0": "Un"}) == drawn(counted(), {"e0": "Un"})
    assert drawn(counted(), {"e0": "Un"}) != drawn(counted(), {"e0": "Deux"})
    assert drawn(counted(), {}) != drawn(counted(most=41), {})


def told_by(program: str) -> str:
    """Return what a Python of its own prints."""
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ended.stdout


def test_neither_drawing_nor_workbooks_are_imported_before_they_are_asked_for() -> None:
    program = (
        "import sys, bot.service, bot.cli, bot.outbox.made_files\n"
        "print({'matplotlib', 'xlsxwriter', 'weasyprint'} & set(sys.modules))"
    )
    assert told_by(program) == "set()\n"


@pytest.mark.long
def test_two_hundred_pictures_take_no_more_memory_than_twenty() -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from pathlib import Path\n"
        "from test_picture import counted, drawn\n"
        "def pages(): return int(Path('/proc/self/statm').read_text().split()[1])\n"
        "seen = []\n"
        "for number in range(200):\n"
        "    drawn(counted(), {})\n"
        "    if number in (19, 199): seen.append(pages())\n"
        "print(seen[1] / seen[0])"
    )
    assert float(told_by(program)) < 1.1
