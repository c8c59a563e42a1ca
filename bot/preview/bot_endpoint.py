"""``/bot<token>/<method>``: takes the bot's calls, and answers as Telegram does.

A plain ASGI application, without a framework in between: a load test makes thousands of calls a
second. Only uploads go through Starlette's parser of forms.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from bot.preview.api_errors import ApiError, bad
from bot.preview.api_limits import PACED
from bot.preview.bodies import bounded, too_large
from bot.preview.content import chat_of
from bot.preview.messenger import Messenger
from bot.preview.methods import METHODS, Said
from bot.preview.parameters import Arguments, decode
from bot.preview.planned_faults import Cut, CutConnectionError, PlannedFault
from bot.preview.scalars import text_of
from bot.runtime import json_text

logger = logging.getLogger(__name__)
PREFIXES = ("/bot", "/file/bot")
# Bot API, "Making requests": method names are case-insensitive.
_IN_ANY_CASE = {name.lower(): name for name in METHODS}
_MULTIPART = b"multipart/form-data"
_JSON = b"application/json"
_URLENCODED = b"application/x-www-form-urlencoded"
_VERBS = frozenset({"GET", "POST"})
# In the answer of a webhook, these and all that begins with "get" are not carried out.
_NEVER_ANSWERED = frozenset({"setwebhook", "deletewebhook", "close", "logout"})
# Bytes of all parameters, files apart; bytes of all files (Bot API, "Sending files"); files.
_LARGEST_BODY = 1 << 20
_LARGEST_UPLOAD = 50 << 20
_MOST_FILES = 50
_LONGEST_TOKEN = 80


class BotEndpoint:
    """The Bot API over a messenger."""

    def __init__(
        self,
        messenger: Messenger,
        token: str,
        stopping: asyncio.Event,
        abort: Callable[[Scope], None],
    ) -> None:
        self._messenger = messenger
        self._token = token
        self._stopping = stopping
        # Closes the connection of a request at once.
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or one download."""
        token, slash, name = scope["path"].partition("/bot")[2].partition("/")
        try:
            if scope["path"].startswith("/file"):
                await _respond(send, 200, self._content(token, name), b"application/octet-stream")
                return
            self._admit(token if slash else None, scope["method"])
            await _respond(send, 200, await self._answer(name, scope, receive), _JSON)
        except ApiError as error:
            await _respond(send, error.status, _refusal(error), _JSON, error.retry_after)
        except (CutConnectionError, ClientDisconnect):
            self._abort(scope)
            await _until_gone(receive)

    def _admit(self, token: str | None, verb: str) -> None:
        """Let only the bot in, and say to others what Telegram says."""
        if verb not in _VERBS:
            raise ApiError(501, "Not Implemented")
        if token is None:
            raise ApiError(404, "Not Found")
        number = token.partition(":")[0]
        if ":" not in token or token.startswith("0") or len(token) > _LONGEST_TOKEN:
            raise ApiError(401, "Unauthorized: invalid token specified")
        if not re.fullmatch(r"-?\d{1,18}", number, re.ASCII):
            raise ApiError(421, "Misdirected Request: unallowed token specified")
        if int(number) <= 0:
            raise ApiError(401, "Unauthorized: invalid token specified")
        if token != self._token:
            raise ApiError(401, "Unauthorized")

    async def _answer(self, name: str, scope: Scope, receive: Receive) -> bytes:
        fault = await self._struck(_method(name))
        async with _arguments(scope, receive) as given:
            result = await self._carry_out(name, given)
        if fault.cut is Cut.AFTER:
            raise CutConnectionError
        if isinstance(result, Said):
            return _as_json({"ok": True, "result": True, "description": result.description})
        return _as_json({"ok": True, "result": result})

    async def take_from_webhook(self, content_type: bytes, body: bytes) -> None:
        """Carry out the method that a webhook's answer names; nobody is told how that ends."""
        headers = [(b"content-type", content_type)]
        scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            async with _arguments(scope, receive) as given:
                name = text_of(given.values.get("method", "")).lower()
                if name and not name.startswith("get") and name not in _NEVER_ANSWERED:
                    await self._carry_out(name, given)
        except ApiError as error:
            logger.warning("webhook: its answer is not carried out: %s", error.description)

    async def _struck(self, method: str) -> PlannedFault:
        """Return the fault planned for a call, after its delay; raise it if it comes before."""
        fault = self._messenger.faults.taken(method)
        await self._delay(method)
        fault.strike()
        return fault

    async def _carry_out(self, name: str, given: Arguments) -> object:
        method = _method(name or str(given.values.get("method", "")))
        decoded = decode(method, given)
        self._note(method, decoded.ignored)
        values, pace = decoded.values, self._messenger.pace
        if pace and method in PACED:
            pace.admit(self._messenger.chats.writable(chat_of(values)))
        result = await METHODS[method](self._messenger, values)
        self._messenger.calls.append((method, values))
        return result

    def _note(self, method: str, names: list[str]) -> None:
        """Keep an account of what Telegram does not read: whoever wrote the bot may be wrong."""
        for name in names:
            if name == "method":
                continue
            logger.warning("%s: Telegram does not know %s, and ignores it", method, name[:80])
            self._messenger.ignored.append(f"{method}: {name}")

    async def _delay(self, method: str) -> None:
        seconds = self._messenger.faults.delay_of(method)
        if not seconds:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise CutConnectionError

    def _content(self, token: str, path: str) -> bytes:
        """Return the content of a file at the path that ``getFile`` gave."""
        file_id = path.removeprefix("files/")
        if token != self._token or file_id not in self._messenger.files:
            raise ApiError(404, "Not Found")
        return self._messenger.file(file_id)


def _method(name: str) -> str:
    return _IN_ANY_CASE.get(name.lower(), name)


def _content_type(scope: Scope) -> bytes:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value.lower() for name, value in headers if name == b"content-type"), b"")


@contextlib.asynccontextmanager
async def _arguments(scope: Scope, receive: Receive) -> AsyncIterator[Arguments]:
    """Read the parameters of a call; its uploaded files can be read as long as the block lasts."""
    if not _content_type(scope).startswith(_MULTIPART):
        body = await _body(bounded(receive, _LARGEST_BODY))
        # What stands in the address comes first, and the first of a name counts.
        yield Arguments(_values(_content_type(scope), body) | _query(scope))
        return
    form = await _form(scope, bounded(receive, _LARGEST_BODY + _LARGEST_UPLOAD))
    try:
        yield _uploaded(form, _query(scope))
    finally:
        await form.close()


async def _form(scope: Scope, receive: Receive) -> FormData:
    try:
        return await Request(scope, receive).form(max_part_size=_LARGEST_BODY)
    except (MultiPartException, KeyError) as error:
        raise bad("can't parse request body as multipart/form-data") from error


def _uploaded(form: FormData, query: dict[str, Any]) -> Arguments:
    values: dict[str, Any] = {}
    files: dict[str, UploadFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, value)
        else:
            values.setdefault(name, value)
    if len(files) > _MOST_FILES or sum(file.size or 0 for file in files.values()) > _LARGEST_UPLOAD:
        raise too_large()
    return Arguments(values | query, files)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    parts = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
    return _within_limit(b"".join(parts))


def _within_limit(body: bytes) -> bytes:
    if len(body) > _LARGEST_BODY:
        raise too_large("too many parameters")
    return body


def _query(scope: Scope) -> dict[str, Any]:
    query: bytes = scope["query_string"]
    return _pairs(_within_limit(query)) if query else {}


def _values(content_type: bytes, body: bytes) -> dict[str, Any]:
    """Return the parameters of a JSON or urlencoded body; the server reads no other one."""
    if _URLENCODED in content_type:
        return _pairs(body)
    if not body or _JSON not in content_type:
        return {}
    try:
        values = json_text.read_strictly(body)
    except ValueError as error:
        raise bad(f"can't parse request body as JSON: {error}") from error
    if not isinstance(values, dict):
        raise bad("JSON object expected")
    return values


def _pairs(encoded: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise bad("strings must be encoded in UTF-8") from error
    return dict(reversed(pairs))


def _refusal(error: ApiError) -> bytes:
    body = {"ok": False, "error_code": error.status, "description": error.description}
    return _as_json(body | ({"parameters": error.parameters} if error.parameters else {}))


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def _respond(
    send: Send, status: int, body: bytes, content_type: bytes, retry_after: int = 0
) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _until_gone(receive: Receive) -> None:
    """Wait until the server notices the closed connection: it would answer 500 otherwise."""
    while (await receive())["type"] != "http.disconnect":
        pass
