"""The methods beyond texts: files, menus, members, replies; and the ways to call them."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from preview_fixtures import (  # noqa: F401 (fixtures)
    SME,
    bare,
    begun,
    connected,
    keyboard,
    refusal,
    serving,
)
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeChatMember,
    BotCommandScopeDefault,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated

from bot.preview.botapi import description, fits
from bot.preview.messenger import Messenger
from bot.preview.methods import METHODS
from bot.preview.pictures import plain_png, size_of
from bot.preview.server import PREVIEW_TOKEN, PreviewServer
from bot.preview.trim_botapi import ROOTS, trim

JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x0b\x08\x00\x30\x00\x40\x01\x00\x00\x00"


def test_every_method_is_described() -> None:
    assert set(description()["methods"]) == set(METHODS)


def test_the_description_is_trimmed_to_what_is_reached() -> None:
    field = {"name": "chat", "types": ["Array of Chat"], "required": True, "description": "..."}
    types: dict[str, Any] = {name: {} for name in ROOTS} | {
        "Chat": {"fields": [field | {"name": "kind", "types": ["Kind"]}]},
        "Kind": {"subtypes": ["Private"]},
        "Private": {},
        "Unreached": {},
    }
    methods = {method: {"fields": [field]} for method in METHODS}
    trimmed = trim({"version": "Bot API 0", "methods": methods, "types": types})
    assert trimmed["methods"]["getMe"] == {"chat": (["Array of Chat"], True)}
    assert set(trimmed["types"]) == {*ROOTS, "Kind", "Private"}
    assert trimmed["source"].endswith("Bot API 0")


async def test_a_picture_is_sent_with_its_size_and_again_by_its_id(
    client: Bot, messenger: Messenger
) -> None:
    first = await client.send_photo(SME, plain_png(40, 30), caption="<b>é</b>", parse_mode="HTML")
    again = await client.send_photo(SME, first.photo[-1].file_id)
    assert (again.photo[0].width, again.photo[0].height) == (40, 30)
    assert first.caption_entities[0].type == "bold"
    assert all(fits(message, "Message") for message in messenger.messages(SME))
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await client.send_photo(SME, b"no picture")


@pytest.mark.parametrize(
    ("body", "size"),
    [
        (plain_png(3, 2), (3, 2)),
        (JPEG, (64, 48)),
        (JPEG[:9], None),
        (plain_png(3, 2)[:18], None),
        (b"\xff\xd8\x00\x00", None),
        (b"", None),
    ],
)
def test_the_size_of_a_picture(body: bytes, size: tuple[int, int] | None) -> None:
    assert size_of(body) == size


async def test_a_document_again_by_its_id_or_too_long_a_caption(
    client: Bot, messenger: Messenger
) -> None:
    first = await client.send_document(SME, b"x", filename="a.csv")
    assert first.document
    again = await client.send_document(SME, first.document.file_id, caption="c" * 1024)
    assert again.document
    assert again.document.file_name == "a.csv"
    with pytest.raises(BadRequest, match="caption is too long"):
        await client.send_document(SME, b"x", caption="c" * 1025)
    with pytest.raises(BadRequest, match="non-empty"):
        await client.send_document(SME, b"")
    with pytest.raises(BadRequest, match="no text in the message"):
        await client.edit_message_text("x", SME, again.message_id)
    assert len(messenger.messages(SME)) == 3


async def test_menus_belong_to_scopes_and_languages(client: Bot, messenger: Messenger) -> None:
    private = BotCommandScopeAllPrivateChats()
    await client.set_my_commands([BotCommand("aide", "Aide")])
    await client.set_my_commands([BotCommand("projets", "Projets")], private)
    await client.set_my_commands([BotCommand("help", "Help")], private, language_code="en")
    assert [c.command for c in await client.get_my_commands()] == ["aide"]
    assert [c.command for c in await client.get_my_commands(private)] == ["projets"]
    assert await client.get_my_commands(BotCommandScopeChat(SME)) == ()
    assert menu_of(messenger, SME, SME) == ["projets"]
    await client.delete_my_commands(private)
    assert menu_of(messenger, SME, SME) == ["aide"]


async def test_names_and_descriptions_belong_to_languages(
    client: Bot, messenger: Messenger
) -> None:
    assert (await client.get_my_name()).name == messenger.bot()["first_name"]
    await client.set_my_name("Essai")
    await client.set_my_description("Un assistant")
    await client.set_my_short_description("A helper", language_code="en")
    assert (await client.get_my_name("fr")).name == "Essai"
    assert (await client.get_me()).first_name == "Essai"
    assert (await client.get_my_description()).description == "Un assistant"
    assert (await client.get_my_short_description()).short_description == ""
    assert (await client.get_my_short_description("en")).short_description == "A helper"


async def test_too_much_said_of_oneself_is_refused(raw: httpx.AsyncClient) -> None:
    command = {"command": "a", "description": "b"}
    assert "TOO_MUCH" in await refusal(raw, "setMyCommands", commands=[command] * 101)
    wordy = [command | {"description": "d" * 257}]
    assert "DESCRIPTION_INVALID" in await refusal(raw, "setMyCommands", commands=wordy)
    assert "too long" in await refusal(raw, "setMyDescription", description="d" * 513)


async def test_who_rules_a_group(client: Bot, messenger: Messenger) -> None:
    group = messenger.administrators
    (owner,) = await client.get_chat_administrators(group.id)
    assert owner.user.id == group.members[0].id
    assert (await client.get_chat_member(SME, SME)).status == "member"
    assert (await client.get_chat(SME)).first_name == "Nadia"
    with pytest.raises(BadRequest, match="no administrators in the private chat"):
        await client.get_chat_administrators(SME)


async def test_replies_find_their_message_or_do_without(client: Bot, messenger: Messenger) -> None:
    said = messenger.says(messenger.sme, "?")["message_id"]
    sent = await client.send_message(SME, "!", reply_parameters=ReplyParameters(said))
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "?"
    lenient = ReplyParameters(1, allow_sending_without_reply=True)
    assert not (await client.send_message(SME, "!", reply_parameters=lenient)).reply_to_message


async def test_others_messages_are_not_the_bot_s(client: Bot, messenger: Messenger) -> None:
    group = messenger.administrators
    said = messenger.says(group.members[0], "/x", chat=group.id)["message_id"]
    with pytest.raises(BadRequest, match="can't be edited"):
        await client.edit_message_text("y", group.id, said)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await client.delete_message(group.id, said)
    own = messenger.says(messenger.sme, "secret")["message_id"]
    await client.delete_message(SME, own)
    assert own not in [m["message_id"] for m in messenger.messages(SME)]


async def test_a_keyboard_can_be_taken_away(client: Bot, messenger: Messenger) -> None:
    sent = await client.send_message(SME, "?", reply_markup=keyboard())
    await client.edit_message_reply_markup(SME, sent.message_id)
    assert "reply_markup" not in messenger.messages(SME)[-1]
    with pytest.raises(BadRequest, match="not modified"):
        await client.edit_message_reply_markup(SME, sent.message_id)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[{"text": "x", "callback_data": "x"}] * 9], "REPLY_MARKUP_TOO_LONG"),
        ([[{"text": "x", "callback_data": "x"}]] * 101, "REPLY_MARKUP_TOO_LONG"),
        ([[{"text": "x", "url": "pas une adresse"}]], "Wrong HTTP URL"),
    ],
)
async def test_keyboards_have_limits(
    raw: httpx.AsyncClient, messenger: Messenger, rows: list[Any], reason: str
) -> None:
    markup = {"inline_keyboard": rows}
    refused = await refusal(raw, "sendMessage", chat_id=SME, text="x", reply_markup=markup)
    assert reason in refused
    assert len(messenger.messages(SME)) == 1


async def test_every_way_to_call_is_understood(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    values = {"chat_id": str(SME), "text": "a b+c&d é"}
    markup = json.dumps(keyboard().to_dict())
    ways = [
        raw.get("/sendMessage", params=values),
        raw.post("/sendMessage", params=values),
        raw.post("/sendMessage", data=values | {"reply_markup": markup}),
        raw.post("/sendMessage", json=values | {"chat_id": SME}),
        raw.post("/sendMessage", params={"text": values["text"]}, json={"chat_id": SME}),
        raw.post("/sendMessage", data=values, files={"unused": b""}),
    ]
    answers = [(await way).json() for way in ways]
    assert [answer["ok"] for answer in answers] == [True] * 6
    assert {answer["result"]["text"] for answer in answers} == {values["text"]}
    multipart = {name: (None, value) for name, value in values.items()}
    assert (await raw.post("/sendMessage", files=multipart)).json()["ok"]
    assert [name for name, _ in messenger.calls] == ["sendMessage"] * 7


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"chat_id": 1001, "text": "\\ud800"}'),
        ("application/json", b'{"chat_id": "' + b"[" * 100_000 + b'", "text": "x"}'),
        ("application/x-www-form-urlencoded", b"chat_id=1001&text=%ff"),
        ("application/x-www-form-urlencoded", b"\xff"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no form"),
    ],
)
async def test_a_broken_body_is_refused(
    raw: httpx.AsyncClient, messenger: Messenger, content_type: str, body: bytes
) -> None:
    headers = {"Content-Type": content_type}
    answer = await raw.post("/sendMessage", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Bad Request: ")
    assert len(messenger.messages(SME)) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["chat_id", "text", "message_id", "reply_markup", "parse_mode", "entities", "reply_parameters"]
)
_METHODS = st.sampled_from(sorted(set(METHODS) - {"getUpdates", "setWebhook"}))


@pytest.mark.usefixtures("messenger")
@given(_METHODS, st.dictionaries(_NAMES, _JSON | st.just(SME)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_no_call_breaks_the_server(
    raw: httpx.AsyncClient, method: str, values: dict[str, Any]
) -> None:
    answer = await raw.post(f"/{method}", content=json.dumps(values), headers=_JSON_HEADERS)
    assert answer.status_code in {200, 400, 403}
    assert answer.json()["ok"] is (answer.status_code == 200)


_JSON_HEADERS = {"Content-Type": "application/json"}


async def test_a_body_in_many_pieces_is_read_whole(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    too_long = {"chat_id": SME, "text": "x" * 1_000_000}
    assert (await raw.post("/sendMessage", data=too_long)).json()["description"] == (
        "Bad Request: text is too long"
    )
    too_large = await raw.post("/sendMessage", data=too_long | {"text": "x" * (1 << 20)})
    assert (too_large.status_code, too_large.json()["error_code"]) == (413, 413)
    assert len(messenger.messages(SME)) == 1


async def test_what_is_answered_is_what_the_api_describes(
    client: Bot, raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    sent = await client.send_document(SME, b"x", filename="a.csv", reply_markup=keyboard("oui"))
    assert sent.document
    group = messenger.administrators.id
    calls = {
        "getMe": ({}, "User"),
        "getChat": ({"chat_id": group}, "ChatFullInfo"),
        "getChatMember": ({"chat_id": SME, "user_id": SME}, "ChatMember"),
        "getChatAdministrators": ({"chat_id": group}, "Array of ChatMember"),
        "getFile": ({"file_id": sent.document.file_id}, "File"),
        "getWebhookInfo": ({}, "WebhookInfo"),
        "sendMessage": ({"chat_id": SME, "text": "x"}, "Message"),
    }
    for method, (values, kind) in calls.items():
        result = (await raw.post(f"/{method}", json=values)).json()["result"]
        assert fits(result, kind), (method, result)


async def test_a_file_is_downloaded_with_the_token_only(
    server: PreviewServer, client: Bot, messenger: Messenger
) -> None:
    sent = await client.send_document(SME, b"x", filename="a.csv")
    assert sent.document
    async with httpx.AsyncClient() as anyone:
        path = f"files/{sent.document.file_id}"
        right = await anyone.get(f"{server.url}/file/bot{PREVIEW_TOKEN}/{path}")
        wrong = await anyone.get(f"{server.url}/file/bot1:x/{path}")
    assert (right.content, right.headers["content-type"]) == (b"x", "application/octet-stream")
    assert (wrong.status_code, wrong.json()["description"]) == (404, "Not Found")


def menu_of(messenger: Messenger, chat: int, member: int) -> list[str]:
    return [each["command"] for each in messenger.bot()["menus"][str(chat)][str(member)]]


async def test_the_narrowest_menu_is_shown(client: Bot, messenger: Messenger) -> None:
    group = messenger.administrators
    owner, other = (member.id for member in group.members)
    scopes = (
        BotCommandScopeDefault(),
        BotCommandScopeAllGroupChats(),
        BotCommandScopeAllChatAdministrators(),
        BotCommandScopeChat(group.id),
        BotCommandScopeChatAdministrators(group.id),
        BotCommandScopeChatMember(group.id, owner),
    )
    seen = []
    for number, scope in enumerate(scopes):
        await client.set_my_commands([BotCommand(f"c{number}", "x")], scope)
        seen.append((menu_of(messenger, group.id, owner), menu_of(messenger, group.id, other)))
    assert seen == [
        (["c0"], ["c0"]),
        (["c1"], ["c1"]),
        (["c2"], ["c1"]),
        (["c3"], ["c3"]),
        (["c4"], ["c3"]),
        (["c5"], ["c3"]),
    ]
    assert menu_of(messenger, SME, SME) == ["c0"]
    await client.set_my_commands([BotCommand("fr", "x")], scopes[0], language_code="fr")
    assert menu_of(messenger, SME, SME) == ["fr"]
    # A language of a wider scope does not come before a narrower one.
    assert menu_of(messenger, group.id, owner) == ["c5"]


async def test_a_menu_is_for_a_chat_that_there_is(
    client: Bot, raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    commands = [{"command": "a", "description": "b"}]
    for scope, reason in (
        ({"type": "chat"}, "can't parse BotCommandScope: Can't find field \"chat_id\""),
        ({"type": "village"}, "can't parse BotCommandScope: Unsupported type specified"),
        ({"type": "chat", "chat_id": "-5"}, "chat not found"),
        ("{", "can't parse BotCommandScope JSON object"),
    ):
        assert reason in await refusal(raw, "setMyCommands", commands=commands, scope=scope)
    group = messenger.administrators
    named = {"type": "chat", "chat_id": str(group.id)}
    await raw.post("/setMyCommands", json={"commands": commands, "scope": named})
    assert menu_of(messenger, group.id, group.members[1].id) == ["a"]
    old = group.id
    messenger.upgrades(group)
    with pytest.raises(ChatMigrated):
        await client.set_my_commands([BotCommand("a", "b")], BotCommandScopeChat(old))
