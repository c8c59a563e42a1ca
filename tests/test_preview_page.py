"""What the chat page asks of the preview."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import bot.preview
from bot.preview.server import PreviewServer, running
from bot.runtime.web_server import AddressTakenError


@pytest.fixture
async def server() -> AsyncIterator[PreviewServer]:
    """A preview that serves."""
    async with running(PreviewServer()) as server:
        yield server


@pytest.fixture
async def page(server: PreviewServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client, as the page is."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        yield client


def test_every_refusal_that_the_page_words_is_one_of_the_server() -> None:
    folder = Path(bot.preview.__file__).parent
    words = (folder / "page" / "fr.js").read_text("utf-8")
    table = words[words.index("const REFUSALS") : words.index("};")]
    reasons = re.findall(r'^  "?([^":]+)"?: "', table, re.MULTILINE)
    server = "".join(each.read_text("utf-8") for each in folder.glob("*.py"))
    assert reasons
    assert [each for each in reasons if f'"{each}"' not in server] == []


async def test_the_page_and_its_parts_are_served(page: httpx.AsyncClient) -> None:
    index = await page.get("/")
    assert index.status_code == 200
    assert 'lang="fr"' in index.text
    for part in ("chat.css", "app.js", "fr.js"):
        assert (await page.get(f"/static/{part}")).status_code == 200
    assert (await page.get("/static/../server.py")).status_code == 404


async def test_the_state_holds_every_conversation(page: httpx.AsyncClient) -> None:
    state = (await page.get("/preview/state")).json()
    keys = [character["key"] for character in state["characters"]]
    groups = ["administrateurs", "facilitateurs"]
    assert keys == ["pme", "pme2", *groups, "administrateur1", "administrateur2"]
    assert len(state["characters"][2]["members"]) == 2


async def test_saying_tapping_attaching_blocking(
    page: httpx.AsyncClient, server: PreviewServer
) -> None:
    sent = await page.post("/preview/send", json={"chat_id": 1001, "member_id": 1001, "text": "a"})
    assert sent.json()["message"]["text"] == "a"
    markup = {"inline_keyboard": [[{"text": "Oui", "callback_data": "oui"}]]}
    message = server.messenger.posts(1001, {"text": "?", "reply_markup": markup})
    tap = {"chat_id": 1001, "member_id": 1001, "message_id": message["message_id"], "data": "oui"}
    assert (await page.post("/preview/tap", json=tap)).json()["callback_query_id"]
    refused = await page.post("/preview/tap", json=tap | {"data": "non"})
    assert (refused.status_code, "error" in refused.json()) == (400, True)
    form = {"chat_id": "1001", "member_id": "1001", "kind": "document"}
    attached = await page.post("/preview/attach", data=form, files={"file": ("a.yaml", b"x: 1")})
    document = attached.json()["message"]["document"]
    assert document["file_name"] == "a.yaml"
    fetched = await page.get(f"/preview/file/{document['file_id']}")
    assert fetched.content == b"x: 1"
    assert "a.yaml" in fetched.headers["content-disposition"]
    blocked = await page.post("/preview/block", json={"user_id": 1001, "blocked": True})
    assert blocked.json()["blocked"] == [1001]
    await page.post("/preview/reset", json={})
    assert server.messenger.messages(1001) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/preview/send", {"chat_id": 1001}),
        ("/preview/send", {"chat_id": 1001, "member_id": 9, "text": "x"}),
        ("/preview/send", []),
        ("/preview/send", {"chat_id": 1001, "member_id": 1001, "text": " "}),
        ("/preview/send", {"chat_id": 1001, "member_id": 1001, "text": "x" * 4097}),
        ("/preview/send", {"chat_id": -2001, "member_id": 1001, "text": "x"}),
        ("/preview/tap", {"chat_id": 1001, "member_id": 1001, "message_id": 3, "data": "x"}),
    ],
)
async def test_wrong_calls_are_told(page: httpx.AsyncClient, path: str, body: object) -> None:
    assert (await page.post(path, json=body)).status_code == 400


async def test_no_other_site_can_drive_it(page: httpx.AsyncClient, server: PreviewServer) -> None:
    form = await page.post("/preview/reset", data={"x": "1"})
    assert form.status_code == 415
    assert (await page.post("/preview/attach", data={"chat_id": "x"})).status_code == 415
    foreign = await page.get("/preview/state", headers={"host": "evil.example"})
    assert foreign.status_code == 400
    assert (await page.get("/preview/file/none")).status_code == 404
    bad = await page.post("/preview/attach", data={"chat_id": "x"}, files={"file": b"x"})
    assert bad.status_code == 400
    assert server.messenger.seq == 0


async def test_events_are_streamed_from_where_one_left(
    page: httpx.AsyncClient, server: PreviewServer
) -> None:
    server.messenger.says(server.messenger.sme, "un")
    server.messenger.says(server.messenger.sme, "deux")
    async with page.stream("GET", "/preview/events", headers={"last-event-id": "1"}) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                event = json.loads(line.removeprefix("data:"))
                break
    assert (event["seq"], event["kind"], event["message"]["text"]) == (2, "message", "deux")


async def test_a_taken_port_is_said(server: PreviewServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(AddressTakenError) as taken:
        await PreviewServer(port=port).start()
    assert taken.value.port == port


async def test_what_never_started_can_be_stopped_and_then_started() -> None:
    server = PreviewServer()
    await server.stop()
    await server.start()
    assert server.url.startswith("http://127.0.0.1:")
    await server.stop()
