"""Posters: what they say, that nothing overflows, and that a phone can read their code."""

import io
import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from bot.posters.layout import (
    HEIGHT,
    MARGIN,
    POINT,
    QR_SIZE,
    QUIET_MODULES,
    WIDTH,
    Layout,
    Line,
    Sheet,
    laid_out,
)
from bot.posters.measuring import drawable, fitted, width
from bot.posters.pdf import pdf_of
from bot.posters.poster import Issuer, Poster, poster_of
from bot.posters.svg import svg_of
from knowledge.model import Project, Stage
from knowledge.start_links import LinkKind, Source, parsed

LINK = "https://t.me/ti_bot?start=p_bancs-essai_a"
PUBLISHER = Issuer("ti_bot", "https://projets.exemple.fr/", "Territoires d'industrie")
PROJECT = Project(
    id="bancs-essai",
    title="Bancs d'essai partagés",
    summary="Essayer ensemble.",
    seeks="Une chambre climatique.",
    lead=None,
    territories=("Rousset", "Fos-sur-Mer"),
    sectors=("Électronique",),
    stage=Stage.IDEA,
    deadline=date(2027, 3, 31),
    updated_on=date(2026, 11, 23),
    withdrawn_on=None,
    keywords=(),
    fictitious=False,
    seeks_lead=True,
)
LONGEST = replace(
    PROJECT,
    id="a" * 32,
    title="Électroencéphalographie" * 6,
    seeks="Soudeurs " * 66,
    territories=("Saint-Rémy-de-Provence " * 3,) * 9,
    fictitious=True,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300) | st.text("aM W-é«» ", max_size=300)


def _size(line: Line) -> float:
    return line.size


def page_of(poster: Poster, sheet: Sheet = Sheet.A4) -> pypdfium2.PdfPage:
    document = pypdfium2.PdfDocument(pdf_of(poster, sheet))
    assert len(document) == 1
    return document[0]


def printed(page: pypdfium2.PdfPage, dots_an_inch: int = 100) -> Image.Image:
    picture: Image.Image = page.render(scale=dots_an_inch / 72).to_pil()
    return picture


def overflowing(layout: Layout) -> list[str]:
    """Return the lines that leave the sheet's margins, or stand on the rule or on the code."""
    code_right = max(bar.x + bar.width for bar in layout.modules)
    code_top = min(bar.y for bar in layout.modules)
    module = min(bar.height for bar in layout.modules)
    wrong = []
    for line in layout.lines:
        bottom = line.y + line.size * 0.25
        is_right = line.x >= MARGIN and line.right <= WIDTH - MARGIN + 0.01
        is_above = bottom <= layout.rule.y
        is_beside = (
            line.y - line.size * 0.93 >= layout.rule.y + layout.rule.height
            and line.x >= code_right + QUIET_MODULES * module
            and bottom <= HEIGHT - MARGIN + 4.5
        )
        if not (is_right and line.y - line.size >= 0 and (is_above or is_beside)):
            wrong.append(line.text)
    if code_top - layout.rule.y - layout.rule.height < QUIET_MODULES * module:
        wrong.append("the code")
    return wrong


def test_a_poster_says_what_it_takes_to_answer() -> None:
    poster = poster_of(PROJECT, PUBLISHER)
    text = page_of(poster).get_textpage().get_text_bounded().replace("ﬁ", "fi")
    shown = " ".join(text.split())
    for words in (
        "Territoires d'industrie",
        "Bancs d'essai",
        "Ce projet cherche",
        "Un chef de file",
        "Une chambre climatique.",
        "Rousset, Fos-sur-Mer",
        "jusqu'au 31 mars 2027",
        poster.code,
        "@ti_bot",
    ):
        assert words in shown
    assert "projets.exemple.fr/projets/bancs-essai.html" in "".join(text.split())


def test_what_a_file_does_not_say_is_not_on_its_poster() -> None:
    bare = replace(PROJECT, seeks="", seeks_lead=False, territories=(), deadline=None)
    poster = poster_of(bare, Issuer("ti_bot"))
    assert poster.heading == "Le projet"
    assert poster.needs == ("Essayer ensemble.",)
    assert poster.facts == ()
    assert poster.address == "t.me/ti_bot"
    assert overflowing(laid_out(poster)) == []


def test_the_link_of_a_poster_says_that_it_stood_on_one() -> None:
    poster = poster_of(PROJECT, PUBLISHER)
    start = parsed(poster.link.partition("?start=")[2])
    assert start is not None
    assert (start.kind, start.id, start.source) == (LinkKind.PROJECT, "bancs-essai", Source.POSTER)


def test_the_title_is_read_from_two_metres_and_the_code_is_large_enough() -> None:
    for project in (PROJECT, LONGEST):
        poster = poster_of(project, PUBLISHER)
        layout = laid_out(poster)
        largest = max((line for line in layout.lines if line.y < layout.rule.y), key=_size)
        assert largest.text[:4] == drawable(project.title)[:4]
        assert largest.size >= 40 * POINT - 1e-9
        assert largest.is_bold
    assert QR_SIZE * Sheet.A5.scale >= 40
    assert segno.make(LINK, error="m", micro=False).error in {"M", "Q", "H"}


@pytest.mark.parametrize("sheet", Sheet)
@pytest.mark.parametrize("project", [PROJECT, LONGEST], ids=["usual", "longest"])
def test_the_code_of_a_printed_pdf_is_read_back(project: Project, sheet: Sheet) -> None:
    poster = poster_of(project, PUBLISHER)
    page = page_of(poster, sheet)
    assert [round(each / 72 * 25.4) for each in page.get_size()] == list(sheet.value)
    grey = printed(page).convert("L")
    # A worn printer, a poor photograph: pale grey on grey, and not sharp.
    pale = grey.point(lambda value: 110 + value // 3).filter(ImageFilter.GaussianBlur(1.2))
    for picture in (grey, pale):
        assert [each.text for each in zxingcpp.read_barcodes(picture)] == [poster.link]
    # Nothing of the drawing touches the edges.
    left, top, right, bottom = grey.point(lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    margin = 10 * Sheet[sheet.name].scale / 25.4 * 100
    assert min(left, top, grey.width - right, grey.height - bottom) >= margin


@pytest.mark.parametrize("sheet", Sheet)
def test_an_svg_is_text_and_its_code_is_read_back(sheet: Sheet) -> None:
    poster = poster_of(replace(PROJECT, title='Métaux & <rares> "neufs"'), PUBLISHER)
    root = ET.fromstring(svg_of(poster, sheet))  # noqa: S314 - made here
    space = "{http://www.w3.org/2000/svg}"
    assert (root.get("width"), root.get("height")) == tuple(f"{each}mm" for each in sheet.value)
    texts = " ".join(each.text or "" for each in root.iter(f"{space}text"))
    assert poster.code in texts
    assert "<rares>" in texts
    (title,) = root.iter(f"{space}title")
    assert title.text == poster.title
    # Painted as the path says, module by module.
    outline = list(root.iter(f"{space}path"))[-1].get("d") or ""
    picture, scale = Image.new("L", (round(WIDTH * 4), round(HEIGHT * 4)), 255), 4
    for bar in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", outline):
        x, y, across, down = (float(each) * scale for each in bar)
        picture.paste(0, (round(x), round(y), round(x + across), round(y + down)))
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [poster.link]


def test_an_svg_is_drawn_as_its_pdf_is() -> None:
    weasyprint = pytest.importorskip("weasyprint", exc_type=ImportError)
    poster = poster_of(PROJECT, PUBLISHER)
    page = "<style>@page{size:A4;margin:0}svg{display:block}</style>" + svg_of(poster).decode()
    document = pypdfium2.PdfDocument(io.BytesIO(weasyprint.HTML(string=page).write_pdf()))
    found = zxingcpp.read_barcodes(printed(document[0]).convert("L"))
    assert [each.text for each in found] == [poster.link]


def test_the_same_poster_is_the_same_file() -> None:
    poster = poster_of(PROJECT, PUBLISHER)
    assert pdf_of(poster) == pdf_of(poster)
    assert svg_of(poster) == svg_of(poster)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.integers(1, 5), st.booleans())
def test_nothing_overflows_whatever_is_written(
    title: str, seeks: str, place: str, times: int, is_fictitious: bool
) -> None:
    project = replace(
        PROJECT,
        title=title * times,
        seeks=seeks * times,
        territories=(place,) * times,
        fictitious=is_fictitious,
    )
    publisher = Issuer("a" * 32, f"https://{'un-nom-' * 4 * times}exemple.fr/", place)
    layout = laid_out(poster_of(project, publisher))
    assert overflowing(layout) == []
    assert all(line.text for line in layout.lines)


@given(TEXTS, st.floats(20, 200), st.floats(10, 200))
@settings(max_examples=60, deadline=None)
def test_a_text_keeps_to_its_room(text: str, across: float, down: float) -> None:
    shown = drawable(text)
    lines = fitted(shown, (across, down), (12.0, 9.0, 6.0))
    assert all(width(each, lines.size) <= across + 1e-6 for each in lines.texts)
    assert lines.height <= max(down, 6.0 * 1.22) + 1e-6
    if not lines.is_cut and lines.size > 6:
        assert " ".join(lines.texts) == shown


def test_an_address_is_whole_and_gets_no_hyphen() -> None:
    for project in (PROJECT, LONGEST):
        poster = poster_of(project, replace(PUBLISHER, site=f"https://{'commune' * 12}.fr/"))
        lines = [each.text for each in laid_out(poster).lines]
        assert poster.address in "".join(lines)
