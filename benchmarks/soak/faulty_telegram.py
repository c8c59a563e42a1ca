"""A stand-in for Telegram over raw HTTP/1.1: it fails as the weather says, and records all calls.

Every call that it carried out is in the ``Record``, answered or not. Updates come from the
``Mail``.
"""

import asyncio
import json
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from benchmarks.soak.mail import Mail
from benchmarks.soak.record import SHOWN, Accepted, Record, Refused
from benchmarks.soak.weather import AFTER, SILENT, Incident, Weather

Json: TypeAlias = Any
Values: TypeAlias = dict[str, Json]
TOKEN = "1:soak"  # noqa: S105 - opens this server only
# Longer than the bot waits for an answer (5 s).
_SILENCE_SECONDS = 7.0
_BOT = {"id": 1, "is_bot": True, "first_name": "Soak", "username": "soak_bot"}
_REASONS = {
    200: "OK",
    400: "Bad Request",
    429: "Too Many Requests",
    500: "Oops",
    502: "Bad Gateway",
}


class FaultyTelegram:
    """The server; ``url`` is info once it is started."""

    def __init__(self, record: Record, mail: Mail, weather: Weather) -> None:
        self._record = record
        self._mail = mail
        self._weather = weather
        self._server: asyncio.Server | None = None
        self._webhook: Values = {}

    @property
    def url(self) -> str:
        """The address of the server."""
        if self._server is None:
            raise RuntimeError("not started")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _request(reader):
                if not await self._respond(writer, *request):
                    writer.transport.abort()
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _respond(self, writer: asyncio.StreamWriter, method: str, values: Values) -> bool:
        """Answer one request; False where the connection is to be cut instead."""
        fault = self._weather.draw()
        if fault in {Incident.FLOOD, Incident.BROKEN, Incident.GATEWAY}:
            writer.write(_failure(fault))
            return True
        call: Accepted | None = None
        if fault is Incident.NONE or fault in AFTER:
            call, status, body = await self._carry_out(method, values)
        if fault in SILENT:
            await asyncio.sleep(_SILENCE_SECONDS)
        if fault is not Incident.NONE:
            return False
        # A process that was killed or whose call timed out reads no answer.
        answered = not writer.transport.is_closing()
        if call is not None:
            call.answered = answered
        if answered:
            writer.write(_response(status, body))
        return answered

    async def _carry_out(self, method: str, values: Values) -> tuple[Accepted | None, int, Json]:
        try:
            if method in SHOWN:
                call, result = self._record.take(method, int(values.pop("chat_id")), values)
                return call, 200, {"ok": True, "result": result}
            return None, 200, {"ok": True, "result": await self._answer(method, values)}
        except Refused as refused:
            description = f"Bad Request: {refused}"
            return None, 400, {"ok": False, "error_code": 400, "description": description}

    async def _answer(self, method: str, values: Values) -> Json:
        if method == "getMe":
            return _BOT
        if method == "getUpdates":
            return await self._mail.fetch(int(values.get("offset", 0)))
        if method == "setWebhook":
            self._webhook = values
        if method == "getWebhookInfo":
            info = {"url": self._webhook.get("url", ""), "has_custom_certificate": False}
            allowed = self._webhook.get("allowed_updates", [])
            return info | {"pending_update_count": 0, "allowed_updates": allowed}
        if method == "deleteMessage":
            self._record.delete(int(values["chat_id"]), int(values["message_id"]))
        if method == "answerCallbackQuery":
            self._record.taps_answered.add(str(values.get("callback_query_id")))
        return True


async def _request(reader: asyncio.StreamReader) -> tuple[str, Values] | None:
    """Read one request: its method and parameters; None where the connection has ended."""
    line = await reader.readline()
    if not line:
        return None
    length, kind = 0, b""
    while (header := await reader.readline()).strip():
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"content-type":
            kind = value.strip()
    body = await reader.readexactly(length) if length else b""
    address, _, query = line.split(b" ")[1].partition(b"?")
    method = address.rsplit(b"/", 1)[1].decode()
    return method, _values(query, kind, body)


def _values(query: bytes, kind: bytes, body: bytes) -> Values:
    if kind.startswith(b"application/json"):
        return {name: _plain(name, value) for name, value in json.loads(body or b"{}").items()}
    if kind.startswith(b"multipart/"):
        return _multipart(body)
    pairs = parse_qs((query or body).decode())
    return {name: _plain(name, values[0]) for name, values in pairs.items()}


def _plain(name: str, value: Json) -> Json:
    """Decode a parameter that PTB sends as JSON inside JSON."""
    if name in {"reply_markup", "reply_parameters", "allowed_updates"} and isinstance(value, str):
        return json.loads(value)
    return value


def _multipart(body: bytes) -> Values:
    boundary = body.split(b"\r\n", 1)[0]
    values = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.split(b'name="', 1)[1].split(b'"', 1)[0].decode()
        values[name] = value.decode("utf-8", "replace")
    return values


def _failure(fault: Incident) -> bytes:
    if fault is Incident.GATEWAY:
        # As a reverse proxy answers: the body is no JSON.
        return _response(502, "<html>502 Bad Gateway</html>")
    status = int(fault.value)
    body: Json = {"ok": False, "error_code": status, "description": _REASONS[status]}
    if fault is Incident.FLOOD:
        body["parameters"] = {"retry_after": 1}
    return _response(status, body)


def _response(status: int, body: Json) -> bytes:
    content = (body if isinstance(body, str) else json.dumps(body)).encode()
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + content
