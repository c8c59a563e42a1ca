"""Rows of the outbox as calls: what goes out, what comes back."""

import ast
from io import BytesIO
from pathlib import Path

import pytest
from dialogue import tune
from preview_fixtures import SME, serving  # noqa: F401 (a fixture)
from storage_fixtures import START
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, NetworkError
from telegram.ext import ExtBot

from bot.outbox.bot_api import ask, call, refuses_token
from bot.outbox.transport import Transport
from bot.preview.methods import METHODS
from bot.preview.server import PREVIEW_TOKEN, PreviewServer
from storage.queues.outbox import Audience, Pending

ROOT = Path(__file__).parent.parent


def bot_of(server: PreviewServer, transport: Transport) -> ExtBot[None]:
    server.messenger.says(server.messenger.sme, "bonjour")
    return ExtBot(
        PREVIEW_TOKEN,
        base_url=f"{server.url}/bot",
        request=transport.request(2),
        get_updates_request=transport.request(1),
    )


def pending(method: str, payload: dict[str, object], filename: str | None = None) -> Pending:
    return Pending(
        id=1,
        lane="p1001",
        audience=Audience.PERSON,
        chat_id=SME,
        update_id=None,
        method=method,
        payload=payload,
        has_attachment=filename is not None,
        filename=filename,
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
        document = pending("sendDocument", {"caption": "Voici"}, "liste.csv")
        sent = await call(bot, document, SME, BytesIO(b"a;b"))
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


@pytest.mark.parametrize("transport", Transport)
async def test_a_method_that_the_server_does_not_know_is_not_the_token_s_fault(
    transport: Transport, server: PreviewServer
) -> None:
    async with bot_of(server, transport) as bot:
        with pytest.raises(EndPointNotFound):
            await ask(bot, "sendUnheardOf", {"chat_id": SME})


@pytest.mark.parametrize(
    ("status", "is_refused"), [(401, True), (404, False)], ids=["token", "method"]
)
async def test_a_call_of_ptb_s_tells_the_token_from_the_method(
    server: PreviewServer, status: int, *, is_refused: bool
) -> None:
    words = {401: "Unauthorized", 404: "Not Found"}[status]
    async with bot_of(server, Transport.AIOHTTP) as bot:
        server.messenger.faults.next("getWebhookInfo", status=status, description=words)
        with pytest.raises(InvalidToken) as caught:
            await bot.get_webhook_info()
    assert refuses_token(caught.value) is is_refused


async def test_method_names_go_out_as_they_are_documented(
    server: PreviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, "bot.preview.bot_endpoint", IN_ANY_CASE={})
    names = [
        node.value
        for house in ("bot", "handlers")
        for path in (ROOT / house).rglob("*.py")
        if "preview" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in METHODS
    ]
    assert {"sendMessage", "editMessageText", "answerCallbackQuery"} <= set(names)
    async with bot_of(server, Transport.AIOHTTP) as bot:
        for name in names:
            # Refused for what they lack, not for what they are.
            with pytest.raises(BadRequest):
                await ask(bot, name, {})


QUOTE = {"message_id": 5, "allow_sending_without_reply": True}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (QUOTE | {"chat_id": SME}, QUOTE),
        (QUOTE | {"chat_id": SME + 1}, None),
        # A row of a former version.
        (QUOTE, QUOTE),
    ],
)
async def test_a_quote_goes_out_in_its_own_chat_only(
    server: PreviewServer, given: dict[str, object], sent: dict[str, object] | None
) -> None:
    async with bot_of(server, Transport.AIOHTTP) as bot:
        await call(bot, pending("sendMessage", {"text": "x", "reply_parameters": given}), SME)
    ((_, values),) = [each for each in server.messenger.calls if each[0] == "sendMessage"]
    assert values.get("reply_parameters") == sent


async def test_a_line_that_is_cut(server: PreviewServer) -> None:
    async with bot_of(server, Transport.AIOHTTP) as bot:
        server.messenger.faults.cut("sendMessage")
        with pytest.raises(NetworkError) as caught:
            await call(bot, pending("sendMessage", {"text": "x"}), SME)
    assert PREVIEW_TOKEN not in str(caught.value)
