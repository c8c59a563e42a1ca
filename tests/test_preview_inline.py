"""The preview's inline mode: what Telegram asks of an answer, and what the page asks of it."""

import asyncio
from typing import Any

import httpx
import pytest
from preview_fixtures import (  # noqa: F401 (fixtures)
    SME,
    bare,
    begun,
    connected,
    refusal,
    serving,
)
from telegram import Bot, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest

from bot.preview.api_errors import ApiError
from bot.preview.inline import LONGEST_QUERY
from bot.preview.messenger import Messenger
from bot.preview.server import PreviewServer

# PTB begins a message with a capital.
TOO_OLD = "uery is too old and response timeout expired or query"


def article(**changes: Any) -> dict[str, Any]:
    return {
        "type": "article",
        "id": "a",
        "title": "Titre",
        "input_message_content": {"message_text": "<b>x</b>", "parse_mode": "HTML"},
    } | changes


async def test_a_query_reaches_the_bot_and_its_answer_the_person(
    client: Bot, messenger: Messenger
) -> None:
    query_id = messenger.searches(messenger.sme, "mots", offset="20")
    (update,) = await client.get_updates()
    query = update.inline_query
    assert query
    assert (query.id, query.query, query.offset) == (query_id, "mots", "20")
    assert query.from_user.id == SME
    content = InputTextMessageContent("<i>x</i>", parse_mode="HTML")
    result = InlineQueryResultArticle("1", "Titre", content, description="mots")
    assert await client.answer_inline_query(query_id, [result], next_offset="40")
    answer = messenger.inline.answered(query_id)
    assert answer
    assert (answer["next_offset"], answer["results"][0]["description"]) == ("40", "mots")
    sent = messenger.chooses(messenger.sme, query_id, "1")
    assert (sent["text"], sent["entities"][0]["type"]) == ("x", "italic")
    assert sent["via_bot"]["id"] == client.id
    with pytest.raises(BadRequest, match=TOO_OLD):
        await client.answer_inline_query(query_id, [result])


async def test_a_query_that_nobody_waits_for_is_too_old(client: Bot, messenger: Messenger) -> None:
    query_id = messenger.searches(messenger.sme, "")
    messenger.inline.expire(query_id)
    for late in (query_id, "0"):
        with pytest.raises(BadRequest, match=TOO_OLD):
            await client.answer_inline_query(late, [])


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"results": [article(id=str(n)) for n in range(51)]}, "too many inline query results"),
        ({"results": [article(), article()]}, "RESULT_ID_DUPLICATE"),
        ({"results": [article(id="")]}, "RESULT_ID_EMPTY"),
        ({"results": [article(id="é" * 33)]}, "RESULT_ID_INVALID"),
        ({"results": [article(title=" ")]}, "ARTICLE_TITLE_EMPTY"),
        ({"results": [article(type="photo")]}, "can't parse InlineQueryResult: Unsupported type"),
        ({"results": [article(input_message_content={})]}, "can't parse InlineQueryResult"),
        (
            {"results": [article(input_message_content={"message_text": "x" * 4097})]},
            "message is too long",
        ),
        (
            {"results": [article(reply_markup={"inline_keyboard": [[{"text": "x"}]]})]},
            "Text buttons are unallowed",
        ),
        ({"results": {}}, "expected an Array of inline query results"),
        ({"results": [], "next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
        ({"results": [], "button": {"text": "x", "start_parameter": ""}}, "empty start_parameter"),
        (
            {"results": [], "button": {"text": "x", "start_parameter": "é"}},
            "unallowed characters in start_parameter",
        ),
        (
            {"results": [], "button": {"text": "x", "start_parameter": "x" * 65}},
            "too long start_parameter",
        ),
    ],
)
async def test_a_wrong_answer_is_refused_in_telegrams_words(
    raw: httpx.AsyncClient, messenger: Messenger, parameters: dict[str, Any], reason: str
) -> None:
    query_id = messenger.searches(messenger.sme, "")
    call = {"inline_query_id": query_id} | parameters
    response = await raw.post("/answerInlineQuery", json=call)
    assert response.status_code == 400
    assert reason.lower() in response.json()["description"].lower()
    assert messenger.inline.answered(query_id) is None


async def test_where_inline_mode_is_off_nobody_can_search(
    client: Bot, messenger: Messenger
) -> None:
    assert (await client.get_me()).supports_inline_queries
    messenger.inline_mode = False
    assert not (await client.get_me()).supports_inline_queries
    with pytest.raises(ApiError, match="no inline mode"):
        messenger.searches(messenger.sme, "")
    messenger.inline_mode = True
    with pytest.raises(ApiError, match="too long"):
        messenger.searches(messenger.sme, "x" * (LONGEST_QUERY + 1))


async def test_the_page_searches_and_sends(server: PreviewServer, messenger: Messenger) -> None:
    asked = {"chat_id": SME, "member_id": SME, "query": "mots"}
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as page:
        searching = asyncio.create_task(page.post("/preview/inline", json=asked))
        while not messenger.pending_updates():
            await messenger.changed()
        query = messenger.last_update()["inline_query"]
        results = [{"id": "a", "title": "T", "description": "", "message": {"text": "x"}}]
        messenger.answers_inline(query["id"], {"results": results})
        found = (await searching).json()
        assert (found["query_id"], found["answer"]["results"]) == (query["id"], results)
        chosen = {"chat_id": SME, "member_id": SME, "query_id": query["id"], "result_id": "a"}
        sent = await page.post("/preview/choose", json=chosen)
        assert sent.json()["message"]["text"] == "x"
        refused = await page.post("/preview/choose", json=chosen | {"result_id": "b"})
        assert refused.status_code == 400


async def test_the_page_waits_no_longer_than_telegram(
    server: PreviewServer, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.preview.page_endpoint._INLINE_SECONDS", 0.01)
    asked = {"chat_id": SME, "member_id": SME, "query": ""}
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as page:
        found = (await page.post("/preview/inline", json=asked)).json()
    assert found["answer"] is None
    with pytest.raises(ApiError, match=TOO_OLD):
        messenger.answers_inline(found["query_id"], {})
