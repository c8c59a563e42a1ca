"""A firm's whole way without Telegram in headless Chromium, and every page on it looked at by axe.

The team acts in Telegram: the notification in its group, and taps. With ``PICTURES``, the path of a
folder, pictures of all pages are kept there.
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from dialogue import Stage
from mail_server import MailBox, mail_server
from playwright.async_api import Browser, BrowserContext, Page, expect
from test_browser import browser, pytestmark  # noqa: F401 (a fixture, and what it needs)
from test_mail_dispatcher import given, mailing, until
from test_pages_in_browser import DESK, NARROW, PHONE, fits, is_accessible
from test_put_in_touch import CONTACT, LEAD_EMAIL, led
from test_visitor_pages import FIRM
from test_visitor_team import works_days
from test_website_in_browser import CONTRAST

from knowledge.knowledge import Knowledge

PICTURES = os.environ.get("PICTURES", "")


@pytest_asyncio.fixture(name="box", loop_scope="module")
async def _box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


@pytest_asyncio.fixture(name="stage", loop_scope="module")
async def _stage(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, box: MailBox
) -> AsyncIterator[Stage]:
    settings = given(box.port, listen_port=0)
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        yield stage


@pytest_asyncio.fixture(name="context", loop_scope="module")
async def _context(browser: Browser) -> AsyncIterator[BrowserContext]:  # noqa: F811 (a fixture)
    context = await browser.new_context(
        viewport={"width": PHONE, "height": 844},
        bypass_csp=True,
        reduced_motion="reduce",
        locale="fr-FR",
    )
    yield context
    await context.close()


class Walk:
    """A browser, and the bot behind the pages."""

    def __init__(self, page: Page, stage: Stage, box: MailBox) -> None:
        self.page, self.stage, self.box = page, stage, box
        self.count = 0

    async def opens(self, path: str) -> None:
        await self.page.goto(f"http://127.0.0.1:{self.stage.running.page_port}{path}")

    async def follows(self, name: str) -> None:
        await self.page.get_by_role("link", name=name).first.click()

    async def presses(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def looks(self, name: str, heading: str) -> None:
        """Check the page that is shown at all sizes, light and dark."""
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        await is_accessible(self.page)
        await fits(self.page)
        await self.page.emulate_media(color_scheme="dark")
        # Axe stands in the page since its first run.
        dark = await self.page.evaluate("rules => axe.run(document, rules)", CONTRAST)
        assert dark["violations"] == [], name
        if PICTURES:
            await self._pictures(name)
        await self.page.emulate_media(color_scheme="light")

    async def _pictures(self, name: str) -> None:
        self.count += 1
        for scheme in ("dark", "light"):
            await self.page.emulate_media(color_scheme=scheme)
            for width in (NARROW, PHONE, DESK):
                await self.page.set_viewport_size({"width": width, "height": 844})
                path = Path(PICTURES) / f"{self.count:02}-{name}-{width}-{scheme}.png"
                await self.page.screenshot(path=path, full_page=True)

    async def newest_letter(self, words: str) -> str:
        """Wait for an e-mail to the firm with these words; return the path of its link."""
        await until(lambda: bool(self.letters(words)), self.stage)
        found = re.search(r"https://bot\.exemple\.fr(/suivi/\S+)", self.letters(words)[-1])
        assert found is not None
        return found[1]

    def letters(self, words: str) -> list[str]:
        pairs = zip(self.box.texts, self.box.recipients, strict=True)
        return [text for text, whom in pairs if whom == FIRM["contact"] and words in text]


@pytest_asyncio.fixture(name="walk", loop_scope="module")
async def _walk(context: BrowserContext, stage: Stage, box: MailBox) -> AsyncIterator[Walk]:
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    yield Walk(page, stage, box)
    assert errors == []


async def fills(walk: Walk) -> None:
    for key in ("company", "name", "contact", "message"):
        await walk.page.locator(f"#{key}").fill(FIRM[key])
    await walk.page.get_by_label("Participer au projet").check()


async def sends_the_form(walk: Walk, stage: Stage) -> None:
    """Go from the first public page to the receipt, by all errors on the way."""
    page, project = walk.page, led(stage, CONTACT)
    await walk.opens("/")
    await walk.follows("projets ouverts")
    await page.get_by_role("link", name=project.title).click()
    await walk.looks("projet", project.title)
    await walk.follows("Signaler votre intérêt, sans Telegram")
    await walk.looks("formulaire", "Signaler votre intérêt")
    stage.clock.passes(minutes=2)
    await walk.presses("Relire avant d'envoyer")
    await expect(page.get_by_role("alert")).to_be_focused()
    await walk.looks("erreurs", "Signaler votre intérêt")
    await page.get_by_role("link", name="Quel est le nom de votre entreprise").click()
    await expect(page.locator("#company")).to_be_focused()
    await fills(walk)
    await walk.presses("Relire avant d'envoyer")
    await walk.looks("relire", "Relisez, puis envoyez")
    # Back, by the browser and by the page: what was typed stands there.
    await page.go_back()
    await page.go_forward()
    await walk.presses("Modifier mes réponses")
    await expect(page.locator("#message")).to_have_value(FIRM["message"])
    await walk.presses("Relire avant d'envoyer")
    await walk.presses("Oui, j'accepte et j'envoie")
    await walk.looks("reçu", "TI-2026-0001")


async def puts_in_touch(walk: Walk, stage: Stage) -> None:
    """Let an administrator do their part in Telegram; the firm reads its e-mails."""
    administrator = stage.member(stage.messenger.administrators)
    await walk.newest_letter("C'est enregistré")
    await stage.settles()
    administrator.received("TI-2026-0001", FIRM["company"], "les messages lui arrivent par e-mail")
    await administrator.taps("Pris en charge")
    await walk.newest_letter("est prise en charge")
    await administrator.taps("Mettre en relation")
    administrator.received("L'entreprise lira, par e-mail", FIRM["contact"])
    await administrator.taps("Oui, mettre en relation")
    await walk.newest_letter("mis en relation")
    await until(lambda: LEAD_EMAIL in walk.box.recipients, stage)


async def page_says(walk: Walk, message: str) -> None:
    await walk.page.locator("#message").fill(message)
    await walk.presses("Relire avant de modifier")


async def test_from_the_public_page_to_the_outcome_by_e_mail(walk: Walk, stage: Stage) -> None:
    await sends_the_form(walk, stage)
    await puts_in_touch(walk, stage)
    await works_days(stage, 9)
    follow = await walk.newest_letter("Le contact a-t-il eu lieu")
    await walk.opens(follow)
    await walk.looks("suivi", "Vos demandes")
    await walk.presses("Oui, et cela m'a aidé")
    await expect(walk.page.get_by_role("status")).to_have_text("C'est noté. Merci.")
    await walk.follows("Modifier mes réponses")
    await walk.looks("modifier", "Modifier votre demande TI-2026-0001")
    stage.clock.passes(minutes=2)
    await page_says(walk, "Deux tours, finalement.")
    await walk.looks("modifier-relire", "Relisez, puis enregistrez")
    await walk.presses("Oui, enregistrer mes changements")
    await expect(walk.page.get_by_role("status")).to_contain_text("Votre demande est à jour")
    await walk.follows("Retirer cette demande")
    await walk.looks("retirer", "Retirer cette demande")
    await walk.follows("Non, revenir")
    await walk.follows("Effacer toutes vos données")
    await walk.presses("Oui, tout effacer")
    await walk.looks("effacé", "Tout est effacé")
    await walk.opens(follow)
    await expect(walk.page.get_by_role("heading", level=1)).to_have_text("Il n'y a plus rien ici")


async def test_the_other_pages_are_accessible_and_fit(walk: Walk, stage: Stage) -> None:
    for path, heading in (
        ("/formulaires/proposition", "Proposer une idée"),
        ("/formulaires/rappel", "Être rappelé"),
        ("/formulaires/question", "Poser une question"),
        ("/en/formulaires/question", "Ask the team"),
        ("/formulaires/lien-perdu", "Retrouver le lien"),
        ("/formulaires/jamais", "Ce formulaire n'existe pas"),
        ("/suivi/jamais", "Ce lien n'est pas juste"),
    ):
        await walk.opens(path)
        await walk.looks(path.rpartition("/")[2], heading)
    await walk.opens("/formulaires/question")
    stage.clock.passes(minutes=2)
    await walk.page.locator("#text").fill("Où est le guichet ?")
    await walk.page.locator("#contact").fill(FIRM["contact"])
    await walk.presses("Relire avant d'envoyer")
    await walk.looks("question-relire", "Relisez, puis envoyez")
    await walk.presses("Oui, transmettre")
    await walk.looks("question-reçu", "est transmise")
    await walk.opens(await walk.newest_letter("Votre question porte le numéro"))
    await walk.looks("question-suivi", "Vos questions")
    await walk.opens("/formulaires/lien-perdu")
    await walk.presses("Recevoir le lien")
    await walk.looks("lien-faute", "Retrouver le lien")
    await walk.page.locator("#email").fill(FIRM["contact"])
    await walk.presses("Recevoir le lien")
    await walk.looks("lien-parti", "C'est noté")
    await walk.newest_letter("Voici de nouveau le lien")


async def test_by_keyboard_and_without_script_a_call_back_is_asked_for(
    browser: Browser,  # noqa: F811 (a fixture)
    stage: Stage,
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text))
    await page.goto(f"http://127.0.0.1:{stage.running.page_port}/formulaires/rappel")
    stage.clock.passes(minutes=2)
    await page.locator("#contact").focus()
    await page.keyboard.type("06 12 34 56 78")
    # Enter in a field of one line sends the form, as its first button does: nothing is sent yet.
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Relisez, puis envoyez")
    await page.get_by_role("button", name="Oui, rappelez-moi").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=2)).to_have_text("Gardez ce lien")
    await context.close()
    assert [line for line in refused if "Content Security Policy" in line] == []


async def test_the_same_way_with_telegram_in_between(
    walk: Walk, stage: Stage, box: MailBox
) -> None:
    """The firm goes on in Telegram from the public page; the team acts on the page of its e-mail.

    The outcome is said in the chat.
    """
    page, project = walk.page, led(stage, CONTACT)
    await walk.opens(f"/projets/{project.id}.html")
    link = await page.get_by_role(
        "link", name="Signaler votre intérêt dans Telegram"
    ).get_attribute("href")
    assert link is not None
    sme = stage.person()
    await sme.says(f"/start {link.partition('?start=')[2]}")
    sme.sees(project.title)
    await sme.taps("Ça m'intéresse")
    await sme.taps("J'ai compris, commencer")
    await sme.says(FIRM["company"])
    await sme.says(FIRM["name"])
    await sme.taps("Par téléphone")
    await sme.says("06 12 34 56 78")
    for _ in range(3):
        await sme.taps("Passer")
    await sme.taps("Oui, j'accepte et j'envoie")
    await until(lambda: any("/demande/" in each for each in box.texts), stage)
    letter = next(each for each in box.texts if "/demande/" in each)
    found = re.search(r"https://bot\.exemple\.fr(/demande/\S+)", letter)
    assert found is not None
    await walk.opens(found[1])
    for act, sure in (
        ("Prendre en charge", "Oui, prendre en charge"),
        ("Mettre en relation", "Oui, mettre en relation"),
    ):
        await page.get_by_role("link", name=act).click()
        await walk.presses(sure)
        await expect(page.get_by_role("status")).to_contain_text("Un message le dit à l'entreprise")
    await works_days(stage, 9)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    sme.received("Le contact a-t-il eu lieu")
    await sme.taps("Oui, et cela m'a aidé")
    sme.sees("C'est noté")
    await walk.opens(found[1])
    await expect(page.get_by_role("main")).to_contain_text("et cela m'a aidé")
