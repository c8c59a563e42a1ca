"""Whoever asks the preview, and whatever they send, gets an answer that no other site can use."""

import itertools
from collections.abc import AsyncIterator

import httpx
import pytest
from preview_fixtures import bare, begun, connected, serving  # noqa: F401 (fixtures)
from test_json_text import STRANGE

from bot.preview.server import PREVIEW_TOKEN, PreviewServer

PATHS = (
    "/",
    "/static/app.js",
    "/static/missing",
    "/nowhere",
    "/preview/state",
    "/preview/events",
    "/preview/file/x",
    "/preview/attach",
    "/preview/send",
    "/preview/tap",
    "/preview/block",
    "/preview/reset",
    f"/bot{PREVIEW_TOKEN}/getMe",
    f"/bot{PREVIEW_TOKEN}/sendMessage",
    f"/bot{PREVIEW_TOKEN}/unknown",
    "/bot1:no/getMe",
    f"/file/bot{PREVIEW_TOKEN}/files/x",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost.evil.example"},
    {"Referer": "https://evil.example/page"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.fixture(name="browser")
async def a_browser(server: PreviewServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as browser:
        yield browser


async def status_of(
    browser: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> int:
    """Ask; the answer must not be shown within another page, nor be a failure."""
    content = b"{}" if method in {"POST", "PUT", "PATCH"} else None
    async with browser.stream(method, path, headers=headers, content=content) as answer:
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.status_code < 500 or answer.status_code == 501
        return answer.status_code


async def test_no_answer_can_be_framed(browser: httpx.AsyncClient) -> None:
    kinds: tuple[dict[str, str], ...] = (
        {},
        {"Content-Type": "application/json"},
        {"Host": "evil.example"},
        FOREIGN[0],
    )
    for method, path, headers in itertools.product(METHODS, PATHS, kinds):
        await status_of(browser, method, path, headers)


async def test_other_sites_do_nothing_by_any_path_or_method(browser: httpx.AsyncClient) -> None:
    for method, path, headers in itertools.product(METHODS, PATHS, FOREIGN):
        expected = {200} if (path, method) in {("/", "GET"), ("/", "HEAD")} else {403}
        assert await status_of(browser, method, path, headers) in expected, (method, path, headers)


async def test_a_form_of_another_site_attaches_nothing(
    browser: httpx.AsyncClient, server: PreviewServer
) -> None:
    sme = server.messenger.sme.id
    fields = {"member_id": str(sme), "chat_id": str(sme), "kind": "sticker"}
    files = {name: (None, value) for name, value in fields.items()}
    for headers in FOREIGN:
        answer = await browser.post("/preview/attach", files=files, headers=headers)
        assert answer.status_code == 403
    assert server.messenger.messages(sme) == []
    own = {"Origin": server.url, "Referer": f"{server.url}/"}
    assert (await browser.post("/preview/attach", files=files, headers=own)).status_code == 200


@pytest.mark.parametrize("path", [*PATHS[8:12], f"/bot{PREVIEW_TOKEN}/sendMessage"])
@pytest.mark.parametrize("whole", [True, False])
async def test_strange_json_is_refused_in_words(
    browser: httpx.AsyncClient, server: PreviewServer, path: str, *, whole: bool
) -> None:
    sme = server.messenger.sme.id
    for text in [*STRANGE, b"", b"5", b"null", b"[]"]:
        body = text if whole else b'{"text": "x", "member_id": %d, "chat_id": %s}' % (sme, text)
        if not whole and path.endswith("reset") and text in {b"5", b"null", b"[]"}:
            continue
        headers = {"Content-Type": "application/json"}
        answer = await browser.post(path, content=body, headers=headers)
        assert answer.status_code == 400, text
        assert answer.json().get("error") or answer.json().get("description")
    state = await browser.get("/preview/state")
    assert state.status_code == 200
