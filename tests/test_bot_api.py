"""Rows of the outbox as calls: what goes out, what comes back."""

import pytest
from preview_fixtures import SME, serving  # noqa: F401 (a fixture)
from storage_fixtures import START
from telegram.error import InvalidToken, NetworkError
from telegram.ext import ExtBot

from bot.outbox.bot_api import ask, call
from bot.outbox.transport import Transport
from bot.preview.server import PREVIEW_TOKEN, PreviewServer
from storage.queues.outbox import Audience, Pending


def bot_of(server: PreviewServer, transport: Transport) -> ExtBot[None]:
    server.messenger.says(server.messenger.sme, "bonjour")
    return ExtBot(
        PREVIEW_TOKEN,
        base_url=f"{server.url}/bot",
        request=transport.request(2),
        get_updates_request=transport.request(1),
    )


def pending(method: str, payload: dict[str, object], attachment: bytes | None = None) -> Pending:
    name = "liste.csv" if attachment else None
    return Pending(
        id=1,
        lane="p1001",
        audience=Audience.PERSON,
        chat_id=SME,
        update_id=None,
        method=method,
        payload=payload,
        attachment=attachment,
        filename=name,
        about=None,
        attempts=0,
        created_at=START,
        leaves_trace=False,
    )


@pytest.mark.parametrize("transport", Transport)
async def test_a_message_its_edition_and_a_file(
    transport: Transport, server: PreviewServer
) -> None:
    buttons = {"inline_keyboard": [[{"text": "Oui", "callback_data": "y"}]]}
    async with bot_of(server, transport) as bot:
        said = pending("sendMessage", {"text": "<b>Bonjour</b>", "parse_mode": "HTML"})
        number = await call(bot, said, SME)
        edited = pending(
            "editMessageText", {"text": "Bonsoir", "message_id": number, "reply_markup": buttons}
        )
        assert await call(bot, edited, SME) == number
        # The same again changes nothing, which is no failure.
        assert await call(bot, edited, SME) is None
        sent = await call(bot, pending("sendDocument", {"caption": "Voici"}, b"a;b"), SME)
    _, first, second = server.messenger.messages(SME)
    assert (first["message_id"], first["text"]) == (number, "Bonsoir")
    assert first["reply_markup"] == buttons
    assert (second["message_id"], second["caption"]) == (sent, "Voici")
    assert server.messenger.file(second["document"]["file_id"]) == b"a;b"


async def test_a_token_that_is_not_known_any_more_is_told_as_that(server: PreviewServer) -> None:
    async with bot_of(server, Transport.AIOHTTP) as bot:
        server.messenger.faults.next("sendMessage", status=401, description="Unauthorized")
        with pytest.raises(InvalidToken):
            await ask(bot, "sendMessage", {"chat_id": SME, "text": "x"})


async def test_a_line_that_is_cut(server: PreviewServer) -> None:
    async with bot_of(server, Transport.AIOHTTP) as bot:
        server.messenger.faults.cut("sendMessage")
        with pytest.raises(NetworkError) as caught:
            await call(bot, pending("sendMessage", {"text": "x"}), SME)
    assert PREVIEW_TOKEN not in str(caught.value)
