"""The e-mails of a preview: shown on its page, with links to the pages that it serves."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from dialogue import Clock
from storage_fixtures import new_interest
from test_mail_dispatcher import until

from bot.preview.server import PreviewServer, running
from bot.preview_mode import for_preview, with_letters
from bot.service import Service
from bot.settings import Settings
from handlers.core.posting import Posting
from handlers.requests.team_mail import declared
from knowledge.knowledge import Knowledge


@pytest.fixture
async def server() -> AsyncIterator[PreviewServer]:
    async with running(PreviewServer()) as server:
        yield server


@pytest.fixture
async def service(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, server: PreviewServer
) -> AsyncIterator[Service]:
    shutil.copy(blank_file, tmp_path / "bot.db")
    base = Settings.read(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        # A mail server of its own is left alone in a preview.
        smtp_host="127.0.0.1",
        smtp_port=1,
        mail_from="bot@exemple.fr",
        admin_emails="claire@exemple.fr",
    )
    settings = with_letters(for_preview(base, server), server)
    service = Service(settings, shipped, clock=Clock(), preview=server)
    await service.start()
    yield service
    await service.stop()


async def test_a_letter_leads_to_the_page_of_the_request(
    service: Service, server: PreviewServer
) -> None:
    parts = service.parts
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert "Aucun e-mail encore" in (await client.get("/courrier")).text
        async with parts.database.begin() as work:
            person = await work.people.seen(5)
            new = new_interest(company="<b>Delta</b>")
            interest = (await work.interests.register(person.id, new)).interest
            declared(Posting(parts.services, work), interest)
        dispatcher = parts.mail_dispatcher
        assert dispatcher is not None
        dispatcher.wake()
        await until(lambda: len(server.letters.taken) == 1)
        shown = (await client.get("/courrier")).text
        assert "&lt;b&gt;Delta&lt;/b&gt;" in shown
        assert "claire@exemple.fr" not in shown
        (link,) = re.findall(r'href="([^"]+)"', shown)
        page = await client.get(link)
        assert (page.status_code, interest.number in page.text) == (200, True)
        # A browser that hides the address of a page names no site when it sends a form.
        await client.get(f"{link}/take")
        form = re.search(r'name="form" value="([^"]+)"', (await client.get(f"{link}/take")).text)
        assert form
        headers = {"Origin": "null"}
        sent = await client.post(f"{link}/take", data={"form": form[1]}, headers=headers)
        assert sent.status_code == 303
