"""The webhook, in front of a real receiver on loopback."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from preview_fixtures import SME, bare, begun, connected, refusal, serving  # noqa: F401 (fixtures)
from telegram import Bot

from bot.preview.messenger import Messenger
from bot.preview.server import PreviewServer

WORD = "a-b_1"


class Receiver:
    """A small HTTP server: keeps what is posted, answers the statuses and bodies it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.posts: asyncio.Queue[tuple[dict[str, str], dict[str, Any]]] = asyncio.Queue()
        self.statuses: deque[int] = deque()
        # Each with its content type.
        self.bodies: deque[tuple[str, bytes]] = deque()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        update = json.loads(await reader.readexactly(int(headers["content-length"])))
        status = self.statuses.popleft() if self.statuses else 200
        kind, body = self.bodies.popleft() if self.bodies else ("text/plain", b"")
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        self.posts.put_nowait((headers, update))

    async def text(self) -> str:
        _, update = await asyncio.wait_for(self.posts.get(), 5)
        return str(update["message"]["text"])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with await asyncio.start_server(receiver.take, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield receiver


async def test_updates_are_posted_in_order_with_the_secret(
    client: Bot, messenger: Messenger, receiver: Receiver
) -> None:
    messenger.says(messenger.sme, "avant")
    await client.set_webhook(receiver.url, secret_token=WORD)
    messenger.says(messenger.sme, "après")
    headers, first = await asyncio.wait_for(receiver.posts.get(), 5)
    assert headers["x-telegram-bot-api-secret-token"] == WORD
    assert first["message"]["text"] == "avant"
    assert await receiver.text() == "après"


async def test_what_is_not_taken_is_posted_again(
    client: Bot, messenger: Messenger, receiver: Receiver
) -> None:
    messenger.webhook.first_pause = 0.01
    receiver.statuses.extend([500, 503])
    await client.set_webhook(receiver.url)
    messenger.says(messenger.sme, "un")
    messenger.says(messenger.sme, "deux")
    assert [await receiver.text() for _ in range(4)] == ["un", "un", "un", "deux"]
    while messenger.pending_updates():
        await messenger.changed_or(0.01)
    info = await client.get_webhook_info()
    assert info.url == receiver.url
    assert info.last_error_message == "Wrong response from the webhook: 503 X"
    assert info.last_error_date


async def test_a_receiver_that_is_not_there_is_told(client: Bot, messenger: Messenger) -> None:
    await client.set_webhook("http://127.0.0.1:9/")
    messenger.says(messenger.sme, "un")
    info = await client.get_webhook_info()
    while not info.last_error_message:
        info = await client.get_webhook_info()
    assert "Connection failed" in info.last_error_message
    assert info.pending_update_count == 1


async def test_what_waits_can_be_dropped_and_kinds_chosen(
    client: Bot, messenger: Messenger, receiver: Receiver
) -> None:
    messenger.says(messenger.sme, "ancien")
    await client.set_webhook(receiver.url, drop_pending_updates=True, allowed_updates=["message"])
    messenger.blocks(messenger.sme)
    messenger.says(messenger.sme, "neuf")
    assert await receiver.text() == "neuf"
    await client.delete_webhook()
    assert (await client.get_webhook_info()).url == ""
    messenger.says(messenger.sme, "à chercher")
    assert [u.message.text for u in await client.get_updates() if u.message] == ["à chercher"]


async def test_the_webhook_survives_an_outage(
    client: Bot, server: PreviewServer, messenger: Messenger, receiver: Receiver
) -> None:
    await client.set_webhook(receiver.url)
    await server.stop()
    messenger.says(messenger.sme, "pendant")
    await server.start()
    assert await receiver.text() == "pendant"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"url": "ftp://x"}, "invalid webhook URL"),
        ({"url": "http://x.fr", "secret_token": "é"}, "unallowed characters"),
        ({"url": "http://x.fr", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
async def test_bad_webhooks_are_refused(
    raw: httpx.AsyncClient, values: dict[str, str], reason: str
) -> None:
    assert reason in await refusal(raw, "setWebhook", **values)


async def test_what_was_done_is_said(raw: httpx.AsyncClient, receiver: Receiver) -> None:
    async def said(method: str, **values: object) -> str:
        return str((await raw.post(f"/{method}", json=values)).json()["description"])

    assert await said("setWebhook", url=receiver.url) == "Webhook was set"
    assert await said("setWebhook", url=receiver.url) == "Webhook is already set"
    assert await said("setWebhook", url=receiver.url, max_connections=900) == "Webhook was set"
    assert (await raw.get("/getWebhookInfo")).json()["result"]["max_connections"] == 100
    assert await said("setWebhook") == "Webhook was deleted"
    assert await said("deleteWebhook") == "Webhook is already deleted"


async def test_a_bad_address_leaves_no_webhook(raw: httpx.AsyncClient, receiver: Receiver) -> None:
    await raw.post("/setWebhook", json={"url": receiver.url})
    assert "invalid webhook URL" in await refusal(raw, "setWebhook", url="ftp://x")
    assert (await raw.get("/getWebhookInfo")).json()["result"]["url"] == ""


JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def part(name: str, value: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


async def emptied(messenger: Messenger) -> None:
    async with asyncio.timeout(5):
        while messenger.pending_updates():
            await messenger.changed_or(0.01)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, f'{{"method": "sendMessage", "chat_id": {SME}, "text": "dit"}}'),
        (
            f"{JSON}; charset=utf-8",
            f'{{"method": "SENDMESSAGE", "chat_id": "{SME}", "text": "dit"}}',
        ),
        (FORM, f"method=sendMessage&chat_id={SME}&text=dit"),
        (
            MULTIPART,
            part("method", "sendDocument")
            + part("chat_id", str(SME))
            + part("caption", "dit")
            + part("document", "x", '; filename="a.txt"')
            + "--b--\r\n",
        ),
    ],
)
async def test_a_method_in_the_answer_is_carried_out(
    client: Bot, messenger: Messenger, receiver: Receiver, kind: str, body: str
) -> None:
    receiver.bodies.append((kind, body.encode()))
    await client.set_webhook(receiver.url)
    messenger.says(messenger.sme, "un")
    await emptied(messenger)
    said = messenger.messages(SME)[-1]
    assert said["from"]["is_bot"]
    assert said.get("text", said.get("caption")) == "dit"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, '{"method": "deleteWebhook"}'),
        (JSON, '{"method": "SetWebhook", "url": ""}'),
        (JSON, '{"method": "getUpdates"}'),
        (JSON, '{"method": "sendMessage", "text": "dit"}'),
        (JSON, '{"method": "unknown"}'),
        (JSON, '{"method": 5}'),
        (JSON, "{"),
        (JSON, "[]"),
        ("text/plain", f"method=sendMessage&chat_id={SME}&text=dit"),
        (MULTIPART, "x"),
    ],
)
async def test_what_the_answer_may_not_do_is_not_done_and_the_update_is_taken(
    client: Bot, messenger: Messenger, receiver: Receiver, kind: str, body: str
) -> None:
    receiver.bodies.append((kind, body.encode()))
    await client.set_webhook(receiver.url)
    messenger.says(messenger.sme, "un")
    await emptied(messenger)
    messenger.says(messenger.sme, "deux")
    assert [await receiver.text() for _ in range(2)] == ["un", "deux"]
    assert not any(each["from"]["is_bot"] for each in messenger.messages(SME))
    assert (await client.get_webhook_info()).url == receiver.url
