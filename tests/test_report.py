"""The report on a quarter: what it tells, what it keeps to itself, and who can read it."""

import html
import re
import shutil
import sys
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import (  # type: ignore[import-untyped]  # it has none
    Axe,
)
from playwright.sync_api import sync_playwright
from small_library import small_folder
from test_browser import CHROMIUM, FLAGS

from bot.cli import main
from bot.figures.report import NoPdfError, Quality, Report, page_of, pdf_of
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

QUARTER = Days(date(2026, 7, 1), date(2026, 10, 1))
ASKED = QuestionFigures(
    tuple(PeriodPart(days, 10 + place, 8) for place, days in enumerate(QUARTER.parts)),
    entries=(Counted("financement", 60), Counted("presentation", 30), Counted("rare", 3)),
)
REQUESTS = RequestFigures(
    made=47,
    states={Status.RECEIVED: 6, Status.TAKEN: 17, Status.CLOSED: 18, Status.REFUSED: 6},
    kinds={"interest": 36, "idea": 11},
    projects=(
        Counted("h2", 21, "Hydrogène & vapeur"),
        Counted("s", 9, "Stock"),
        Counted("z", 4, "Z"),
    ),
    outcomes={Ending.SUCCESS: 11, Ending.NOTHING: 7},
    helped={"helped": 12, "no_use": 6},
    taken=38,
    introduced=18,
    days_to_take=1.52,
    days_to_contact=6.2,
)


def made(
    asked: QuestionFigures = ASKED, requests: RequestFigures = REQUESTS, days: Days = QUARTER
) -> Report:
    return Report(
        QUARTER,
        Figures(days, asked, requests, Waiting()),
        Quality(40, 38, 12, 12),
        {"financement": "Les <financements>"},
        "CCI",
        datetime(2026, 10, 5, 9, tzinfo=UTC),
        "Territoires d'industrie",
    )


def text_of(one: Report) -> str:
    """Return what the page says, without its markup, charts and style."""
    page = re.sub(r"<(style|svg).*?</\1>", "", page_of(one), flags=re.DOTALL)
    return re.sub(r"[\s\u00a0\u202f]+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_the_report_tells_the_figures_of_the_quarter() -> None:
    text = text_of(made())
    for words in (
        "3e trimestre 2026, CCI",
        "du 1er juillet 2026 au 30 septembre 2026",
        "questions posées 231",
        "ont reçu une réponse 48 %",
        "Les <financements> 60",
        "demandes 47",
        "avant la prise en charge (médiane) 1,5 jour",
        "avant la mise en relation (médiane) 6,2 jours",
        "closes, abouties 11",
        "Hydrogène & vapeur 21",
        "la mise en relation les a aidées 67 %",
        "sur Territoires d'industrie 40 38 95 %",
        "hors sujet 12 12 100 %",
    ):
        assert words in text, words
    assert "provisoires" not in text


def test_a_quarter_that_is_not_over_says_so() -> None:
    text = text_of(made(days=Days(QUARTER.first, date(2026, 9, 1))))
    assert "Chiffres provisoires" in text
    assert "arrêtés au 31 août 2026" in text


def test_small_counts_are_told_nowhere_nor_by_difference() -> None:
    requests = replace(
        REQUESTS,
        made=45,
        states={**REQUESTS.states, Status.REFUSED: 4},
        kinds={"interest": 43, "callback": 2},
        helped={"helped": 12, "no_use": 1},
    )
    page = page_of(made(requests=requests))
    text = text_of(made(requests=requests))
    # The small one, and the smallest other, from which it would follow.
    assert "refusées n.c." in text
    assert "que personne n'a encore prises en charge n.c." in text
    assert "demande d'être rappelé n.c." in text
    assert "intérêt pour un projet n.c." in text
    # What a hidden count is divided into would tell it.
    assert "Projets qui intéressent" not in page
    assert "la mise en relation les a aidées n.c." in text
    assert "le contact a eu lieu et a aidé n.c." in text


def test_few_requests_are_not_told_at_all() -> None:
    few = RequestFigures(3, {Status.TAKEN: 3}, {"interest": 3}, taken=3, days_to_take=2.0)
    text = text_of(made(requests=few))
    assert "demandes n.c." in text
    assert "avant la prise en charge (médiane) non communiqué" in text
    assert "Où en sont les demandes" not in text


def test_few_questions_are_not_told_by_their_weeks() -> None:
    parts = tuple(PeriodPart(days, int(place == 3), 0) for place, days in enumerate(QUARTER.parts))
    text = text_of(made(asked=QuestionFigures(parts)))
    assert "questions posées n.c." in text
    assert "ont reçu une réponse n.c." in text
    assert "semaine par semaine" not in text


def test_an_empty_quarter_says_so() -> None:
    empty = QuestionFigures(tuple(PeriodPart(days, 0, 0) for days in QUARTER.parts))
    text = text_of(replace(made(empty, RequestFigures()), quality=Quality(0, 0, 0, 0)))
    assert "Aucune question sur cette période" in text
    assert "Aucune demande sur cette période" in text
    assert "Aucune question de contrôle n'est écrite" in text


def test_the_page_needs_no_other_file_and_has_no_script() -> None:
    page = page_of(made())
    assert not re.search(r"<(script|link|img)|url\(|https?://", page)
    # Each chart has its name, and its figures in a table.
    assert page.count("<svg") == page.count("<title id=") == page.count("<table") - 1


def test_the_pdf_is_made_of_the_same_page() -> None:
    content = pdf_of(page_of(made()))
    assert content.startswith(b"%PDF-")
    # Tagged, so that a screen reader finds headings and tables.
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    opened = [zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x"]
    assert any(b"/StructTreeRoot" in one for one in opened)


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank_file: Path) -> None:
    """An installation with the shipped files of a small library, and a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEMANTIC_MATCHING", "false")
    monkeypatch.setenv("KNOWLEDGE_DIR", str(small_folder(tmp_path / "knowledge")))
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    shutil.copy(blank_file, tmp_path / "bot.db")


@pytest.mark.usefixtures("_installed")
def test_the_command_writes_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--quarter", "2025Q4", "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "rapport-2025T4.html").read_text("utf-8")
    assert "4e trimestre 2025" in page
    assert (tmp_path / "out" / "rapport-2025T4.pdf").read_bytes().startswith(b"%PDF-")
    assert capsys.readouterr().out.count("Le rapport est écrit dans") == 2


@pytest.mark.usefixtures("_installed")
def test_without_what_makes_pdf_the_page_is_written_and_the_way_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert main(["report", "--quarter", "2025T4"]) == 0
    assert (tmp_path / "rapport-2025T4.html").exists()
    assert not (tmp_path / "rapport-2025T4.pdf").exists()
    assert "Le PDF n'est pas fait" in capsys.readouterr().out.replace("\u00a0", " ")
    with pytest.raises(NoPdfError):
        pdf_of("<p>")


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("quarter", "words"), [("2026", "n'est pas un trimestre"), ("2099T1", "n'a pas commencé")]
)
def test_what_is_no_quarter_is_told(
    quarter: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--quarter", quarter]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("_installed")
def test_without_a_database_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bot.db").unlink()
    assert main(["report", "--quarter", "2025T4"]) == 1
    assert "pas encore de base" in capsys.readouterr().err
    assert not (tmp_path / "bot.db").exists()
    assert not (tmp_path / "rapport-2025T4.html").exists()


@pytest.mark.usefixtures("_installed")
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    assert main(["report", "--quarter", "2025T4", "--out", str(tmp_path / "file")]) == 1
    assert "n'a pas pu être écrit" in capsys.readouterr().err


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `chromium` in PATH")
def test_the_page_is_accessible(tmp_path: Path) -> None:
    """320 pixels is what 1280 become at 400 % (WCAG 1.4.10): nothing scrolls sideways."""
    (tmp_path / "report.html").write_text(page_of(made()), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 844})
        page.goto((tmp_path / "report.html").as_uri())
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") == width
        browser.close()


def test_the_openings_are_told_without_small_counts() -> None:
    came = ArrivalFigures(
        {Source.POSTER: 3, Source.PAGE: 40, Source.LINK: 7}, {Opened.PROJECT: 30, Opened.HOME: 20}
    )
    report = made()
    text = text_of(replace(report, figures=replace(report.figures, arrivals=came)))
    assert "affiche n.c. page web 40 lien direct n.c. Total 50" in text
    assert "un projet 30 l'accueil 20 Total 50" in text


def test_openings_of_which_a_small_total_would_tell_are_not_told() -> None:
    came = ArrivalFigures({Source.POSTER: 3}, {Opened.PROJECT: 3})
    report = made()
    text = text_of(replace(report, figures=replace(report.figures, arrivals=came)))
    assert "trop petits pour être publiés" in text
    assert "affiche" not in text
    assert "Aucune ouverture" in text_of(report)
