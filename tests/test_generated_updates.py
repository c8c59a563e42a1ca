"""Updates made from the Bot API's description, and spoilt ones: nobody is ignored."""

import json
import logging
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dialogue import Stage, staged
from postgres import Server
from pydantic import SecretStr
from sqlalchemy import select
from test_dialogue_webhook import SECRET_HEADER, WORD, free_port, url

from benchmarks.soak.expectations import is_sound, query, speaker
from benchmarks.soak.updates_from_schema import Maker
from bot.inbox.raw_updates import is_inline_query, parsed, received
from bot.preview.personas import User
from knowledge.knowledge import Knowledge
from storage.engine.schema import alerts, inbox, outbox
from storage.operations.inspect import inspect_database

FIRST_UPDATE = 500_000_000
FIRST_CHAT = 900_000_000
EACH = 120


@pytest.fixture(name="stage", params=["sqlite", "postgresql"])
async def posted_to(
    request: pytest.FixtureRequest,
    shipped: Knowledge,
    tmp_path: Path,
    blank_file: Path,
) -> AsyncIterator[Stage]:
    """A bot that Telegram posts to, and that nobody's haste holds up."""
    address = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        address = await server.create(migrated=True)
    shutil.copy(blank_file, tmp_path / "bot.db")
    async with staged(shipped, tmp_path / "bot.db", url=address) as stage:
        await stage.stops()
        port = free_port()
        stage.posted = True
        stage.overrides = {
            "webhook_url": f"http://127.0.0.1:{port}/telegram",
            "webhook_secret": SecretStr(WORD),
            "listen_port": port,
            "messages_per_second": 0,
        }
        await stage.starts()
        yield stage


def numbered(updates: list[Any]) -> list[Any]:
    return [{"update_id": FIRST_UPDATE + n} | update for n, update in enumerate(updates)]


def expect(stage: Stage, updates: list[Any]) -> None:
    """Let the people of these updates exist, and their taps wait."""
    for number in range(len(updates) + 1):
        user = User(FIRST_CHAT + number, "X", "Y")
        stage.messenger.joins(user)
        stage.messenger.chats.add(user.id, user.as_json(), {"text": "before"}, None)
    for update in updates:
        tap = query(update)
        if tap is not None:
            stage.messenger.queries[tap] = (FIRST_CHAT, FIRST_CHAT)


async def post(stage: Stage, updates: list[Any]) -> None:
    headers = {SECRET_HEADER: WORD}
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        for update in updates:
            answer = await client.post(url(stage, "/telegram"), content=json.dumps(update))
            assert answer.status_code == 200, update
    await stage.settles()


async def states(stage: Stage) -> dict[int, str]:
    return {row.update_id: row.state for row in await stage.rows(select(inbox))}


def answers(stage: Stage, chat_id: int) -> int:
    return sum(message["from"]["is_bot"] for message in stage.messenger.messages(chat_id))


async def check(stage: Stage, updates: list[Any]) -> None:
    """Find each update done, or set aside with an alert where no Telegram would send it."""
    found = await states(stage)
    # What is typed inline is answered at once, and never stored.
    kept = [update for update in updates if not is_inline_query(update)]
    assert len(kept) < len(updates)
    assert found.keys() == {update["update_id"] for update in kept}
    aside = [update for update in kept if found[update["update_id"]] == "aside"]
    assert set(found.values()) <= {"done", "aside"}
    assert [update for update in aside if is_sound(update)] == []
    # The clock stands still: the group was told once, and the others are counted.
    texts = [m["text"] for m in stage.messenger.messages(stage.messenger.administrators.id)]
    several = re.findall(r"(\d+) erreurs techniques", str(texts))
    told = str(texts).count("Erreur technique E-") + sum(map(int, several))
    waiting = sum(count for (count,) in await stage.rows(select(alerts.c.count)))
    assert len(texts) == min(1, len(aside))
    assert told + waiting == len(aside)
    await nobody_is_ignored(stage, updates)


async def nobody_is_ignored(stage: Stage, updates: list[Any]) -> None:
    assert stage.messenger.unanswered_taps() == 0
    known = range(FIRST_CHAT, FIRST_CHAT + len(updates) + 1)
    waiting = [update for update in updates if speaker(update) in known]
    assert len(waiting) > len(updates) // 25
    assert [one for one in waiting if not answers(stage, speaker(one) or 0)] == []
    # The preview refuses what the Bot API would: only chats that do not exist are out of reach.
    parked = await stage.rows(select(outbox).where(outbox.c.state == "parked"))
    assert [row for row in parked if row.chat_id in known] == []
    assert await inspect_database(stage.database_url) == ()


@pytest.mark.parametrize("seed", [1])
async def test_whatever_telegram_may_send_is_handled(
    stage: Stage, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    updates = numbered(list(Maker(seed, first_chat=FIRST_CHAT).valid(EACH)))
    expect(stage, updates)
    with caplog.at_level(logging.ERROR):
        await post(stage, updates)
    assert "aside" not in (await states(stage)).values(), caplog.text
    assert "unexpectedly" not in caplog.text
    await check(stage, updates)


@pytest.mark.parametrize("seed", [1])
async def test_whatever_is_spoilt_is_handled_or_set_aside(
    stage: Stage, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    updates = numbered(list(Maker(seed, first_chat=FIRST_CHAT).spoilt(EACH)))
    expect(stage, updates)
    with caplog.at_level(logging.ERROR):
        await post(stage, updates)
    assert "unexpectedly" not in caplog.text
    await check(stage, updates)


async def test_a_command_without_a_word_is_answered(stage: Stage) -> None:
    person = User(FIRST_CHAT, "X", "Y")
    stage.messenger.joins(person)
    message = stage.messenger.chats.add(person.id, person.as_json(), {"text": " "}, None)
    marked = {"entities": [{"type": "bot_command", "offset": 0, "length": 1}]}
    await post(stage, numbered([{"message": message | marked}]))
    assert answers(stage, FIRST_CHAT) == 1
    assert set((await states(stage)).values()) == {"done"}


def kept(said: str) -> str:
    """Return what the inbox keeps of a text, however it is escaped."""
    raw = {"update_id": 1, "message": {"chat": {"id": 7}, "text": said}}
    by_fetching = json.loads(received(raw).body)
    assert json.loads(parsed(json.dumps(raw).encode()).body) == by_fetching
    text: str = by_fetching["message"]["text"]
    return text


@pytest.mark.parametrize("said", ["\x00a", "a\ud83d", "\ude00\ud83da", "a\ude00\x00\ude00"])
def test_what_no_database_keeps_is_replaced(said: str) -> None:
    assert kept(said) == "".join("\ufffd" if one != "a" else one for one in said)


@pytest.mark.parametrize("said", ["\U0001f600\U0001f600", "\\u0000", "\\\U0001f600", "\ue000"])
def test_all_else_is_kept_as_it_was_said(said: str) -> None:
    assert kept(said) == said


def test_what_is_nested_too_deep_is_no_update() -> None:
    nested: list[Any] = ["\x00"]
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="nested"):
        received({"update_id": 1, "message": nested})


# What PTB cannot parse in a message: the fields of an older server, or of no calendar.
UNPARSED: dict[str, dict[str, Any]] = {
    "poll of an older server": {"poll": {"id": "1", "question": "?", "options": []}},
    "quoted poll": {"text": "/aide", "reply_to_message": {"poll": {"id": "1"}}},
    "date beyond calendars": {
        "text": "/aide",
        "entities": [{"type": "date_time", "offset": 0, "length": 5, "unix_time": 10**12}],
    },
    "caption": {"caption": "/aide", "video": {"duration": 1}},
}


@pytest.mark.parametrize("content", UNPARSED.values(), ids=UNPARSED)
async def test_what_is_not_read_of_a_message_never_leaves_it_unanswered(
    stage: Stage, content: dict[str, Any]
) -> None:
    person = User(FIRST_CHAT, "X", "Y")
    stage.messenger.joins(person)
    message = stage.messenger.chats.add(person.id, person.as_json(), {}, None)
    quoted = {name: message | value for name, value in content.items() if "message" in name}
    await post(stage, numbered([{"message": message | content | quoted}]))
    assert answers(stage, FIRST_CHAT) == 1
    assert set((await states(stage)).values()) == {"done"}
