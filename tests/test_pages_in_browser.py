"""The page of a request in headless Chromium: by keyboard, enlarged, and looked at by axe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # no stubs
from dialogue import Stage
from playwright.async_api import Browser, BrowserContext, Page, expect
from test_browser import browser, pytestmark  # noqa: F401 (a fixture, and what it needs)
from test_dialogue_interest import number_of_led, registers
from test_mail_dispatcher import CLAIRE, given, mailing
from test_put_in_touch import CONTACT, led
from test_request_page import standing

from handlers.core.services import Services
from knowledge.knowledge import Knowledge
from storage.records.interests import Ending, Status

# WCAG 2.2, success criterion 1.4.10: at 400 % of 1280 pixels, 320 are left.
NARROW, PHONE, DESK = 320, 390, 1280
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest_asyncio.fixture(name="stage", loop_scope="module")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    settings = given(1, listen_port=0)
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        led(stage, CONTACT)
        await registers(stage.person(), stage, number_of_led(stage))
        yield stage


@pytest_asyncio.fixture(loop_scope="module", params=["light", "dark"])
async def context(
    browser: Browser,  # noqa: F811 (a fixture)
    request: pytest.FixtureRequest,
) -> AsyncIterator[BrowserContext]:
    """A browser without script; axe alone may look into the page."""
    context = await browser.new_context(
        viewport={"width": PHONE, "height": 844},
        color_scheme=request.param,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext, stage: Stage) -> AsyncIterator[Page]:
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(address(stage))
    yield page
    assert errors == []


def address(stage: Stage) -> str:
    services: Services = stage.running.parts.services
    assert services.page_links is not None
    url = services.page_links.to_request(1, CLAIRE, stage.clock())
    return url.replace("https://bot.exemple.fr", f"http://127.0.0.1:{stage.running.page_port}")


async def is_accessible(page: Page) -> None:
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 10, "axe looked at nothing"


async def fits(page: Page) -> None:
    """Nothing is cut off, and nothing has to be scrolled sideways."""
    for width in (NARROW, PHONE, DESK):
        await page.set_viewport_size({"width": width, "height": 844})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{needed} pixels in {width}"


async def look(page: Page, name: str, folder: Path) -> None:
    """Check a page at all sizes; its pictures are kept for who wants to look at them."""
    await is_accessible(page)
    await fits(page)
    for size, width in (("telephone", PHONE), ("200", DESK // 2)):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=folder / f"{name}-{size}.png", full_page=True)


async def test_every_page_is_accessible_and_fits(page: Page, stage: Stage, tmp_path: Path) -> None:
    await look(page, "demande", tmp_path)
    await page.get_by_role("link", name="Prendre en charge").click()
    await look(page, "prendre", tmp_path)
    await page.get_by_role("button", name="Oui, prendre en charge").click()
    await expect(page.get_by_role("status")).to_contain_text("Vous avez pris cette demande")
    await look(page, "prise", tmp_path)
    for act in ("Refuser", "Clore", "Ajouter une note"):
        await page.get_by_role("link", name=act).click()
        await look(page, act, tmp_path)
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await look(page, f"{act}-faute", tmp_path)
        await page.get_by_role("link", name="Annuler et revenir").click()
    await page.get_by_role("link", name="Mettre en relation").click()
    await look(page, "relation", tmp_path)
    await page.emulate_media(media="print")
    await page.pdf(path=tmp_path / "relation.pdf")
    await page.emulate_media(media="screen")
    await page.get_by_role("button", name="Oui, mettre en relation").click()
    await expect(page.get_by_role("status")).to_contain_text("La mise en relation est faite")
    await look(page, "faite", tmp_path)
    await page.goto(f"{address(stage)}x")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ce lien n'est pas juste")
    await look(page, "faux", tmp_path)


async def test_a_request_is_closed_by_keyboard_alone(page: Page, stage: Stage) -> None:
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Prendre en charge")).to_be_focused()
    await page.keyboard.press("Enter")
    await is_headed(page, "Prendre en charge la demande")
    await presses_until(page, "Oui, prendre en charge")
    await expect(page.get_by_role("status")).to_be_visible()
    await presses_until(page, "Clore")
    await is_headed(page, "Clore la demande")
    await presses_until(page, "Oui, clore")
    # The summary of what is missing is focused, and leads to the answer.
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("radio", name="Elle a abouti")).to_be_focused()
    await page.keyboard.press("Space")
    await presses_until(page, "Oui, clore")
    await expect(page.get_by_role("status")).to_contain_text("Cette demande est close")
    interest = await standing(stage)
    assert (interest.status, interest.outcome) == (Status.CLOSED, Ending.SUCCESS)


async def is_headed(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_contain_text(words)


async def presses_until(page: Page, name: str) -> None:
    """Go from link to link until one with this name, and follow it."""
    for _ in range(20):
        await page.keyboard.press("Tab")
        if (await page.evaluate("document.activeElement.textContent")).strip() == name:
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached")


async def test_without_script_and_with_the_policy_all_works(
    browser: Browser,  # noqa: F811 (a fixture)
    stage: Stage,
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text))
    await page.goto(address(stage))
    await page.get_by_role("link", name="Prendre en charge").click()
    await page.get_by_role("button", name="Oui, prendre en charge").click()
    await expect(page.get_by_role("status")).to_be_visible()
    background = await page.locator(".card").evaluate(
        "one => getComputedStyle(one).borderLeftWidth"
    )
    await context.close()
    assert (await standing(stage)).status is Status.TAKEN
    assert background == "4px", "the policy lets the page's own style through"
    assert [line for line in refused if "Content Security Policy" in line] == []
