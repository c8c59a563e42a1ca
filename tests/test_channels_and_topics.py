"""Nothing is said in a channel; what is typed or tapped in a topic is answered there."""

import logging
from typing import Any

import pytest
from offline import SENDER, chat, from_bot, handle, message, offline_bot, tap, texts  # noqa: F401

from benchmarks.soak.offline_bot import ADMINISTRATORS, FACILITATORS, OfflineBot
from bot.preview.personas import bot_as_json
from handlers.curation.report import Notice, owed
from handlers.table import ALL

CHANNEL = chat(-1_009, "channel")
OTHER = chat(-1_010, "supergroup")
TOPIC: dict[str, Any] = {"message_thread_id": 77, "is_topic_message": True}
JOINED = {
    "chat": CHANNEL,
    "from": {"id": SENDER, "is_bot": False, "first_name": "Samira"},
    "date": 1,
    "old_chat_member": {"status": "left", "user": bot_as_json()},
    "new_chat_member": {"status": "member", "user": bot_as_json()},
}
_CHANNEL_BOT = {"id": 136_817_688, "is_bot": True, "first_name": "Channel"}
AS_CHANNEL = {"sender_chat": CHANNEL, "from": _CHANNEL_BOT}


@pytest.mark.parametrize(
    "update",
    [
        {"my_chat_member": JOINED},
        {"channel_post": message("/aide", where=CHANNEL, sender_chat=CHANNEL)},
        {"edited_channel_post": message("/aide", where=CHANNEL, edit_date=2)},
        {"message": message("/aide", where=CHANNEL)},
        {"message": message("/aide", where=OTHER, is_automatic_forward=True, **AS_CHANNEL)},
        {"message": message("/start", where=OTHER, **AS_CHANNEL)},
        {
            "message": message(
                "/aide", where=chat(ADMINISTRATORS, "supergroup"), is_automatic_forward=True
            )
        },
    ],
    ids=lambda update: next(iter(update)),
)
async def test_a_channel_hears_nothing(offline: OfflineBot, update: dict[str, Any]) -> None:
    handled = await handle(offline, **update)
    assert handled.owed == ()
    assert handled.turn.toast_text is None


async def test_the_log_says_why_a_channel_hears_nothing(
    offline: OfflineBot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await handle(offline, my_chat_member=JOINED)
    assert "nothing is said in a channel" in caplog.text


async def test_a_group_is_greeted_as_before(offline: OfflineBot) -> None:
    handled = await handle(offline, my_chat_member=JOINED | {"chat": OTHER})
    assert str(OTHER["id"]) in texts(handled)[0]


async def test_who_writes_in_a_channel_s_name_among_the_team_is_answered(
    offline: OfflineBot,
) -> None:
    where = chat(FACILITATORS, "supergroup")
    handled = await handle(offline, message=message("/aide", where=where, **AS_CHANNEL))
    assert "celui des facilitateurs" in texts(handled)[0]


async def test_an_anonymous_administrator_is_answered(offline: OfflineBot) -> None:
    where = chat(ADMINISTRATORS, "supergroup")
    handled = await handle(offline, message=message("/aide", where=where, sender_chat=where))
    assert "reçoit les demandes" in texts(handled)[0]


def commands() -> list[str]:
    return sorted({name for handler in ALL for name in getattr(handler, "commands", ())})


@pytest.mark.parametrize("group", [ADMINISTRATORS, FACILITATORS, OTHER["id"]])
@pytest.mark.parametrize("command", commands())
async def test_every_command_in_a_topic_is_answered_there(
    offline: OfflineBot, command: str, group: int
) -> None:
    where = chat(group, "supergroup")
    handled = await handle(offline, message=message(f"/{command}", where=where, **TOPIC))
    assert handled.owed
    assert {row["payload"].get("message_thread_id") for row in handled.owed} == {77}


async def test_outside_of_topics_a_reply_names_none(offline: OfflineBot) -> None:
    """Telegram numbers the replies of any supergroup as a thread: that is no topic."""
    where = chat(FACILITATORS, "supergroup")
    handled = await handle(offline, message=message("/aide", where=where, message_thread_id=5))
    assert "message_thread_id" not in handled.owed[0]["payload"]


async def test_a_tap_in_a_topic_is_answered_there(offline: OfflineBot) -> None:
    shown = from_bot("Historique", chat(FACILITATORS, "supergroup")) | TOPIC
    handled = await handle(offline, **tap("kh:0", shown))
    assert [row["payload"].get("message_thread_id") for row in handled.owed] == [77]


async def test_a_refused_reply_in_a_topic_is_said_there(offline: OfflineBot) -> None:
    where = chat(FACILITATORS, "supergroup")
    quoted = from_bot("Question Q-2026-0404", where) | TOPIC
    reply = message("Bonjour", where=where, reply_to_message=quoted, **TOPIC)
    handled = await handle(offline, message=reply)
    assert [row["payload"].get("message_thread_id") for row in handled.owed] == [77]


async def test_what_becomes_of_a_file_sent_in_a_topic_is_said_there(offline: OfflineBot) -> None:
    where = chat(FACILITATORS, "supergroup")
    file = {"file_id": "f", "file_unique_id": "u", "file_name": "faq.yaml"}
    sent = message(where=where, document=file, caption="/faq", **TOPIC)
    handled = await handle(offline, message=sent)
    assert [row["payload"].get("message_thread_id") for row in handled.owed] == [77]
    async with offline.database.begin() as work:
        change = await work.change_requests.get(1)
    assert change is not None
    said = owed(Notice("Examiné", report="tout"), change.chat_id, change.topic_id)
    assert [outgoing.payload["message_thread_id"] for outgoing in said] == [77, 77]


@pytest.mark.parametrize("where", [ADMINISTRATORS, OTHER["id"]])
async def test_who_joins_the_administrators_is_met_and_who_leaves_is_forgotten(
    offline: OfflineBot, where: int
) -> None:
    person = {"id": 77, "is_bot": False, "first_name": "Léa", "last_name": "Brun"}
    group = chat(where, "supergroup")
    joined = await handle(offline, message=message(where=group, new_chat_members=[person]))
    assert joined.owed == ()
    database = offline.database
    async with database.begin() as work:
        known = await work.colleagues.latest(9)
    assert [one.name for one in known] == (["Léa Brun"] if where == ADMINISTRATORS else [])
    left = await handle(offline, message=message(where=group, left_chat_member=person))
    assert left.owed == ()
    async with database.begin() as work:
        assert await work.colleagues.latest(9) == ()
