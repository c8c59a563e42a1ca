"""What people do in the preview, and what the bot gets to know of it."""

import asyncio
from typing import Any

import pytest

from bot.preview.api_errors import ApiError
from bot.preview.botapi import fits
from bot.preview.messenger import Messenger
from bot.preview.personas import User

YES = {"inline_keyboard": [[{"text": "Oui", "callback_data": "oui"}]]}


@pytest.fixture
def messenger() -> Messenger:
    return Messenger()


def updates(messenger: Messenger) -> list[tuple[str, Any]]:
    """Return the kinds and contents of what waits for the bot."""
    assert all(fits(update, "Update") for update in messenger.updates.queue)
    return [pair for update in messenger.updates.queue for pair in list(update.items())[1:]]


def test_what_is_said_is_seen_and_told(messenger: Messenger) -> None:
    said = messenger.says(messenger.sme, " /start p_3 ")
    assert said["text"] == "/start p_3"
    assert said["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert messenger.messages(1001) == [said]
    assert updates(messenger) == [("message", said)]


def test_a_reply_quotes(messenger: Messenger) -> None:
    first = messenger.says(messenger.sme, "un")
    second = messenger.says(messenger.sme, "deux", reply_to=first["message_id"])
    third = messenger.says(messenger.sme, "trois", reply_to=second["message_id"])
    assert second["reply_to_message"] == first
    assert "reply_to_message" not in third["reply_to_message"]
    with pytest.raises(ApiError, match="to be replied not found"):
        messenger.says(messenger.sme, "x", reply_to=1)


def test_an_edit_is_told_as_one(messenger: Messenger) -> None:
    said = messenger.says(messenger.sme, "un")
    edited = messenger.edits(messenger.sme, said["message_id"], "deux")
    assert (edited["text"], edited["message_id"]) == ("deux", said["message_id"])
    assert messenger.messages(1001) == [edited]
    assert updates(messenger) == [("message", said), ("edited_message", edited)]
    with pytest.raises(ApiError, match="message to edit not found"):
        messenger.edits(messenger.sme, 1, "x")


@pytest.mark.parametrize(
    "kind", ["photo", "voice", "sticker", "document", "location", "contact", "video_note"]
)
def test_each_kind_has_a_sample(messenger: Messenger, kind: str) -> None:
    message = messenger.sends(messenger.sme, kind)
    assert fits(message, "Message")
    stored = message[kind][-1] if kind == "photo" else message[kind]
    if kind not in {"location", "contact"}:
        assert len(messenger.file(stored["file_id"])) == stored["file_size"]
    assert updates(messenger) == [("message", message)]


def test_what_is_given_replaces_the_sample(messenger: Messenger) -> None:
    document = messenger.sends(messenger.sme, "document", file=("faq.yaml", b"x: 1"))["document"]
    assert document["file_name"] == "faq.yaml"
    assert messenger.file(document["file_id"]) == b"x: 1"
    contact = messenger.sends(messenger.sme, "contact", phone_number="+33 4")["contact"]
    assert contact["phone_number"] == "+33 4"
    for kind, file in (("dice", None), ("photo", ("x.png", b"no")), ("document", ("x", b""))):
        with pytest.raises(ApiError):
            messenger.sends(messenger.sme, kind, file=file)


def test_a_button_can_be_tapped_after_it_is_gone_only_by_force(messenger: Messenger) -> None:
    messenger.says(messenger.sme, "bonjour")
    asked = messenger.posts(1001, {"text": "?", "reply_markup": YES})
    messenger.taps(messenger.sme, 1001, asked["message_id"], "oui")
    messenger.changes(asked, ("reply_markup",), {})
    with pytest.raises(ApiError, match="no such button"):
        messenger.taps(messenger.sme, 1001, asked["message_id"], "oui")
    query = messenger.taps(messenger.sme, 1001, asked["message_id"], "oui", force=True)
    assert messenger.unanswered_taps() == 2
    kind, content = updates(messenger)[-1]
    assert (kind, content["id"], content["data"]) == ("callback_query", query, "oui")
    messenger.taps_expire()
    assert messenger.unanswered_taps() == 0
    with pytest.raises(ApiError, match="query is too old"):
        messenger.answers_query(query, {})


def test_blocking_is_told_once_and_writing_ends_it(messenger: Messenger) -> None:
    messenger.says(messenger.sme, "bonjour")
    for _ in range(2):
        messenger.blocks(messenger.sme)
    with pytest.raises(ApiError, match="blocked"):
        messenger.posts(1001, {"text": "x"})
    messenger.says(messenger.sme, "me revoilà")
    messenger.unblocks(messenger.sme)
    assert messenger.posts(1001, {"text": "x"})
    statuses = [
        content["new_chat_member"]["status"]
        for kind, content in updates(messenger)
        if kind == "my_chat_member"
    ]
    assert statuses == ["kicked", "member"]


def test_a_group_that_moves_tells_both_sides(messenger: Messenger) -> None:
    group = messenger.administrators
    old, new = group.id, messenger.upgrades(group)
    assert new == group.id != old
    contents = [content for _, content in updates(messenger)]
    assert [(c["chat"]["id"], c["chat"]["type"]) for c in contents] == [
        (old, "group"),
        (new, "supergroup"),
    ]
    assert (contents[0]["migrate_to_chat_id"], contents[1]["migrate_from_chat_id"]) == (new, old)
    with pytest.raises(ApiError) as moved:
        messenger.posts(old, {"text": "x"})
    assert moved.value.parameters == {"migrate_to_chat_id": new}
    # People do not see numbers: they go on writing where they wrote.
    messenger.says(group.members[0], "/ici", chat=old)
    assert messenger.messages(old) == messenger.messages(new)


def test_a_group_s_own_talk_is_private(messenger: Messenger) -> None:
    group, member = messenger.facilitators, messenger.facilitators.members[1]
    messenger.says(member, "on déjeune ?", chat=group.id)
    asked = messenger.posts(group.id, {"text": "Question 3"})
    messenger.says(member, "/faq", chat=group.id)
    messenger.says(member, "@territoires_industrie_bot bonjour", chat=group.id)
    messenger.says(member, "Oui", chat=group.id, reply_to=asked["message_id"])
    told = [content["text"] for _, content in updates(messenger)]
    assert told == ["/faq", "@territoires_industrie_bot bonjour", "Oui"]
    open_ = Messenger(privacy=False)
    open_.says(open_.facilitators.members[0], "on déjeune ?", chat=open_.facilitators.id)
    assert len(updates(open_)) == 1


def test_people_write_only_where_they_are(messenger: Messenger) -> None:
    with pytest.raises(ApiError, match="not in this chat"):
        messenger.says(messenger.sme, "x", chat=messenger.administrators.id)
    with pytest.raises(ApiError, match="not in this chat"):
        messenger.says(messenger.sme, "x", chat=1002)
    with pytest.raises(ApiError, match="chat not found"):
        messenger.says(messenger.sme, "x", chat=77)


def test_others_may_join(messenger: Messenger) -> None:
    newcomer = User(5001, "Ada", "Morel")
    messenger.joins(newcomer)
    messenger.says(newcomer, "bonjour")
    assert messenger.posts(5001, {"text": "x"})["chat"]["first_name"] == "Ada"


async def test_whoever_waits_is_woken(messenger: Messenger) -> None:
    waiting = asyncio.create_task(messenger.changed())
    await asyncio.sleep(0)
    messenger.says(messenger.sme, "x")
    await asyncio.wait_for(waiting, 5)
    assert waiting.done()
    await messenger.changed_or(0.001)


def test_an_emptied_chat_can_still_be_written_to(messenger: Messenger) -> None:
    messenger.says(messenger.sme, "bonjour")
    messenger.empties()
    assert messenger.messages(1001) == []
    assert messenger.posts(1001, {"text": "x"})
    assert messenger.seq == 3


def test_what_is_forgotten_is_not_pretended(messenger: Messenger) -> None:
    for number in range(2100):
        messenger.notes("typing", number)
    assert messenger.events.after(50) is None
    assert messenger.events.after(3000) is None
    last = messenger.events.after(2098)
    assert last is not None
    assert [event["seq"] for event in last] == [2099, 2100]
    assert messenger.events.after(2100) == []
