"""The public pages as they are served: from memory, with tags, packed, and never out of date."""

import asyncio
import gzip
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import pytest_asyncio
from dialogue import TIMEOUT_SECONDS, tune
from test_mail_dispatcher import given, mailing
from test_metrics import Growth
from website_fixtures import FACTS, TODAY, every_kind

from bot.pages.app import pages_app
from bot.pages.public import PublicPages
from bot.preview.server import PreviewServer
from bot.runtime import front_process
from knowledge.knowledge import Knowledge
from knowledge.projects import Census
from knowledge.territories.town_list import TownList
from website.rendering import STYLE_VERSION
from website.site import File, Site

ADDRESS = "https://projets.exemple.fr"


class Services:
    """What the pages read of a bot's services."""

    def __init__(self) -> None:
        self.knowledge = every_kind()
        self.bot_username = "essai_bot"
        self.day = TODAY
        self.town_list = TownList()

    def today(self) -> Any:
        return self.day


@pytest.fixture
def services() -> Services:
    return Services()


@pytest_asyncio.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    def facts() -> Any:
        return replace(FACTS, is_served=True, bot_username=services.bot_username)

    pages = PublicPages(services, facts)  # type: ignore[arg-type]  # what it reads of them
    transport = httpx.ASGITransport(pages)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client


async def test_every_file_is_served_as_what_it_is(client: httpx.AsyncClient) -> None:
    for path, media in (
        ("/", "text/html; charset=utf-8"),
        ("/en/", "text/html; charset=utf-8"),
        ("/projets/fictif-solvants-berre.html", "text/html; charset=utf-8"),
        ("/style.css?v=1", "text/css; charset=utf-8"),
        ("/projets.atom", "application/atom+xml"),
        ("/projets.json", "application/json"),
        ("/projets.csv", "text/csv; charset=utf-8; header=present"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/sitemap.xml", "application/xml"),
    ):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), path
        is_data = "application/" in media or "csv" in media
        assert (answer.headers.get("access-control-allow-origin") == "*") == is_data


async def test_every_answer_is_guarded(client: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("GET", "/", 200),
        ("GET", "/nulle-part", 404),
        ("GET", "/projets", 301),
        ("POST", "/", 405),
        ("DELETE", "/projets.html", 405),
    ):
        answer = await client.request(method, path)
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"].split("; ")
        assert policy == [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self' data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in answer.headers


async def test_what_a_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/projets.html", headers={"accept-encoding": "identity"})
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=300"
    for known in (tag, f"W/{tag}", f'"autre", {tag}', "*"):
        headers = {"if-none-match": known, "accept-encoding": "identity"}
        again = await client.get("/projets.html", headers=headers)
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["etag"] == tag
    other = await client.get("/projets.html", headers={"if-none-match": '"autre"'})
    assert other.status_code == 200
    missing = await client.get("/nulle-part", headers={"if-none-match": "*"})
    assert missing.status_code == 404


async def test_answers_are_packed_for_who_understands_it(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/projets.html") as packed:
        raw = b"".join([part async for part in packed.aiter_raw()])
    plain = await client.get("/projets.html", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    refused = await client.get("/projets.html", headers={"accept-encoding": "gzip;q=0, br"})
    assert "content-encoding" not in refused.headers


async def test_a_head_is_a_get_without_its_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/index.html"), await client.head("/index.html")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers


async def test_a_publication_is_seen_at_once(client: httpx.AsyncClient, services: Services) -> None:
    path = "/projets/fictif-solvants-berre.html"
    assert "idée" in (await client.get(path)).text
    former = services.knowledge
    changed = tuple(
        replace(each, summary="Tout a changé.") if each.id == "fictif-solvants-berre" else each
        for each in former.projects
    )
    services.knowledge = replace(former, projects=changed, census=Census(changed))
    answer = await client.get(path)
    assert "Tout a changé." in answer.text
    left = tuple(each for each in changed if each.id != "fictif-solvants-berre")
    services.knowledge = replace(former, projects=left, census=Census(left))
    answer = await client.get(path)
    assert (answer.status_code, "ne figure plus" in answer.text) == (404, True)


async def test_a_new_day_ends_what_it_ends(client: httpx.AsyncClient, services: Services) -> None:
    path = "/projets/fictif-usinage-aero-istres.html"
    assert "Signaler votre intérêt dans Telegram" in (await client.get(path)).text
    services.day += timedelta(days=60)
    assert "date limite de ce projet est passée" in (await client.get(path)).text


async def test_the_name_of_the_bot_is_known_a_moment_later(
    client: httpx.AsyncClient, services: Services
) -> None:
    services.bot_username = ""
    assert "t.me" not in (await client.get("/")).text
    services.bot_username = "essai_bot"
    assert "https://t.me/essai_bot" in (await client.get("/")).text


CODE = ("P6981", "p6981/", "P6981.html", "P%206981", "Projet 6981")


async def test_addresses_typed_by_hand_lead_on(client: httpx.AsyncClient) -> None:
    for typed, to in (
        ("/projets", "/projets.html"),
        ("/Reponses", "/reponses.html"),
        ("/en", "/en/"),
        ("/EN/", "/en/"),
        ("/Index.html", "/index.html"),
        ("/projets/", "/projets.html"),
        ("/en/reponses/", "/en/reponses.html"),
        ("/Projets.html", "/projets.html"),
        ("/PROJETS/Fictif-Solvants-Berre.HTML", "/projets/fictif-solvants-berre.html"),
        *((f"/{typed}", "/projets/fictif-solvants-berre.html") for typed in CODE),
    ):
        answer = await client.get(typed)
        assert (answer.status_code, answer.headers["location"]) == (301, to)


@pytest.mark.parametrize("typed", ["/P9999", "/p9999.html", "/en/P9999", "/projets/en-attente"])
async def test_a_code_or_address_of_no_project_says_so(
    client: httpx.AsyncClient, typed: str
) -> None:
    answer = await client.get(typed)
    assert answer.status_code == 404
    assert ("ne figure plus au recensement" in answer.text) != ("no longer in" in answer.text)


async def test_filters_are_read_from_the_address(client: httpx.AsyncClient) -> None:
    answer = await client.get("/projets.html?territoire=fos-sur-mer&chef=cherche")
    assert "fictif-conteneurs-fos" in answer.text
    assert "fictif-hydrogene-martigues" not in answer.text
    forged = await client.get("/projets.html", params={"territoire": '"><script>', "etape": "\x00"})
    assert (forged.status_code, "<script>" in forged.text) == (200, False)
    assert "laissé de côté" in forged.text


async def test_what_nobody_made_is_kept_in_no_memory(
    client: httpx.AsyncClient, services: Services
) -> None:
    pages = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 - the application itself
    for number in range(400):
        assert (await client.get(f"/projets/rien-{number}.html")).status_code == 404
        await client.get(f"/projets.html?territoire=rien-{number}&page={number}")
        await client.get(f"/%00{number}/../\u00e9?x={number}")
    edition = pages._edition  # noqa: SLF001 - what it keeps
    assert len(edition.others) < 20
    assert edition.answers == edition.ready == {}


GIVEN: list[dict[str, str]] = [
    {},
    {"accept-encoding": "gzip, deflate, br"},
    {"accept-encoding": "gzip;q=0"},
    {"if-none-match": "*"},
    {"if-none-match": '"autre"', "accept-encoding": "gzip"},
]


def over_the_wire(answer: httpx.Response, raw: bytes) -> bytes:
    """What an answer is in HTTP/1.1."""
    lines = [b"HTTP/1.1 %d %s" % (answer.status_code, answer.reason_phrase.encode())]
    lines += [name + b": " + value for name, value in answer.headers.raw]
    return b"\r\n".join([*lines, b"", raw])


async def test_what_is_ready_is_the_same_answer(
    client: httpx.AsyncClient, services: Services
) -> None:
    pages = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 - the application itself
    version = f"/style.css?v={STYLE_VERSION}"
    for target in ("/", "/projets.html", "/en/", "/projets.csv", "/robots.txt", version):
        assert pages.at_once(target.encode(), {}) is None
        for given_ in GIVEN:
            headers = {"accept-encoding": "identity", **given_}
            async with client.stream("GET", target, headers=headers) as answer:
                raw = b"".join([part async for part in answer.aiter_raw()])
            known = {name.encode(): value.encode() for name, value in headers.items()}
            assert pages.at_once(target.encode(), known) == over_the_wire(answer, raw)
    for target in ("/nulle-part", "/projets", "/projets.html?territoire=istres", "//projets.html"):
        await client.get(target)
        assert pages.at_once(target.encode(), {}) is None


@pytest.mark.parametrize("what", ["knowledge", "day", "name", "towns"])
async def test_nothing_is_ready_any_more_after_a_change(
    client: httpx.AsyncClient, services: Services, what: str
) -> None:
    pages = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 - the application itself
    await client.get("/")
    assert pages.at_once(b"/", {}) is not None
    if what == "knowledge":
        services.knowledge = replace(services.knowledge)
    elif what == "day":
        services.day += timedelta(days=1)
    elif what == "towns":
        services.town_list = TownList()
    else:
        services.bot_username = "autre_bot"
    assert pages.at_once(b"/", {}) is None
    await client.get("/")
    assert pages.at_once(b"/", {}) is not None


async def test_a_page_is_made_beside_the_event_loop_and_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    whole = Site.file

    def file(self: Site, path: str) -> File | None:
        made.append(threading.get_ident())
        return whole(self, path)

    monkeypatch.setattr(Site, "file", file)
    answers = await asyncio.gather(*(client.get("/projets.html") for _ in range(20)))
    assert {each.status_code for each in answers} == {200}
    assert len(made) == 1
    assert made[0] != threading.get_ident()


async def test_a_page_that_cannot_be_made_says_so(
    client: httpx.AsyncClient,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(services, "today", lambda: 1 / 0)
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
    assert "ZeroDivisionError" in caplog.text


async def test_the_bot_serves_them_beside_the_pages_of_requests(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    async with mailing(shipped, tmp_path, blank_file, **given(1, listen_port=0)) as stage:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stage.running.page_port}") as bot:
            home = await bot.get("/")
            request = await bot.get("/demande/faux")
        username = stage.running.parts.services.bot_username
    assert f"https://t.me/{username}?start=h_w" in home.text
    assert "https://bot.exemple.fr/" in home.text
    assert (request.status_code, request.headers["cache-control"]) == (404, "no-store")


async def test_the_front_serves_what_is_made_and_what_is_published(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, front_process, TELL_EVERY_SECONDS=0.02)
    settings = given(1, listen_port=0, front_process=True)
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        growth = Growth()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stage.running.page_port}") as bot:

            async def serves(text: str) -> None:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    while True:
                        answer = await bot.get("/")
                        # The bot sends whoever reads back to its front.
                        if "connection" not in answer.headers and text in answer.text:
                            return
                        await asyncio.sleep(0.01)

            await serves("<h1")
            served = growth("page_requests_total", status="2xx")
            renamed = replace(shipped.initiative, name="Une autre initiative")
            stage.running.parts.services.knowledge = replace(shipped, initiative=renamed)
            await serves(renamed.name)
            assert (await bot.get("/demande/faux")).status_code == 404
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while growth("page_requests_total", status="2xx") <= served:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


async def test_requests_are_counted_by_class_of_status(services: Services) -> None:
    pages = PublicPages(services, lambda: FACTS)  # type: ignore[arg-type]  # as above
    app = pages_app(Mock(), Mock(), Mock(), Mock(), pages)
    growth = Growth()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS) as client:
        assert app.at_once(b"/projets.html", {}) is None
        tag = (await client.get("/projets.html")).headers["etag"]
        await client.get("/projets.html", headers={"if-none-match": tag})
        await client.get("/projets/jamais.html")
        await client.post("/projets.html")
    for known in ({}, {}, {b"if-none-match": b"*"}):
        assert app.at_once(b"/projets.html", known)
    classes = ("1xx", "2xx", "3xx", "4xx", "5xx")
    counted = [growth("page_requests_total", status=each) for each in classes]
    assert counted == [0, 3, 2, 2, 0]


async def test_the_preview_has_them_in_a_folder(services: Services) -> None:
    server = PreviewServer()
    address = "http://127.0.0.1"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(server.app()), base_url=address
    ) as preview:
        assert (await preview.get("/site/")).status_code == 404
        server.pages = PublicPages(services, lambda: FACTS)  # type: ignore[arg-type]  # as above
        assert 'href="projets.html"' in (await preview.get("/site/")).text
        gone = await preview.get("/site/projets/jamais.html")
        assert (gone.status_code, 'href="/site/projets.html"' in gone.text) == (404, True)
        assert (await preview.get("/site/projets")).headers["location"] == "/site/projets.html"
