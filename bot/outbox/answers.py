"""What a server answers to a call, as PTB expects it of Telegram.

Some servers tell a refusal with status 200. A proxy in between answers with a page of its own: PTB
quotes it in an error, where its words would be read as Telegram's.
"""

import json
import re
from http import HTTPStatus

from telegram.error import NetworkError, TelegramError

from bot.runtime import json_text

# How Telegram begins an answer to a call that was made: these are most, and are read only once.
_SUCCESS = b'{"ok":true,"result":'
# The parameters of a refusal that PTB reads (Bot API, ResponseParameters).
_NUMBERS = ("retry_after", "migrate_to_chat_id")
# The statuses that say something even without words: of the call (400), or of the method (404).
_OF_THE_CALL = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


def understood(method: str, status: int, content: bytes) -> tuple[int, bytes]:
    """Return status and content, as Telegram would have answered; TelegramError where it is lost.

    ``method`` is that of HTTP: what is got may be a file, of any content.
    """
    is_success = HTTPStatus.OK <= status <= 299  # noqa: PLR2004 - PTB's limits
    if is_success and (method == "GET" or content.startswith(_SUCCESS)):
        return status, content
    answer = _object(content)
    if answer is None:
        return status, _of_a_page(status, is_success=is_success)
    if is_success and answer.get("ok") is False:
        return _status_told(answer), _readable(answer)
    if is_success and "result" not in answer:
        raise TelegramError("Invalid server response")
    return status, content if is_success else _readable(answer)


def _object(content: bytes) -> dict[str, object] | None:
    try:
        answer = json_text.read(content.decode("utf-8", "replace"))
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _of_a_page(status: int, *, is_success: bool) -> bytes:
    """Return what is left of an answer that is not Telegram's: nothing; NetworkError if no more."""
    if is_success:
        raise TelegramError("Invalid server response")
    if status in _OF_THE_CALL:
        return b""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # The phrase of this status differs between versions of Python.
        raise NetworkError("Request Entity Too Large")
    known = {each.value: each.phrase for each in HTTPStatus}
    raise NetworkError(f"{known.get(status, 'Unknown HTTPError')} ({status})")


def _readable(refusal: dict[str, object]) -> bytes:
    """Write a refusal again with what PTB reads of it, each in its documented type.

    Of another type, PTB raises any error, or passes it on.
    """
    given, said = refusal.get("parameters"), refusal.get("description")
    numbers = {
        name: number
        for name in _NUMBERS
        if isinstance(given, dict) and (number := _number(given.get(name))) is not None
    }
    words = said if isinstance(said, str) else ""
    return json.dumps({"ok": False, "description": words, "parameters": numbers}).encode()


def _number(value: object) -> int | None:
    found = re.fullmatch(r"(-?[0-9]{1,18})(\.[0-9]+)?", str(value))
    # A part of a second is waited for as a whole one.
    return int(found[1]) + bool(found[2]) if found else None


def _status_told(answer: dict[str, object]) -> int:
    code = answer.get("error_code")
    is_error = isinstance(code, int) and HTTPStatus.BAD_REQUEST <= code <= 599  # noqa: PLR2004 - of HTTP
    return int(str(code)) if is_error else HTTPStatus.BAD_REQUEST.value
