"""The chat page in headless Chromium, in front of the real bot: type, tap, read."""

import re
import shutil
from collections.abc import AsyncIterator

import pytest
from dialogue import Stage
from playwright.async_api import Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `chromium` in PATH"),
]


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    """The chat page on the SME's tab; fails where its scripts failed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(stage.server.url)
        await page.get_by_test_id("conversation-pme").click()
        yield page
        await browser.close()
        assert errors == []


async def says(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def taps(page: Page, label: str) -> None:
    await page.get_by_test_id("keyboard-button").filter(has_text=label).last.click()


async def sees(page: Page, text: str) -> None:
    await expect(page.get_by_test_id("message").filter(has_text=text).last).to_be_visible()


async def test_from_a_question_to_the_administrators(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await sees(page, "assistant automatique")
    await says(page, "Comment financer un projet ?")
    await sees(page, "Cette réponse vous aide-t-elle ?")
    await says(page, "/projets")
    await sees(page, "Projets ouverts")
    await taps(page, "1. ")
    await taps(page, "Ça m'intéresse")
    await taps(page, "J'ai compris")
    for text in ("Benali Usinage", "Nadia Benali", "06 12 34 56 78", "1", "passer", "passer"):
        await says(page, text)
    await sees(page, "Récapitulatif")
    await taps(page, "Oui, j'accepte")
    await sees(page, "Votre numéro : TI-2026-0001")
    await page.get_by_test_id("conversation-administrateurs").click()
    await sees(page, "Nouvelle demande TI-2026-0001")
    await taps(page, "Pris en charge")
    await sees(page, "Prise en charge par")
    await expect(page.get_by_test_id("toast").first).to_contain_text("TI-2026-0001")
    await page.get_by_test_id("conversation-pme").click()
    await sees(page, "est prise en charge")


async def test_what_is_typed_is_never_markup(page: Page) -> None:
    await says(page, "<img src=x onerror=\"document.title='bad'\"> <b>gras</b>")
    await sees(page, "<b>gras</b>")
    assert await page.title() != "bad"


async def test_a_deep_link_in_the_address_opens_the_card(page: Page, stage: Stage) -> None:
    project = stage.knowledge.projects[0]
    await page.goto(f"{stage.server.url}/?start=p_{project.id}")
    await sees(page, project.title)


async def test_commands_are_offered_while_typing(page: Page) -> None:
    await page.get_by_test_id("composer").fill("/pro")
    menu = page.get_by_test_id("command-menu")
    await expect(menu).to_be_visible()
    await expect(menu.get_by_role("option").first).to_contain_text(re.compile("/pro"))


async def test_the_page_fits_a_phone_with_large_text(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await says(page, "/projets")
    await sees(page, "Projets ouverts")
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


async def test_everything_is_reached_by_keyboard(page: Page) -> None:
    await page.get_by_test_id("start").focus()
    await page.keyboard.press("Enter")
    await sees(page, "assistant automatique")
    button = page.get_by_test_id("keyboard-button").filter(has_text="Choisir un thème").last
    await button.focus()
    await page.keyboard.press("Enter")
    await sees(page, "Ce que je sais")
