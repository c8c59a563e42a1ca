"""The chat page in headless Chromium, in front of the real bot: type, tap, read."""

import re
import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # no stubs
from dialogue import Stage, unfailing
from playwright.async_api import Browser, Page, async_playwright, expect

from knowledge.knowledge import Knowledge

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
    # One browser for them all: to start it takes longer than most of what it is for.
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `chromium` in PATH"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(name="stage", loop_scope="module")
async def stage_beside_the_browser(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> AsyncIterator[Stage]:
    async with unfailing(shipped, tmp_path, blank_file) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def page(stage: Stage, browser: Browser) -> AsyncIterator[Page]:
    """The chat page on the SME's tab; fails where its scripts failed."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(stage.server.url)
    await page.get_by_test_id("conversation-pme").click()
    yield page
    await context.close()
    assert errors == []


async def says(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def taps(page: Page, label: str) -> None:
    await page.get_by_test_id("keyboard-button").filter(has_text=label).last.click()


async def doubles_the_text(page: Page) -> None:
    await page.evaluate("document.documentElement.style.fontSize = '200%'")


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
    # What was told in the chat that was left would seem to be told in this one.
    await expect(page.get_by_test_id("toast")).to_have_count(0, timeout=1000)


async def test_what_is_typed_is_never_markup(page: Page) -> None:
    await says(page, "<img src=x onerror=\"document.title='bad'\"> <b>gras</b>")
    await sees(page, "<b>gras</b>")
    assert await page.title() != "bad"


async def test_a_deep_link_in_the_address_opens_the_card(page: Page, stage: Stage) -> None:
    project = stage.knowledge.projects[0]
    await page.goto(f"{stage.server.url}/?start=p_{project.id}")
    await sees(page, project.title)


async def test_a_link_to_the_bot_is_followed_in_nobody_elses_name(page: Page, stage: Stage) -> None:
    await page.get_by_test_id("conversation-facilitateurs").click()
    await page.get_by_test_id("speaker").select_option(label="Paul Garcia")
    await says(page, "/mesdonnees")
    await page.get_by_role("link", name="Ouvrir la conversation").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("votre propre conversation privée")
    await expect(page.locator("#chat-title")).to_have_text("Facilitateurs")
    assert stage.messenger.messages(stage.messenger.sme.id) == []


async def test_commands_are_offered_while_typing(page: Page) -> None:
    await page.get_by_test_id("composer").fill("/pro")
    menu = page.get_by_test_id("command-menu")
    await expect(menu).to_be_visible()
    await expect(menu.get_by_role("option").first).to_contain_text(re.compile("/pro"))


async def test_the_bot_is_searched_and_a_result_sent_by_keyboard(page: Page, stage: Stage) -> None:
    project = stage.knowledge.census.listed(stage.running.parts.services.today())[0]
    await page.get_by_test_id("conversation-administrateurs").click()
    composer, menu = page.get_by_test_id("composer"), page.get_by_test_id("inline-menu")
    await composer.fill("@terri")
    await expect(menu.get_by_role("option")).to_have_text(re.compile("^@territoires_industrie_bot"))
    await composer.press("ArrowDown")
    await composer.press("Enter")
    first = menu.get_by_role("option").filter(has_text=project.title)
    await expect(first).to_be_visible()
    # The way into the bot comes first; what is chosen is told to who cannot see it.
    await composer.press("ArrowDown")
    await composer.press("ArrowDown")
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(composer).to_have_attribute(
        "aria-activedescendant", await first.get_attribute("id") or "none"
    )
    await composer.press("Enter")
    await expect(menu).to_be_hidden()
    await expect(composer).to_have_value("")
    sent = page.get_by_test_id("message").last
    await expect(sent).to_contain_text(project.title)
    await expect(sent).to_contain_text("via @territoires_industrie_bot")
    await expect(sent.get_by_test_id("keyboard-button")).to_have_text("Ouvrir dans l'assistant")
    await composer.fill("@territoires_industrie_bot xqzw")
    await expect(menu).to_contain_text("Rien trouvé")
    await composer.press("Escape")
    await expect(menu).to_be_hidden()


async def test_a_search_that_is_too_long_is_cut_as_telegram_cuts_it(page: Page) -> None:
    composer, menu = page.get_by_test_id("composer"), page.get_by_test_id("inline-menu")
    # Some signs are two of the units in which a browser counts.
    for typed in ("xqzw " * 80, "xqzw " + "\N{WRENCH}" * 300):
        await composer.fill(f"@territoires_industrie_bot {typed}")
        await expect(menu).to_contain_text("Rien trouvé")
        await expect(page.get_by_test_id("toast")).to_have_count(0)
        await composer.fill("")


async def test_a_search_that_is_refused_is_waited_for_no_longer(page: Page, stage: Stage) -> None:
    composer, menu = page.get_by_test_id("composer"), page.get_by_test_id("inline-menu")
    toast = page.get_by_test_id("toast").last
    stage.messenger.inline_mode = False
    await composer.fill("@territoires_industrie_bot usinage")
    await expect(toast).to_have_text(re.compile("^Refusé.: la recherche .* est éteinte"))
    await expect(menu).to_be_hidden()
    stage.messenger.inline_mode = True
    await composer.fill("@territoires_industrie_bot usinage partagé")
    await expect(menu.get_by_role("option").first).to_be_visible()
    # Whatever the server says, the page says it in French.
    refusal = {"status": 400, "json": {"error": "Bad Request: SOMETHING_NEW"}}
    await page.route("**/preview/inline", lambda route: route.fulfill(**refusal))
    await composer.fill("@territoires_industrie_bot usinage")
    await expect(toast).to_contain_text("le serveur local n’a pas pu faire cela")
    await expect(menu).to_be_hidden()


@pytest.mark.parametrize(
    ("group", "command"), [("administrateurs", "/demandes"), ("facilitateurs", "/sansreponse")]
)
async def test_each_group_is_shown_its_own_commands(page: Page, group: str, command: str) -> None:
    await page.get_by_test_id(f"conversation-{group}").click()
    await expect(page.get_by_test_id("empty")).to_contain_text("commandes")
    await page.get_by_test_id("commands").click()
    await expect(page.get_by_test_id("command-menu")).to_contain_text(command)


async def test_the_page_fits_a_phone_with_large_text(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await doubles_the_text(page)
    await says(page, "/projets")
    await sees(page, "Projets ouverts")
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


async def test_menus_and_the_notice_stay_in_view_with_large_text(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await doubles_the_text(page)
    notice = await page.locator(".notice-more").bounding_box()
    assert notice is not None
    assert notice["width"] > 100
    await page.get_by_test_id("commands").click()
    menu = page.get_by_test_id("command-menu")
    await expect(menu).to_be_in_viewport(ratio=1)
    await expect(menu.get_by_role("option").first).to_be_in_viewport(ratio=1)
    await page.get_by_test_id("attach").click()
    await expect(page.get_by_test_id("attach-menu")).to_be_in_viewport(ratio=1)


async def test_the_field_is_as_high_as_its_lines_after_a_change_of_size(page: Page) -> None:
    field = page.get_by_test_id("composer")
    await expect(field).to_have_css("height", "44px")
    await doubles_the_text(page)
    await field.fill("une ligne")
    await expect(field).not_to_have_css("height", "44px")
    await page.evaluate("document.documentElement.style.fontSize = ''")
    await expect(field).to_have_css("height", "44px")


async def test_everything_is_reached_by_keyboard(page: Page) -> None:
    await page.get_by_test_id("start").focus()
    await page.keyboard.press("Enter")
    await sees(page, "assistant automatique")
    button = page.get_by_test_id("keyboard-button").filter(has_text="Choisir un thème").last
    await button.focus()
    await page.keyboard.press("Enter")
    await sees(page, "Ce que je sais")


async def fills_the_log(stage: Stage, count: int) -> None:
    """Let the bot have said much: each message with a link, a spoiler and two rows of buttons."""
    sme = stage.messenger.sme
    stage.messenger.says(sme, "/aide")
    # Its answer would otherwise come last, or between the others.
    await stage.settles()
    rows = [[{"text": f"{row}", "callback_data": f"{row}"}] for row in ("Oui", "Non")]
    entities = [
        {"type": "text_link", "offset": 0, "length": 2, "url": "https://exemple.fr"},
        {"type": "spoiler", "offset": 3, "length": 6},
    ]
    for number in range(count):
        text = {"text": f"un secret {number}", "entities": entities}
        stage.messenger.posts(sme.id, text | {"reply_markup": {"inline_keyboard": rows}})


MANY = 60
# Where the focus is; nothing once it has left the page.
STOP = """() => {
    const active = document.activeElement;
    if (active === document.body) return "";
    return active.closest("#log") ? "log" : active.id || active.dataset.testid || active.tagName;
}"""


async def stops_of(page: Page) -> list[str]:
    """Go through the whole page by the Tab key; return where it stopped."""
    stops: list[str] = []
    await page.locator(".skip-link").focus()
    while len(stops) < MANY and (stop := await page.evaluate(STOP)):
        stops.append(stop)
        await page.keyboard.press("Tab")
    return stops


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_long_log_is_one_stop_of_the_tab_key(page: Page, stage: Stage, width: int) -> None:
    await fills_the_log(stage, 182)
    await page.set_viewport_size({"width": width, "height": 844})
    await sees(page, "un secret 181")
    stops = await stops_of(page)
    assert stops.count("log") == 1, stops
    assert "composer-text" in stops
    assert len(stops) < 20, stops


async def test_arrows_go_through_the_messages_and_into_their_buttons(
    page: Page, stage: Stage
) -> None:
    await fills_the_log(stage, 3)
    await sees(page, "un secret 2")
    focused, press = page.locator(":focus"), page.keyboard.press
    await page.get_by_test_id("attach").focus()
    await press("Shift+Tab")
    await expect(focused).to_contain_text("un secret 2")
    for key, text in (("ArrowUp", "secret 1"), ("Home", "/aide"), ("End", "secret 2")):
        await press(key)
        await expect(focused).to_contain_text(text)
        await expect(focused).to_have_attribute("data-testid", "message")
    await expect(focused).to_have_accessible_name(
        re.compile(r"^Territoires d’industrie\s+:\s+\d\d:\d\d")
    )
    await expect(focused).to_have_accessible_description(re.compile("^un Texte masqué, afficher 2"))
    await expect(page.locator("#log-hint")).to_be_in_viewport()
    await press("Enter")
    await expect(focused).to_have_text("Oui")
    await press("ArrowDown")
    await expect(focused).to_have_text("Non")
    await press("End")
    await expect(focused).to_have_attribute("data-testid", "reply")
    await press("Home")
    await press("Escape")
    await expect(focused).to_have_attribute("data-testid", "message")
    await press("Tab")
    await expect(focused).to_have_attribute("id", "attach")


@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(page: Page, stage: Stage, width: int) -> None:
    await fills_the_log(stage, 2)
    await page.set_viewport_size({"width": width, "height": 844})
    await sees(page, "un secret 1")
    await is_accessible(page, {})
    await page.get_by_test_id("commands").click()
    await expect(page.get_by_test_id("command-menu")).to_be_visible()
    # The arrows scroll the menu from the field, which keeps the focus meanwhile.
    await is_accessible(page, {"scrollable-region-focusable": {"enabled": False}})
    await page.get_by_test_id("composer").fill("@territoires_industrie_bot ")
    await expect(page.get_by_test_id("inline-result").nth(1)).to_be_visible()
    await is_accessible(page, {"scrollable-region-focusable": {"enabled": False}})


async def is_accessible(page: Page, rules: dict[str, Any]) -> None:
    found = await Axe().run(page, options={"rules": rules})
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 30, "axe looked at nothing"


async def test_what_is_unread_survives_a_reload(page: Page, stage: Stage) -> None:
    await page.get_by_test_id("conversation-administrateurs").click()
    group = stage.messenger.administrators.id
    last = stage.messenger.posts(group, {"text": "lu"})
    await sees(page, "lu")
    await page.get_by_test_id("conversation-pme").click()
    # What was read last may be deleted: what came before stays read.
    stage.messenger.deletes(group, last["message_id"])
    for text in ("un", "deux"):
        stage.messenger.posts(group, {"text": text})
    unread = page.get_by_test_id("conversation-administrateurs").get_by_test_id("unread")
    await expect(unread).to_contain_text("2 messages non lus")
    await page.reload()
    await expect(unread).to_contain_text("2 messages non lus")
    other = await page.context.new_page()
    await other.goto(f"{stage.server.url}/?personne=pme")
    again = other.get_by_test_id("conversation-administrateurs").get_by_test_id("unread")
    await expect(again).to_contain_text("2 messages non lus")
    await other.close()


async def test_the_focus_stays_on_the_step_whose_page_turns(page: Page) -> None:
    await says(page, "/projets")
    await sees(page, "page 1 sur")
    await page.get_by_role("button", name="Suivant ›").last.focus()
    # Three pages: on the last one, the step that is left leads back.
    turned = ((2, "Suivant ›"), (3, "‹ Précédent"), (2, "‹ Précédent"), (1, "Suivant ›"))
    for number, step in turned:
        await page.keyboard.press("Enter")
        await sees(page, f"page {number} sur")
        await expect(page.locator(":focus")).to_have_text(step)


async def test_two_clicks_in_one_place_go_two_pages_on(page: Page) -> None:
    await says(page, "/projets")
    await sees(page, "page 1 sur")
    box = await page.get_by_role("button", name="Suivant ›").last.bounding_box()
    assert box is not None
    # The first page has one step, as wide as both steps of the second.
    for number in (2, 3):
        await page.mouse.click(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2)
        await sees(page, f"page {number} sur")


@pytest.mark.parametrize(("width", "height"), [(195, 422), (320, 256), (640, 360)])
async def test_one_can_write_in_a_very_small_window_with_the_notice_open(
    page: Page, width: int, height: int
) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await expect(page.get_by_test_id("notice")).to_be_visible()
    for part in ("send", "composer"):
        await expect(page.get_by_test_id(part)).to_be_in_viewport(ratio=1)
    await says(page, "/projets")
    await sees(page, "Projets ouverts")
    log = await page.get_by_test_id("log").bounding_box()
    assert log is not None
    assert log["height"] >= 80


async def test_what_does_not_fit_scrolls_with_the_page(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 150})
    await says(page, "/projets")
    await sees(page, "Projets ouverts")
    await page.mouse.move(160, 75)
    for _ in range(60):
        await page.mouse.wheel(0, 400)
    await expect(page.get_by_test_id("send")).to_be_in_viewport(ratio=1)


async def test_the_notice_once_read_stays_away_in_a_new_tab(page: Page) -> None:
    await page.locator("#notice-close").click()
    other = await page.context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_test_id("log")).to_be_visible()
    await expect(other.get_by_test_id("notice")).to_be_hidden()


async def test_the_page_tells_the_time_of_paris_wherever_the_browser_is(
    page: Page, stage: Stage
) -> None:
    await says(page, "bonjour")
    browser = page.context.browser
    assert browser is not None
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        abroad = await browser.new_context(timezone_id=zone)
        other = await abroad.new_page()
        await other.goto(f"{stage.server.url}/?personne=pme")
        said = stage.messenger.messages(stage.messenger.sme.id)[0]
        message = other.get_by_test_id("message").first
        paris = datetime.fromtimestamp(said["date"], ZoneInfo("Europe/Paris"))
        await expect(message.locator("time")).to_have_text(f"{paris:%H:%M}")
        await expect(other.locator(".day").first).to_have_text(re.compile("Aujourd|Hier"))
        await abroad.close()
