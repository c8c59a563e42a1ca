"""A preview that serves, and two clients on it: PTB's own, and a bare one."""

from collections.abc import AsyncIterator

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.preview.messenger import Messenger
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running

SME = 1001


@pytest.fixture(name="server")
async def serving() -> AsyncIterator[PreviewServer]:
    async with running(PreviewServer()) as server:
        yield server


@pytest.fixture(name="messenger")
def begun(server: PreviewServer) -> Messenger:
    """The server's messenger, where one person has written and the bot has read it."""
    server.messenger.says(server.messenger.sme, "bonjour")
    server.messenger.updates.queue.clear()
    return server.messenger


@pytest.fixture(name="client")
async def connected(server: PreviewServer) -> AsyncIterator[Bot]:
    """PTB's client."""
    async with Bot(
        PREVIEW_TOKEN, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot"
    ) as bot:
        yield bot


@pytest.fixture(name="raw")
async def bare(server: PreviewServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{server.url}/bot{PREVIEW_TOKEN}", timeout=10) as client:
        yield client


def keyboard(data: str = "x") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Oui", callback_data=data)]])


async def refusal(raw: httpx.AsyncClient, method: str, **values: object) -> str:
    """Return why a call is refused; what broke the server counts as no refusal."""
    answer = await raw.post(f"/{method}", json=values)
    body = answer.json()
    assert body["ok"] is False, body
    assert body["error_code"] == answer.status_code
    return str(body["description"])
