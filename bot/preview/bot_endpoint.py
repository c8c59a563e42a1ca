"""``/bot<token>/<method>``: takes the bot's calls, and answers as Telegram does.

A plain ASGI application, without a framework in between: a load test makes thousands of calls a
second. Only uploads go through Starlette's parser of forms.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from bot.preview.api_errors import ApiError, bad
from bot.preview.api_limits import PACED
from bot.preview.botapi import decode
from bot.preview.content import chat_of
from bot.preview.messenger import Messenger
from bot.preview.methods import METHODS
from bot.preview.planned_faults import Cut, CutConnectionError
from bot.runtime import json_text

PREFIXES = ("/bot", "/file/bot")
# Bot API, "Making requests": method names are case-insensitive.
_IN_ANY_CASE = {name.lower(): name for name in METHODS}
_MULTIPART = b"multipart/form-data"
_JSON = b"application/json"


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
        token, _, name = scope["path"].partition("/bot")[2].partition("/")
        try:
            if scope["path"].startswith("/file"):
                await _respond(send, 200, self._content(token, name), b"application/octet-stream")
            else:
                await _respond(send, 200, await self._answer(token, name, scope, receive), _JSON)
        except ApiError as error:
            await _respond(send, error.status, _refusal(error), _JSON)
        except (CutConnectionError, ClientDisconnect):
            self._abort(scope)
            await _until_gone(receive)

    async def _answer(self, token: str, method: str, scope: Scope, receive: Receive) -> bytes:
        if token != self._token:
            raise ApiError(401, "Unauthorized")
        method = _IN_ANY_CASE.get(method.lower(), method)
        fault = self._messenger.faults.taken(method)
        await self._delay(method)
        fault.strike()
        if _content_type(scope).startswith(_MULTIPART):
            # Keep the form open during the call, which may read an uploaded file.
            form = await _form(scope, receive)
            try:
                result = await self._carry_out(method, _query(scope) | dict(form))
            finally:
                await form.close()
        else:
            values = _query(scope) | _values(_content_type(scope), await _body(receive))
            result = await self._carry_out(method, values)
        if fault.cut is Cut.AFTER:
            raise CutConnectionError
        return _as_json({"ok": True, "result": result})

    async def _carry_out(self, method: str, raw: dict[str, Any]) -> object:
        values = decode(method, raw)
        pace = self._messenger.pace
        if pace and method in PACED:
            pace.admit(self._messenger.chats.writable(chat_of(values)))
        result = await METHODS[method](self._messenger, values)
        self._messenger.calls.append((method, values))
        return result

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


def _content_type(scope: Scope) -> bytes:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value.lower() for name, value in headers if name == b"content-type"), b"")


async def _form(scope: Scope, receive: Receive) -> FormData:
    try:
        return await Request(scope, receive).form()
    except (MultiPartException, KeyError) as error:
        raise bad("can't parse request body as multipart/form-data") from error


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _query(scope: Scope) -> dict[str, Any]:
    query: bytes = scope["query_string"]
    return _pairs(query) if query else {}


def _values(content_type: bytes, body: bytes) -> dict[str, Any]:
    """Return the parameters of a JSON or urlencoded body."""
    if not body:
        return {}
    if not content_type.startswith(_JSON):
        return _pairs(body)
    try:
        values = json_text.read_strictly(body)
    except ValueError as error:
        raise bad(f"can't parse request body as JSON: {error}") from error
    if not isinstance(values, dict):
        raise bad("request body must be a JSON object")
    return values


def _pairs(encoded: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise bad("strings must be encoded in UTF-8") from error


def _refusal(error: ApiError) -> bytes:
    body = {"ok": False, "error_code": error.status, "description": error.description}
    return _as_json(body | ({"parameters": error.parameters} if error.parameters else {}))


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def _respond(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _until_gone(receive: Receive) -> None:
    """Wait until the server notices the closed connection: it would answer 500 otherwise."""
    while (await receive())["type"] != "http.disconnect":
        pass
