"""The server itself: a real bot on it, outages, who may ask, the stream of events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from preview_fixtures import SME, bare, begun, connected, keyboard, serving  # noqa: F401 (fixtures)
from telegram import Bot, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

from bot.preview.messenger import Messenger
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running

Context = ContextTypes.DEFAULT_TYPE


async def until(messenger: Messenger, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await messenger.changed_or(0.05)


async def echo(update: Update, _: Context) -> None:
    assert update.message
    await update.message.reply_text(f"<b>{update.message.text}</b>", reply_markup=keyboard("oui"))


async def tapped(update: Update, _: Context) -> None:
    assert update.callback_query
    await update.callback_query.answer("Reçu", show_alert=True)
    await update.callback_query.edit_message_text("fini")


@pytest.fixture
async def echoing(server: PreviewServer) -> AsyncIterator[Messenger]:
    """A bot made with python-telegram-bot alone, as its documentation shows."""
    builder = Application.builder().token(PREVIEW_TOKEN).base_url(f"{server.url}/bot")
    application = builder.base_file_url(f"{server.url}/file/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_handler(CallbackQueryHandler(tapped))
    async with application:
        await application.start()
        assert application.updater
        await application.updater.start_polling()
        yield server.messenger
        await application.updater.stop()
        await application.stop()


async def test_a_bot_of_python_telegram_bot_runs_unchanged(echoing: Messenger) -> None:
    messenger = echoing
    messenger.says(messenger.sme, "bonjour")
    await until(messenger, lambda: len(messenger.messages(SME)) == 2)
    answer = messenger.messages(SME)[-1]
    assert answer["text"] == "<b>bonjour</b>"
    query = messenger.taps(messenger.sme, SME, answer["message_id"], "oui")
    await until(messenger, lambda: messenger.messages(SME)[-1]["text"] == "fini")
    assert messenger.answers[query] == {"text": "Reçu", "show_alert": True}
    assert {"getMe", "deleteWebhook", "getUpdates"} <= {name for name, _ in messenger.calls}


async def test_a_bot_survives_an_outage(echoing: Messenger, server: PreviewServer) -> None:
    await server.stop()
    echoing.says(echoing.sme, "êtes-vous là ?")
    await server.start()
    await until(echoing, lambda: len(echoing.messages(SME)) == 2)
    assert "êtes-vous là ?" in echoing.messages(SME)[-1]["text"]


async def test_answers_are_not_held_back(raw: httpx.AsyncClient, server: PreviewServer) -> None:
    """Nagle's algorithm and delayed acknowledgements would cost 40 ms a call."""
    await raw.get("/getMe")
    started = asyncio.get_running_loop().time()
    for _ in range(50):
        await raw.get("/getMe")
    assert asyncio.get_running_loop().time() - started < 50 * 0.04


@pytest.mark.parametrize(
    "path", [f"/bot{PREVIEW_TOKEN}/getMe", "/preview/state", "/preview/file/x"]
)
@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "evil.example"}, 400), ({"Sec-Fetch-Site": "cross-site"}, 403)],
)
async def test_other_sites_are_kept_out(
    server: PreviewServer, path: str, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient(base_url=server.url) as browser:
        assert (await browser.get(path, headers=headers)).status_code == status
        own = await browser.get(path, headers={"Sec-Fetch-Site": "same-origin"})
        assert own.status_code in {200, 404}


async def test_a_link_from_elsewhere_opens_the_page(server: PreviewServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as browser:
        page = await browser.get("/?start=p_3", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200


class Stream:
    """The page's view of what happens."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            async for line in self._lines:
                if line.startswith("data:"):
                    event: dict[str, Any] = json.loads(line.removeprefix("data:"))
                    return event
        raise EOFError


@pytest.mark.parametrize("after", ["9" * 5000, "-1", "x", "\u0661", "1e9"])
async def test_any_number_of_an_event_begins_the_stream(server: PreviewServer, after: str) -> None:
    async with (
        httpx.AsyncClient(base_url=server.url) as browser,
        browser.stream("GET", "/preview/events", params={"after": after}) as response,
    ):
        assert response.status_code == 200
        assert await anext(response.aiter_lines()) == ": hello"


async def test_the_page_hears_all_that_happens(
    server: PreviewServer, client: Bot, messenger: Messenger
) -> None:
    after = messenger.seq
    async with (
        httpx.AsyncClient(base_url=server.url) as browser,
        browser.stream("GET", f"/preview/events?after={after}") as response,
    ):
        stream = Stream(response.aiter_lines())
        await client.send_chat_action(SME, "typing")
        sent = await client.send_message(SME, "?", reply_markup=keyboard("oui"))
        query = messenger.taps(messenger.sme, SME, sent.message_id, "oui")
        await client.answer_callback_query(query, "Merci")
        await client.edit_message_text("!", SME, sent.message_id)
        await client.delete_message(SME, sent.message_id)
        await client.set_my_commands([("aide", "Aide")])
        await client.set_my_description("Un assistant")
        messenger.blocks(messenger.sme)
        events = [await stream.next() for _ in range(8)]
    assert [event["seq"] for event in events] == list(range(after + 1, after + 9))
    assert [event["kind"] for event in events] == [
        "typing",
        "message",
        "toast",
        "edited",
        "deleted",
        "commands",
        "bot",
        "blocked",
    ]
    assert {event["chat_id"] for event in events[:5]} == {SME}
    assert events[1]["message"]["text"] == "?"
    assert (events[2]["callback_query_id"], events[2]["user_id"]) == (query, SME)
    assert (events[2]["text"], events[2]["show_alert"]) == ("Merci", False)
    assert events[4]["message_id"] == sent.message_id
    assert events[5]["menus"]["1001"]["1001"] == [{"command": "aide", "description": "Aide"}]
    assert events[6]["bot"]["description"] == "Un assistant"
    assert events[7]["blocked"] == [SME]


async def test_a_page_of_another_server_reads_the_state_anew(
    server: PreviewServer, messenger: Messenger
) -> None:
    async with (
        httpx.AsyncClient(base_url=server.url) as browser,
        browser.stream("GET", "/preview/events?after=9000") as response,
    ):
        event = await Stream(response.aiter_lines()).next()
    assert (event["kind"], event["seq"]) == ("bot", messenger.seq)


async def test_stopping_ends_the_streams_at_once() -> None:
    async with (
        running(PreviewServer()) as server,
        httpx.AsyncClient(base_url=server.url) as browser,
        browser.stream("GET", "/preview/events") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == ": hello"
        await asyncio.wait_for(server.stop(), 5)
        async with asyncio.timeout(5):
            rest = [line async for line in lines]
    assert "message" not in "".join(rest)
