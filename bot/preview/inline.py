"""Inline queries: what people type behind the bot's name, and the results that it answers with."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from bot.preview.api_errors import bad
from bot.preview.content import keyboard_of, text_of

Values = dict[str, Any]
# Bot API, InlineQuery and answerInlineQuery: characters, results, bytes, bytes.
LONGEST_QUERY = 256
MOST_RESULTS = 50
LONGEST_RESULT_ID = 64
LONGEST_OFFSET = 64
LONGEST_PARAMETER = 64
_PARAMETER = re.compile(r"[A-Za-z0-9_-]*")
_KEPT = 200
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and for which chat."""

    user_id: int
    chat_id: int


class InlineQueries:
    """The queries that wait for the bot, and what it answered; the oldest are forgotten."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, Asker] = OrderedDict()
        self._answers: OrderedDict[str, Values] = OrderedDict()

    def ask(self, query_id: str, asker: Asker) -> None:
        """Note a query that the bot gets."""
        self._asked[query_id] = asker
        _bound(self._asked)

    def expire(self, query_id: str) -> None:
        """Let nobody wait for a query any more: Telegram gives a bot some seconds."""
        self._asked.pop(query_id, None)

    def answer(self, query_id: str, answer: Values) -> None:
        """Take the bot's answer, once; ApiError for a query that does not wait for one."""
        if self._asked.pop(query_id, None) is None:
            raise bad(_TOO_OLD)
        self._answers[query_id] = answer
        _bound(self._answers)

    def answered(self, query_id: str) -> Values | None:
        """Return the answer to a query; None as long as there is none."""
        return self._answers.get(query_id)

    def message_of(self, query_id: str, result_id: str) -> Values:
        """Return the content of the message that a result sends; ApiError if there is none."""
        results = self._answers.get(query_id, {}).get("results", [])
        chosen = next((each for each in results if each["id"] == result_id), None)
        if chosen is None:
            raise bad("RESULT_ID_INVALID")
        return dict(chosen["message"])


def checked(values: Values) -> Values:
    """Return an answer's results, each with the message that it sends; ApiError as Telegram's."""
    results = values.get("results", [])
    if len(results) > MOST_RESULTS:
        raise bad("too many inline query results specified")
    ids = [result["id"] for result in results]
    if "" in ids:
        raise bad("RESULT_ID_EMPTY")
    if any(len(each.encode()) > LONGEST_RESULT_ID for each in ids):
        raise bad("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    if len(values.get("next_offset", "").encode()) > LONGEST_OFFSET:
        raise bad("NEXT_OFFSET_INVALID")
    return {
        "results": [_result(each) for each in results],
        "next_offset": values.get("next_offset", ""),
        "is_personal": values.get("is_personal", False),
        "cache_time": values.get("cache_time", 300),
        "button": _button(values.get("button")),
    }


def _result(result: Values) -> Values:
    if not result["title"].strip():
        raise bad("ARTICLE_TITLE_EMPTY")
    content = result["input_message_content"]
    message = text_of({"text": content["message_text"], **content}) | keyboard_of(result)
    shown = {name: result.get(name, "") for name in ("id", "title", "description")}
    return shown | {"message": message}


def _button(button: Values | None) -> Values | None:
    if button is None:
        return None
    parameter = button.get("start_parameter", "")
    if not parameter:
        raise bad("can't use empty start_parameter")
    if len(parameter) > LONGEST_PARAMETER:
        raise bad("too long start_parameter specified")
    if not _PARAMETER.fullmatch(parameter):
        raise bad("unallowed characters in start_parameter are used")
    return {"text": button["text"], "start_parameter": parameter}


def _bound(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > _KEPT:
        kept.popitem(last=False)
