"""The preview's Bot API, over HTTP, with PTB's own client and with a bare one."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    NetworkError,
    RetryAfter,
)

from bot.preview.api_errors import ApiError
from bot.preview.botapi import fits
from bot.preview.formatting import parse
from bot.preview.messenger import Messenger
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running
from knowledge.text.length import units


@pytest.fixture
async def server() -> AsyncIterator[PreviewServer]:
    """A preview that serves."""
    async with running(PreviewServer()) as server:
        yield server


@pytest.fixture
def messenger(server: PreviewServer) -> Messenger:
    """Its messenger, where one person has written."""
    server.messenger.says(server.messenger.sme, "bonjour")
    return server.messenger


@pytest.fixture
async def client(server: PreviewServer) -> AsyncIterator[Bot]:
    """PTB's client on it."""
    async with Bot(
        PREVIEW_TOKEN, base_url=f"{server.url}/bot", base_file_url=f"{server.url}/file/bot"
    ) as bot:
        yield bot


@pytest.fixture
async def raw(server: PreviewServer) -> AsyncIterator[httpx.AsyncClient]:
    """A bare client on it."""
    async with httpx.AsyncClient(base_url=f"{server.url}/bot{PREVIEW_TOKEN}", timeout=10) as client:
        yield client


def keyboard(data: str = "x") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Oui", callback_data=data)]])


async def test_a_text_arrives_formatted(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(1001, "<b>é</b> 😀 <i>x</i> &lt;", parse_mode="HTML")
    assert sent.text == "é 😀 x <"
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [
        ("bold", 0, 1),
        ("italic", 5, 1),
    ]
    assert messenger.messages(1001)[-1]["message_id"] == sent.message_id


async def test_an_edit_replaces_text_and_keyboard(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(1001, "un", reply_markup=keyboard())
    await client.edit_message_text("deux", 1001, sent.message_id)
    last = messenger.messages(1001)[-1]
    assert last["text"] == "deux"
    assert "reply_markup" not in last
    assert last["edit_date"]


async def test_a_tap_is_answered_once(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(1001, "un", reply_markup=keyboard("oui"))
    query = messenger.taps(messenger.sme, 1001, sent.message_id, "oui")
    (update,) = (await client.get_updates())[-1:]
    assert update.callback_query is not None
    assert update.callback_query.data == "oui"
    await client.answer_callback_query(query, "Merci", show_alert=True)
    assert messenger.answers[query] == {"text": "Merci", "show_alert": True}
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await client.answer_callback_query(query)


async def test_a_button_that_is_not_there_cannot_be_tapped(
    client: Bot, messenger: Messenger
) -> None:
    sent = await client.send_message(1001, "un", reply_markup=keyboard("oui"))
    with pytest.raises(ApiError):
        messenger.taps(messenger.sme, 1001, sent.message_id, "non")
    with pytest.raises(ApiError):
        messenger.taps(messenger.sme, 1001, 999, "oui")


async def test_a_document_is_kept_and_can_be_fetched(client: Bot, messenger: Messenger) -> None:
    document = InputFile("été".encode(), filename="données.html")
    sent = await client.send_document(1001, document, caption="<b>voici</b>", parse_mode="HTML")
    assert sent.document is not None
    assert sent.document.file_name == "données.html"
    assert sent.caption == "voici"
    file = await client.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()).decode() == "été"


async def test_an_offset_confirms_what_is_below(client: Bot, messenger: Messenger) -> None:
    messenger.says(messenger.sme, "deux")
    first, second = await client.get_updates()
    assert [u.update_id for u in await client.get_updates()] == [first.update_id, second.update_id]
    (left,) = await client.get_updates(offset=second.update_id)
    assert left.update_id == second.update_id
    assert messenger.pending_updates() == 1
    assert await client.get_updates(offset=second.update_id + 1) == ()


async def test_a_long_poll_wakes_at_once(client: Bot, messenger: Messenger) -> None:
    (first,) = await client.get_updates()
    poll = asyncio.create_task(client.get_updates(offset=first.update_id + 1, timeout=20))
    while messenger.pending_updates():
        await messenger.changed_or(0.01)
    messenger.says(messenger.sme, "enfin")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update.message is not None
    assert update.message.text == "enfin"


async def test_a_second_poll_ends_the_first(client: Bot, server: PreviewServer) -> None:
    first = asyncio.create_task(client.get_updates(timeout=20))
    async with Bot(PREVIEW_TOKEN, base_url=f"{server.url}/bot") as other:
        while not first.done():
            await other.get_updates(timeout=1)
    with pytest.raises(Conflict):
        await first


async def test_only_the_updates_asked_for_come(client: Bot, messenger: Messenger) -> None:
    await client.get_updates(allowed_updates=["callback_query"])
    before = messenger.pending_updates()
    messenger.says(messenger.sme, "sourd")
    assert messenger.pending_updates() == before


async def test_commands_and_descriptions_are_kept(
    client: Bot, raw: httpx.AsyncClient, server: PreviewServer
) -> None:
    await client.set_my_commands([BotCommand("aide", "Aide")])
    assert [c.command for c in await client.get_my_commands()] == ["aide"]
    await client.set_my_description("Un assistant")
    assert server.messenger.bot()["description"] == "Un assistant"
    for bad in ("Aide", "a" * 33, "à"):
        commands = [{"command": bad, "description": "x"}]
        refused = await raw.post("/setMyCommands", json={"commands": commands})
        assert refused.json()["description"] == "Bad Request: BOT_COMMAND_INVALID"


async def test_groups_and_members_are_known(client: Bot, server: PreviewServer) -> None:
    group = server.messenger.administrators
    assert (await client.get_chat(group.id)).title == "Administrateurs"
    assert (await client.get_chat_member(group.id, group.members[0].id)).status == "creator"
    assert (await client.get_chat_member(group.id, group.members[1].id)).status == "member"
    assert (await client.get_chat_member(group.id, (await client.get_me()).id)).status == "member"
    with pytest.raises(BadRequest):
        await client.get_chat_member(group.id, 1001)
    assert (await client.get_webhook_info()).url == ""
    assert await client.delete_webhook()


@pytest.mark.parametrize(
    ("method", "values", "description"),
    [
        ("sendMessage", {"chat_id": 1001, "text": ""}, "message text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": "  "}, "message text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": "x" * 4097}, "message is too long"),
        ("sendMessage", {"chat_id": 1001, "text": "😀" * 2049}, "message is too long"),
        ("sendMessage", {"chat_id": 5, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": 1001, "text": "x" * 32769}, "text is too long"),
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1001, "text": "x", "parse_mode": "MarkdownV3"}, "parse_mode"),
        ("editMessageText", {"chat_id": 1001, "message_id": 1, "text": "x"}, "message to edit not"),
        ("editMessageText", {"chat_id": 1001, "text": "x"}, "message to edit not found"),
        ("editMessageText", {"text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"inline_message_id": "x", "text": "x"}, "MESSAGE_ID_INVALID"),
        ("deleteMessage", {"message_id": 1}, "chat identifier is not specified"),
        ("deleteMessage", {"chat_id": 1001}, "message identifier is not specified"),
        ("sendChatAction", {"chat_id": 1001, "action": "dance"}, "wrong parameter action"),
        ("getChatMember", {"chat_id": 1001}, "invalid user_id specified"),
        ("sendDocument", {"chat_id": 1001}, "there is no document in the request"),
        ("getFile", {}, "file_id not specified"),
        ("deleteMessage", {"chat_id": 1001, "message_id": 1}, "message to delete not found"),
        ("getFile", {"file_id": "x"}, "invalid file_id"),
        ("sendDocument", {"chat_id": 1001, "document": "x"}, "wrong file identifier"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 1}},
            "message to be replied not found",
        ),
    ],
)
async def test_what_breaks_the_api_is_refused_in_its_words(
    raw: httpx.AsyncClient,
    messenger: Messenger,
    method: str,
    values: dict[str, Any],
    description: str,
) -> None:
    answer = (await raw.post(f"/{method}", json=values)).json()
    assert answer["ok"] is False
    assert answer["error_code"] == 400
    assert description in answer["description"]
    assert len(messenger.messages(1001)) == 1


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("é<b>x", 'find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("é < b", 'Unsupported start tag "" at byte offset 3'),
        ("é <b", "Unclosed start tag at byte offset 3"),
    ],
)
async def test_bad_html_is_refused_with_its_place(
    raw: httpx.AsyncClient, messenger: Messenger, text: str, description: str
) -> None:
    values = {"chat_id": 1001, "text": text, "parse_mode": "HTML"}
    answer = (await raw.post("/sendMessage", data=values)).json()
    assert answer["description"].startswith("Bad Request: can't parse entities:")
    assert description in answer["description"]


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "button text is empty"),
        ({"text": "x"}, "Text buttons are unallowed"),
        ({"text": "x", "copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "copy_text": {"text": "a" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        (
            {"callback_data": "x"},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        ({"text": "x", "copy_text": "x"}, "expected an Object"),
    ],
)
async def test_bad_buttons_are_refused(
    raw: httpx.AsyncClient, messenger: Messenger, button: dict[str, str], description: str
) -> None:
    markup = json.dumps({"inline_keyboard": [[button]]})
    values = {"chat_id": "1001", "text": "x", "reply_markup": markup}
    assert description in (await raw.post("/sendMessage", data=values)).json()["description"]


async def test_sixty_four_bytes_are_accepted(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(1001, "x", reply_markup=keyboard("é" * 32))
    assert sent.reply_markup is not None
    assert sent.reply_markup.inline_keyboard[0][0].callback_data == "é" * 32


async def test_unknown_methods_and_tokens_are_refused(
    server: PreviewServer, raw: httpx.AsyncClient
) -> None:
    assert (await raw.post("/sendEverything")).json()["error_code"] == 404
    async with httpx.AsyncClient() as stranger:
        for token, status in (("1:x", 401), ("0:x", 401), ("x", 401), ("-1:x", 401), ("x:y", 421)):
            answer = await stranger.post(f"{server.url}/bot{token}/getMe")
            assert answer.status_code == answer.json()["error_code"] == status
        assert (await stranger.get(f"{server.url}/bot{PREVIEW_TOKEN}")).status_code == 404
        assert (await stranger.put(f"{server.url}/bot{PREVIEW_TOKEN}/getMe")).status_code == 501
        file = await stranger.get(f"{server.url}/file/bot1:x/documents/x")
        assert file.status_code == 404


async def test_people_who_never_wrote_or_blocked_are_out_of_reach(
    client: Bot, messenger: Messenger
) -> None:
    with pytest.raises(Forbidden, match="can't initiate"):
        await client.send_message(1002, "x")
    messenger.blocks(messenger.sme)
    with pytest.raises(Forbidden, match="blocked"):
        await client.send_message(1001, "x")
    messenger.unblocks(messenger.sme)
    await client.send_message(1001, "x")
    kinds = [
        u.my_chat_member.new_chat_member.status
        for u in await client.get_updates()
        if u.my_chat_member
    ]
    assert kinds == ["kicked", "member"]


async def test_a_group_that_moved_says_where(client: Bot, server: PreviewServer) -> None:
    old = server.messenger.administrators.id
    new = server.messenger.upgrades(server.messenger.administrators)
    with pytest.raises(ChatMigrated) as moved:
        await client.send_message(old, "x")
    assert moved.value.new_chat_id == new
    await client.send_message(new, "x")


async def test_an_edit_that_changes_nothing_is_refused(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(1001, "x", reply_markup=keyboard())
    with pytest.raises(BadRequest, match="not modified"):
        await client.edit_message_text("x", 1001, sent.message_id, reply_markup=keyboard())


async def test_failures_on_demand(client: Bot, messenger: Messenger) -> None:
    messenger.faults.next("sendMessage", status=429, parameters={"retry_after": 3})
    with pytest.raises(RetryAfter):
        await client.send_message(1001, "x")
    messenger.faults.lost("sendMessage")
    with pytest.raises(NetworkError):
        await client.send_message(1001, "perdu")
    assert messenger.messages(1001)[-1]["text"] == "perdu"
    messenger.faults.cut("sendMessage")
    with pytest.raises(NetworkError):
        await client.send_message(1001, "coupé")
    assert messenger.messages(1001)[-1]["text"] == "perdu"


async def test_what_is_sent_out_is_what_the_api_describes(
    client: Bot, messenger: Messenger
) -> None:
    await client.send_message(1001, "<b>x</b>", parse_mode="HTML", reply_markup=keyboard("oui"))
    sent = messenger.messages(1001)[-1]
    messenger.taps(messenger.sme, 1001, sent["message_id"], "oui")
    messenger.says(messenger.sme, "/start et https://exemple.fr", reply_to=sent["message_id"])
    for kind in ("photo", "voice", "sticker", "document", "location", "contact", "video_note"):
        messenger.sends(messenger.sme, kind)
    messenger.blocks(messenger.sme)
    messenger.upgrades(messenger.facilitators)
    queued = list(messenger.updates.queue)
    assert len(queued) > 10
    for update in queued:
        assert fits(update, "Update"), update
    assert all(fits(message, "Message") for message in messenger.messages(1001))
    assert all(isinstance(update, Update) for update in await client.get_updates())


_ANY = st.text()
_NEARLY_HTML = st.lists(
    st.sampled_from(["<b>", "</b>", "<i>", "</i>", "é", "😀", "&lt;", " ", '<a href="x">', "</a>"])
).map("".join)


@given(_ANY | _NEARLY_HTML)
def test_html_is_parsed_or_refused_within_bounds(text: str) -> None:
    try:
        shown, entities = parse(text, "HTML")
    except ApiError:
        return
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown)
