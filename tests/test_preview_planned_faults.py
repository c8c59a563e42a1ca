"""Failures on demand, as a client meets them."""

import asyncio

import httpx
import pytest
from dialogue import inside
from preview_fixtures import SME, bare, begun, connected, serving  # noqa: F401 (fixtures)
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.preview.api_limits import ApiLimits
from bot.preview.messenger import Messenger
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running

HELLO = {"chat_id": SME, "text": "x"}


def texts(messenger: Messenger) -> list[str]:
    return [m["text"] for m in messenger.messages(SME) if m["from"]["is_bot"]]


async def test_a_refusal_comes_as_often_as_asked(client: Bot, messenger: Messenger) -> None:
    messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 7}, times=2)
    messenger.faults.next("sendMessage", status=400, description="Bad Request: no")
    for _ in range(2):
        with pytest.raises(RetryAfter):
            await client.send_message(SME, "x")
    with pytest.raises(BadRequest, match="No"):
        await client.send_message(SME, "x")
    await client.send_message(SME, "enfin")
    assert texts(messenger) == ["enfin"]


async def test_a_wait_is_said_in_the_body_and_in_a_header(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 7})
    answer = await raw.post("/sendMessage", json=HELLO)
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["description"] == "Too Many Requests: retry after 7"
    assert "retry-after" not in (await raw.post("/sendMessage", json=HELLO)).headers


async def test_only_the_method_named_fails(client: Bot, messenger: Messenger) -> None:
    messenger.faults.next("sendMessage", status=502)
    assert await client.get_me()
    with pytest.raises(NetworkError):
        await client.send_message(SME, "x")


async def test_a_cut_connection_gives_no_answer_and_does_nothing(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    messenger.faults.cut("sendMessage")
    with pytest.raises(httpx.TransportError):
        await raw.post("/sendMessage", json=HELLO)
    assert texts(messenger) == []
    assert (await raw.post("/sendMessage", json=HELLO)).json()["ok"]


async def test_a_lost_answer_leaves_the_call_carried_out(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    messenger.faults.lost("sendMessage")
    with pytest.raises(httpx.RemoteProtocolError):
        await raw.post("/sendMessage", data=HELLO)
    assert texts(messenger) == ["x"]


async def test_a_cut_upload_is_cut_too(raw: httpx.AsyncClient, messenger: Messenger) -> None:
    messenger.faults.cut("sendDocument")
    with pytest.raises(httpx.HTTPError):
        await raw.post("/sendDocument", data={"chat_id": SME}, files={"document": b"x"})
    assert len(messenger.messages(SME)) == 1


async def test_a_slow_call_waits_and_others_do_not(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    messenger.faults.delay("sendMessage", 3600)
    slow = asyncio.create_task(raw.post("/sendMessage", json=HELLO))
    assert (await raw.get("/getMe")).json()["ok"]
    messenger.faults.clear()
    await raw.post("/sendMessage", json=HELLO | {"text": "y"})
    assert texts(messenger) == ["y"]
    assert not slow.done()
    slow.cancel()


async def test_a_short_delay_only_delays(raw: httpx.AsyncClient, messenger: Messenger) -> None:
    messenger.faults.delay("sendMessage", 0.01)
    assert (await raw.post("/sendMessage", json=HELLO)).json()["ok"]
    assert texts(messenger) == ["x"]


async def test_stopping_cuts_what_is_slow(
    raw: httpx.AsyncClient, server: PreviewServer, messenger: Messenger
) -> None:
    messenger.faults.delay("getMe", 3600)
    slow = asyncio.create_task(raw.get("/getMe"))
    while not inside(server, "server").connections:
        await messenger.changed_or(0.001)
    await asyncio.wait_for(server.stop(), 5)
    with pytest.raises(httpx.HTTPError):
        await slow


async def test_the_pace_is_kept_where_it_is_asked_for() -> None:
    messenger = Messenger(enforce_rates=True)
    messenger.says(messenger.sme, "bonjour")
    async with (
        running(PreviewServer(messenger)) as server,
        httpx.AsyncClient(base_url=f"{server.url}/bot{PREVIEW_TOKEN}") as raw,
    ):
        assert (await raw.post("/sendMessage", json=HELLO)).status_code == 200
        fast = await raw.post("/sendMessage", json=HELLO)
    assert fast.status_code == 429
    assert fast.json()["parameters"] == {"retry_after": 1}
    assert fast.json()["description"] == "Too Many Requests: retry after 1"
    assert fast.headers["retry-after"] == "1"


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def wait_of(pace: ApiLimits, chat_id: int) -> int:
    """Return the seconds that Telegram asks to wait, 0 where the message is taken."""
    try:
        pace.admit(chat_id)
    except Exception as error:  # noqa: BLE001 - only its parameters matter
        parameters: dict[str, int] = getattr(error, "parameters", {})
        return parameters["retry_after"]
    return 0


def test_thirty_a_second_in_all() -> None:
    seconds = Seconds()
    pace = ApiLimits(seconds)
    assert [wait_of(pace, chat) for chat in range(1, 32)] == [0] * 30 + [1]
    seconds.now = 1.0
    assert wait_of(pace, 31) == 0


def test_one_a_second_in_a_chat_and_twenty_a_minute_in_a_group() -> None:
    seconds = Seconds()
    pace = ApiLimits(seconds)
    for _ in range(20):
        assert wait_of(pace, -5) == 0
        assert wait_of(pace, -5) >= 1
        seconds.now += 1
    assert wait_of(pace, -5) == 40
    assert wait_of(pace, -6) == 0
    seconds.now = 60
    assert wait_of(pace, -5) == 0
