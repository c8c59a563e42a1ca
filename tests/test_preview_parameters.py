"""Each parameter of each method, in every way in which libraries send it."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from preview_fixtures import SME, bare, begun, refusal, serving  # noqa: F401 (fixtures)
from starlette.datastructures import UploadFile
from starlette.types import Message

from bot.preview.api_errors import ApiError
from bot.preview.bodies import bounded
from bot.preview.botapi import description, fits
from bot.preview.messenger import Messenger
from bot.preview.parameters import Arguments, decode
from bot.preview.scalars import boolean_of, integer_of

METHODS: dict[str, dict[str, tuple[list[str], bool]]] = description()["methods"]
FILES = [
    (method, name)
    for method, fields in METHODS.items()
    for name, (kinds, _) in fields.items()
    if "InputFile" in kinds
]
PARAMETERS = [
    (method, name, kinds)
    for method, fields in METHODS.items()
    for name, (kinds, _) in fields.items()
    if "InputFile" not in kinds
]
NESTED: dict[str, Any] = {
    "BotCommandScope": {"type": "chat_member", "chat_id": SME, "user_id": SME},
    "InlineKeyboardMarkup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]},
    "MessageEntity": {"type": "bold", "offset": 0, "length": 1},
    "InlineQueryResult": {
        "type": "article",
        "id": "x",
        "title": "x",
        "input_message_content": {"message_text": "x"},
    },
    "InputRichMessage": {},
    "InputMediaAudio": {"type": "audio", "media": "x"},
    "ReplyParameters": {"message_id": 1},
}


def example(kind: str, depth: int = 0) -> Any:
    """Return a value of a Bot API type, with every field that is not too deep."""
    if kind.startswith("Array of "):
        return [example(kind.removeprefix("Array of "), depth)]
    scalars = {"Integer": 7, "Float": 1.5, "String": "x", "Boolean": True, "True": True}
    if kind in scalars:
        return scalars[kind]
    if kind in NESTED:
        return NESTED[kind]
    fields = description()["types"][kind]["fields"]
    return {
        name: example(kinds[0], depth + 1)
        for name, (kinds, needed) in fields.items()
        if needed or not depth
    }


def as_texts(value: Any) -> Iterator[Any]:
    """Yield a parameter as JSON, as the JSON of a form, and as the text of a form."""
    yield value
    yield json.dumps(value)
    if isinstance(value, bool):
        yield from ("True", "1", "yes", " TRUE ")
    elif not isinstance(value, (dict, list)):
        yield str(value)


@pytest.mark.parametrize(("method", "name", "kinds"), PARAMETERS, ids=str)
def test_every_parameter_is_read_the_same_however_it_is_sent(
    method: str, name: str, kinds: list[str]
) -> None:
    value = example(kinds[0])
    first, *others = [
        decode(method, Arguments({name: each}))
        for each in as_texts(value)
        # The text of a text is itself: in quotes, it would be another one.
        if not (kinds == ["String"] and each != value)
    ]
    assert first.ignored == []
    assert all(other == first for other in others)
    if value not in ({}, None):
        assert first.values == {name: value}


def test_accounts_and_chats_have_longer_numbers_than_all_else() -> None:
    large = 2**40 + 5
    for value in (large, str(large)):
        given = {"chat_id": value, "user_id": value}
        assert decode("getChatMember", Arguments(given)).values == dict.fromkeys(given, large)
        assert decode("sendMessage", Arguments({"message_thread_id": value})).values == {
            "message_thread_id": 5
        }


@pytest.mark.parametrize(("method", "name"), FILES)
def test_every_file_may_stand_in_its_field_or_be_attached(method: str, name: str) -> None:
    upload = UploadFile(BytesIO(), filename="a")
    assert decode(method, Arguments({}, {name: upload})).values == {name: upload}
    named = Arguments({name: "attach://un"}, {"un": upload})
    assert decode(method, named).values == {name: upload}
    assert decode(method, Arguments({name: "attach://deux"}, {"un": upload})).values == {}


def test_a_thumbnail_is_uploaded_and_never_an_id() -> None:
    upload = UploadFile(BytesIO(), filename="a")
    former = Arguments({"document": "x", "thumb": "attach://t"}, {"t": upload})
    assert decode("sendDocument", former).values == {"document": "x", "thumbnail": upload}
    assert decode("sendDocument", Arguments({"thumbnail": "id"})).values == {}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_what_nobody_knows_is_ignored_and_told(method: str) -> None:
    decoded = decode(method, Arguments({"Chat_Id": 1, "nouveau": {"a": [None]}}))
    assert decoded.values == {}
    assert decoded.ignored == ["Chat_Id", "nouveau"]


async def test_an_unknown_field_of_a_button_is_ignored_and_told(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    buttons = [[{"text": "x", "callback_data": "x", "hide": False}]]
    values = {"chat_id": SME, "text": "x", "reply_markup": {"inline_keyboard": buttons}}
    sent = (await raw.post("/sendMessage", json=values)).json()["result"]
    assert sent["reply_markup"] == {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
    assert list(messenger.ignored) == ["sendMessage: InlineKeyboardButton.hide"]


@pytest.mark.parametrize(
    ("values", "quoted"),
    [
        ({"reply_to_message_id": "{said}"}, True),
        ({"reply_to_message_id": 1, "allow_sending_without_reply": "True"}, False),
        ({"reply_to_message_id": 0}, False),
        ({"reply_to_message_id": "{said}", "reply_parameters": ""}, False),
        ({"reply_parameters": '{"message_id": "{said}"}'}, True),
        ({"reply_parameters": '{"message_id": 1, "allow_sending_without_reply": true}'}, False),
    ],
)
async def test_a_reply_may_be_asked_for_by_its_former_name(
    raw: httpx.AsyncClient, messenger: Messenger, values: dict[str, Any], quoted: bool
) -> None:
    said = str(messenger.messages(SME)[-1]["message_id"])
    named = {name: str(each).replace("{said}", said) for name, each in values.items()}
    sent = await raw.post("/sendMessage", data={"chat_id": SME, "text": "x"} | named)
    assert ("reply_to_message" in sent.json()["result"]) is quoted
    assert not messenger.ignored


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"reply_to_message_id": 1}, "message to be replied not found"),
        ({"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"reply_markup": None}, "object expected as reply markup"),
        ({"reply_markup": {"inline_keyboard": None}}, '"inline_keyboard" must be of type Array'),
        (
            {"reply_markup": {"inline_keyboard": [["x"]]}},
            "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
        ),
        ({"reply_parameters": "x"}, "can't parse reply parameters JSON object"),
        ({"reply_parameters": {"message_id": "x"}}, '"message_id" must be a valid Number'),
        (
            {"reply_parameters": {"message_id": 1, "allow_sending_without_reply": "true"}},
            '"allow_sending_without_reply" must be of type Boolean',
        ),
        ({"link_preview_options": "[]"}, "object expected as link preview options"),
        ({"parse_mode": "html2"}, "unsupported parse_mode"),
    ],
)
async def test_what_the_server_cannot_read_is_refused_in_its_words(
    raw: httpx.AsyncClient, messenger: Messenger, values: dict[str, Any], reason: str
) -> None:
    said = await refusal(raw, "sendMessage", chat_id=SME, text="x", **values)
    assert said.startswith("Bad Request: ")
    assert reason in said
    assert len(messenger.messages(SME)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"text": 5},
        {"text": None},
        {"text": "<b>x</b>", "parse_mode": "Html"},
        {"text": "x", "parse_mode": "None"},
        {"text": "x", "disable_web_page_preview": "1", "disable_notification": "nope"},
        {"text": "x", "entities": "no list"},
        {"text": "@quelquun", "entities": '[{"type":"mention","offset":0,"length":3}]'},
        {"text": "x", "reply_markup": "{}"},
        {"text": "x", "reply_markup": {"remove_keyboard": False}},
        {"text": "x", "reply_markup": {"keyboard": [["Oui"]]}},
        {"text": "x", "message_thread_id": None},
    ],
)
async def test_what_the_server_takes_is_taken(
    raw: httpx.AsyncClient, messenger: Messenger, values: dict[str, Any]
) -> None:
    answer = (await raw.post("/sendMessage", json={"chat_id": f"{SME}"} | values)).json()
    assert answer["ok"], answer
    assert fits(answer["result"], "Message")
    assert messenger.messages(SME)[-1]["text"]


async def test_the_first_of_two_counts_and_the_address_before_the_body(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    await raw.post("/sendMessage?text=un&text=deux", json={"chat_id": SME, "text": "trois"})
    await raw.post(
        "/SENDMESSAGE?text=un", files={"text": (None, "deux"), "chat_id": (None, str(SME))}
    )
    await raw.post(f"/?chat_id={SME}", data={"text": "un", "method": "sendmessage"})
    assert [each["text"] for each in messenger.messages(SME)[1:]] == ["un"] * 3


async def test_a_body_of_another_kind_is_not_read(
    raw: httpx.AsyncClient, messenger: Messenger
) -> None:
    body = f"chat_id={SME}&text=x".encode()
    answer = await raw.post("/sendMessage", content=body, headers={"Content-Type": "text/plain"})
    assert answer.json()["description"] == "Bad Request: message text is empty"
    assert len(messenger.messages(SME)) == 1


async def test_too_large_an_upload_is_refused(
    raw: httpx.AsyncClient, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.preview.bot_endpoint._LARGEST_UPLOAD", 3)
    sent = await raw.post("/sendDocument", data={"chat_id": SME}, files={"document": b"1234"})
    assert (sent.status_code, sent.json()["description"]) == (413, "Request Entity Too Large")
    assert len(messenger.messages(SME)) == 1


async def test_no_more_of_a_body_is_read_than_may_come() -> None:
    left = 1000

    async def endless() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": bytes(1000), "more_body": left > 0}

    receive = bounded(endless, 5000)
    for _ in range(5):
        assert len((await receive())["body"]) == 1000
    with pytest.raises(ApiError, match="Request Entity Too Large"):
        await receive()
    assert left == 994


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_too_many_parameters_are_refused(
    raw: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("bot.preview.bot_endpoint._LARGEST_BODY", 20)
    sent = await raw.post("/getMe", content=b"x" * 21, headers={"Content-Type": kind})
    assert (sent.status_code, sent.json()["description"]) == (413, "Request Entity Too Large")
    sent = await raw.post("/getMe?x=" + "x" * 21)
    assert "too many parameters" in sent.json()["description"]


@given(st.integers(-(2**31), 2**31 - 1), st.text(alphabet="x .e", max_size=3))
def test_a_number_is_read_from_the_beginning_of_its_text(number: int, rest: str) -> None:
    assert integer_of(f"{number}{rest}", 32) == integer_of(number, 32) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("x", 0),
        ("+5", 0),
        (" 5", 0),
        ("4294967297", 1),
        ("2147483648", -(2**31)),
        (True, 0),
    ],
)
def test_other_numbers_are_read_as_in_c(text: object, number: int) -> None:
    assert integer_of(text, 32) == number


def test_a_number_of_thousands_of_digits_is_read() -> None:
    assert integer_of("1" + "0" * 5000, 64) == 0


@pytest.mark.parametrize("text", ["", "0", "no", "oui", "2", None, 1.0])
def test_all_else_is_no(text: object) -> None:
    assert boolean_of(text) is False
