"""One public page of each kind in headless Chromium, from a disk: axe, 320 pixels, the keyboard.

``website/accessibility.yaml`` says what these tests looked at, and on what; with ``REWRITE=1`` they
write it anew. Of the forms, `test_visitors_in_browser` looks at the same.
"""

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]  # no stubs
import pytest
import pytest_asyncio
import yaml
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # no stubs
from playwright.async_api import Browser, Page
from test_browser import browser, pytestmark  # noqa: F401 (a fixture, and what it needs)
from test_pages_in_browser import NARROW, RULES
from website_fixtures import on_disk, served

from bot.commands.site import write
from bot.pages import visitor_rendering
from website import accessibility
from website.pages import PageKind

# One of each kind; the list of projects as a server has it, with its form.
LOOKED_AT = {
    PageKind.HOME: "index.html",
    PageKind.PROJECTS: "projets.html",
    PageKind.PROJECT: "projets/fictif-solvants-berre.html",
    PageKind.ENDED_PROJECT: "en/projets/fictif-emballages-berre.html",
    PageKind.GONE_PROJECT: "projets/jamais.html",
    PageKind.ANSWERS: "en/reponses.html",
    PageKind.ANSWER: "reponses/presentation.html",
    PageKind.REFERRAL: "reponses/aides-publiques.html",
    PageKind.GONE_ANSWER: "reponses/jamais.html",
    PageKind.AREAS: "territoires.html",
    PageKind.SECTORS: "filieres.html",
    PageKind.DATA: "donnees.html",
    PageKind.PRIVACY: "confidentialite.html",
    PageKind.ACCESSIBILITY: "accessibilite.html",
    PageKind.LEGAL: "mentions-legales.html",
    PageKind.NOT_FOUND: "territoires/jamais.html",
}
# A page from a disk lets no script read its style sheet; axe sees the styles as they are computed.
WHOLE = {**RULES, "preload": False}
FORM_TEMPLATES = Path(visitor_rendering.__file__).parent / "visitor_templates"
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "preload": False}
# What has the focus, where it stands in the page, and whether it is seen.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return [one.outerHTML, [...document.querySelectorAll('*')].indexOf(one), isSeen];
}"""
FOCUSABLE = "a[href], summary, select, input, button"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for gone in ("projets/jamais.html", "reponses/jamais.html", "territoires/jamais.html"):
        (folder / gone).parent.mkdir(exist_ok=True)
        (folder / gone).write_text("une page d'avant")
    site = served()
    paths = {path: page.kind for path, (page, _) in site.pages.items()}
    assert all(paths.get(path, kind) is kind for kind, path in LOOKED_AT.items())
    written = write(site, folder)
    assert (written.gone, written.same) == (3, 0)
    return folder


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:  # noqa: F811 (a fixture)
    context = await browser.new_context(reduced_motion="reduce")
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text))
    page.on("requestfailed", lambda request: errors.append(request.url))
    yield page
    await context.close()
    assert errors == []


async def opens(page: Page, folder: Path, path: str) -> None:
    await page.goto((folder / path).as_uri())


async def test_a_page_of_every_kind_is_accessible_and_fits(page: Page, folder: Path) -> None:
    axe, rules = Axe(), set[str]()
    for kind, path in LOOKED_AT.items():
        await page.set_viewport_size({"width": NARROW, "height": 800})
        await page.emulate_media(color_scheme="light")
        await opens(page, folder, path)
        # What is folded is looked at too.
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = await axe.run(page, options=WHOLE)
        assert found.violations_count == 0, f"{kind}: {found.generate_report()}"
        assert len(found.response["passes"]) > 10, "axe looked at nothing"
        assert [each["id"] for each in found.response["incomplete"]] == [], kind
        await page.emulate_media(color_scheme="dark")
        # Axe stands in the page since its first run.
        dark = await page.evaluate("rules => axe.run(document, rules)", CONTRAST)
        assert dark["violations"] == [], f"{kind}, dark"
        assert dark["passes"], "axe looked at nothing"
        needed = await page.evaluate("document.documentElement.scrollWidth")
        assert needed <= NARROW, (kind, needed)
        rules |= {each["id"] for each in found.response["passes"]}
    assert {"color-contrast", "heading-order", "label", "link-name", "region"} <= rules
    _keep_true()


def what_is_looked_at() -> dict[str, Any]:
    """Return what accessibility.yaml has to say, but for the day."""
    script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    version = re.search(r"axe v([\d.]+)", script.read_text("utf-8")[:200])
    assert version is not None
    return {
        "tool": f"axe-core {version[1]}",
        "rules": list(RULES["runOnly"]),
        "kinds": sorted(LOOKED_AT),
        "state": accessibility.state(FORM_TEMPLATES),
    }


def _keep_true() -> None:
    if not os.environ.get("REWRITE"):
        return
    file = accessibility.FILE
    notes = [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")]
    told = {"tested_on": datetime.now(UTC).date(), "browser": "Chromium", **what_is_looked_at()}
    told["kinds"] = [str(each) for each in told["kinds"]]
    file.write_text("\n".join([*notes, yaml.safe_dump(told, allow_unicode=True)]), "utf-8")


@pytest.mark.parametrize("kind", LOOKED_AT)
async def test_everything_is_reached_by_keyboard_and_seen(
    page: Page, folder: Path, kind: PageKind
) -> None:
    await opens(page, folder, LOOKED_AT[kind])
    if await page.locator("summary").count():
        await page.locator("summary").focus()
        await page.keyboard.press("Enter")
        assert await page.locator("details[open]").count() == 1
        await page.evaluate("document.activeElement.blur()")
        await opens(page, folder, LOOKED_AT[kind])
        await page.evaluate("document.querySelector('details').open = true")
    count = await page.locator(FOCUSABLE).count()
    reached, places = [], []
    for _ in range(count):
        await page.keyboard.press("Tab")
        html, place, is_seen = await page.evaluate(FOCUS)
        assert is_seen, html
        reached.append(html)
        places.append(place)
    assert 'class="skip"' in reached[0]
    assert places == sorted(set(places)), "the focus goes round before the end, or jumps"
    assert "tel:0491000000" in reached[-1]


async def test_the_first_link_leads_past_the_menu(page: Page, folder: Path) -> None:
    await opens(page, folder, "index.html")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_the_site_is_read_from_a_disk_without_script(
    browser: Browser,  # noqa: F811 (a fixture)
    tmp_path: Path,
) -> None:
    write(on_disk(), tmp_path)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await opens(page, tmp_path, "index.html")
    await page.get_by_role("link", name="projets ouverts").click()
    await page.get_by_role("link", name="Boucle de solvants").click()
    assert "Boucle de solvants" in await page.locator("h1").inner_text()
    blue = await page.locator("header").evaluate("one => getComputedStyle(one).borderBottomWidth")
    assert blue == "2px", "the style sheet is not found"
    await page.go_back()
    await page.get_by_text("Filtrer les projets").click()
    await page.get_by_role("link", name="Chimie").click()
    assert await page.locator("h1").inner_text() == "Projets ouverts, filière Chimie"
    await page.get_by_role("link", name="English").click()
    assert await page.locator("h1").inner_text() == "Open projects in the sector Chimie"
    await context.close()


async def test_a_phone_number_is_not_broken(page: Page, folder: Path) -> None:
    await opens(page, folder, "index.html")
    for width in range(NARROW, 600, 20):
        await page.set_viewport_size({"width": width, "height": 800})
        for number in await page.locator("a[href^='tel:']").all():
            lines = await number.evaluate("one => one.getClientRects().length")
            assert lines == 1, width


async def test_paper_has_the_text_and_not_the_menus(page: Page, folder: Path) -> None:
    await opens(page, folder, LOOKED_AT[PageKind.PROJECT])
    await page.emulate_media(media="print", color_scheme="dark")
    assert not await page.locator("header nav").is_visible()
    assert await page.locator("dl").is_visible()
    ground, ink = await page.locator("body").evaluate(
        "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    )
    await page.emulate_media(media="screen")
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
