"""Fetching updates: Telegram's offsets, limits, kinds and conflicts."""

import asyncio

import httpx
import pytest
from preview_fixtures import (  # noqa: F401 (fixtures)
    SME,
    bare,
    begun,
    connected,
    keyboard,
    serving,
)
from telegram import Bot
from telegram.error import Conflict

from bot.preview.messenger import Messenger
from bot.preview.server import PreviewServer
from bot.preview.updates import Updates


def say(messenger: Messenger, *texts: str) -> None:
    for text in texts:
        messenger.says(messenger.sme, text)


async def polled(messenger: Messenger) -> None:
    """Wait until a poll has begun."""
    while not messenger.updates.polls:
        await messenger.changed_or(0.001)


async def fetched(raw: httpx.AsyncClient, **values: object) -> list[str]:
    result = (await raw.post("/getUpdates", json=values)).json()["result"]
    return [update["message"]["text"] for update in result]


async def test_what_is_not_confirmed_comes_again(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    say(messenger, "un", "deux", "trois")
    first = messenger.updates.queue[0]["update_id"]
    assert await fetched(raw) == await fetched(raw) == ["un", "deux", "trois"]
    assert await fetched(raw, limit=2) == ["un", "deux"]
    assert await fetched(raw, offset=first + 1) == ["deux", "trois"]
    # Confirmed for good, whatever is asked later.
    assert await fetched(raw, offset=first) == ["deux", "trois"]
    assert await fetched(raw, offset=-1) == ["trois"]
    assert messenger.pending_updates() == 1


async def test_at_most_a_hundred_come_at_once(raw: httpx.AsyncClient, messenger: Messenger) -> None:
    say(messenger, *map(str, range(130)))
    assert len(await fetched(raw)) == 100
    assert len(await fetched(raw, limit=1000)) == 100
    assert len(await fetched(raw, limit=0)) == 1


async def test_numbers_grow_and_are_not_used_again_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    before = Updates()
    for _ in range(3):
        before.add("message", {})
    ids = [update["update_id"] for update in before.queue]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    monkeypatch.setattr("time.time", lambda: 1_800_000_002.0)
    assert Updates().next_id() > ids[-1]


async def test_the_kinds_asked_for_are_remembered(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(SME, "?", reply_markup=keyboard("oui"))
    await client.get_updates(allowed_updates=["callback_query"])
    say(messenger, "sourd")
    messenger.taps(messenger.sme, SME, sent.message_id, "oui")
    (update,) = await client.get_updates()
    assert update.callback_query
    await client.get_updates(offset=update.update_id + 1, allowed_updates=[])
    say(messenger, "de nouveau")
    assert [u.message.text for u in await client.get_updates() if u.message] == ["de nouveau"]


async def test_two_polls_the_older_ends(raw: httpx.AsyncClient, messenger: Messenger) -> None:
    older = asyncio.create_task(raw.get("/getUpdates", params={"timeout": 30}))
    await polled(messenger)
    newer = asyncio.create_task(raw.get("/getUpdates", params={"timeout": 30}))
    conflict = (await asyncio.wait_for(older, 5)).json()
    assert conflict["error_code"] == 409
    assert conflict["description"].startswith("Conflict: terminated by other getUpdates request")
    say(messenger, "à vous")
    assert (await asyncio.wait_for(newer, 5)).json()["result"][0]["message"]["text"] == "à vous"


async def test_no_polling_beside_a_webhook(client: Bot) -> None:
    await client.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(Conflict, match="webhook is active"):
        await client.get_updates()
    await client.delete_webhook()
    assert await client.get_updates() == ()


async def test_a_webhook_ends_the_poll_that_waits(client: Bot, messenger: Messenger) -> None:
    poll = asyncio.create_task(client.get_updates(timeout=30))
    await polled(messenger)
    assert await client.delete_webhook()
    await client.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await asyncio.wait_for(poll, 5)


async def test_a_poll_that_does_not_wait_ends_no_other(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    waiting = asyncio.create_task(raw.get("/getUpdates", params={"timeout": 30}))
    await polled(messenger)
    assert await fetched(raw) == []
    say(messenger, "à vous")
    assert (await asyncio.wait_for(waiting, 5)).json()["ok"]


@pytest.mark.parametrize("beyond", [12, 1_000, 2_147_483_646])
async def test_an_offset_from_the_future_drops_nothing(
    raw: httpx.AsyncClient, messenger: Messenger, beyond: int
) -> None:
    say(messenger, "un", "deux")
    last = messenger.updates.queue[-1]["update_id"]
    assert await fetched(raw, offset=min(last + beyond, 2_147_483_647)) == ["un", "deux"]
    assert await fetched(raw, offset=last + 11) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["Callback_Query", "nouveau"], ["callback_query"]),
        ('["poll", "message"]', ["message", "poll"]),
        (["inconnu"], []),
        ([], []),
        # What is no list of names changes nothing.
        (None, ["poll"]),
        ("poll,message", ["poll"]),
        ({"poll": 1}, ["poll"]),
        (["message", 1], ["poll"]),
    ],
)
async def test_kinds_that_nobody_knows_are_ignored(
    raw: httpx.AsyncClient, messenger: Messenger, given: object, kept: list[str]
) -> None:
    await fetched(raw, allowed_updates=["poll"])
    await fetched(raw, allowed_updates=given)
    assert messenger.updates.allowed == kept
    info = (await raw.get("/getWebhookInfo")).json()["result"]
    assert info.get("allowed_updates", []) == kept


async def test_numbers_of_a_poll_are_clamped(raw: httpx.AsyncClient, messenger: Messenger) -> None:
    say(messenger, "un", "deux")
    assert await fetched(raw, limit=-5, timeout=-5) == ["un"]
    assert await fetched(raw, limit="dix") == ["un"]
    assert await fetched(raw, limit="2x", offset="non", timeout="1e9") == ["un", "deux"]
    assert await fetched(raw, offset=-9) == ["un", "deux"]
    assert await fetched(raw, offset="-1") == ["deux"]


async def test_stopping_ends_a_poll_at_once(server: PreviewServer, client: Bot) -> None:
    poll = asyncio.create_task(client.get_updates(timeout=50))
    await polled(server.messenger)
    await asyncio.wait_for(server.stop(), 5)
    assert await poll == ()


async def test_a_raw_update_is_delivered_as_it_is(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    messenger.delivers({"message": {"message_id": "non"}})
    messenger.delivers({"update_id": 5, "poll": {}})
    result = (await raw.get("/getUpdates")).json()["result"]
    assert result[0]["message"] == {"message_id": "non"}
    assert result[1] == {"update_id": 5, "poll": {}}
