"""Calls to Telegram: both transports do what PTB's own tests of its request ask, on sockets."""

import asyncio
import gc
import io
import json
import logging
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from dialogue import inside
from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot
from telegram.request import BaseRequest, HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.outbox.bot_api import ask, refuses_token
from bot.outbox.refusals import Consequence, judge
from bot.outbox.transport import AiohttpRequest, HttpxRequest, Transport
from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running

TOKEN = "42:a-very-secret-token"  # noqa: S105 - a token of no bot
BLOCK = 1024 * 1024
Answer = Callable[["Call"], Awaitable[None]]


class Call:
    """One request as it arrived, and the way to answer it."""

    def __init__(self, head: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.method, self.target, _ = head.split("\r\n", maxsplit=1)[0].split(" ")
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        self.headers = {name.lower(): value for name, value in lines}
        self.body = body
        self.writer = writer

    async def answer(self, status: int = 200, body: object = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n"
        self.writer.write(head.encode() + content)
        await self.writer.drain()


class Server:
    """A server on loopback that answers as it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.connections = 0
        self.answers: Answer = answers(body={"ok": True, "result": True})
        self.reads_bodies = True
        self.called = asyncio.Event()
        self.release = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                call = Call(head, b"", writer)
                if not self.reads_bodies:
                    await self.release.wait()
                    return
                call.body = await reader.readexactly(int(call.headers.get("content-length", 0)))
                self.calls.append(call)
                self.called.set()
                await self.answers(call)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def answers(status: int = 200, body: object = None) -> Answer:
    async def answer(call: Call) -> None:
        await call.answer(status, body)

    return answer


def parameters(call: Call) -> dict[str, object]:
    """Read parameters in either of the forms that the Bot API takes them in."""
    kind = call.headers["content-type"]
    if kind == "application/json":
        return dict(json.loads(call.body))
    assert kind == "application/x-www-form-urlencoded"
    pairs = parse_qs(call.body.decode(), strict_parsing=True)
    return {
        name: value if name == "text" else json.loads(value) for name, (value,) in pairs.items()
    }


@pytest.fixture(name="server")
async def listening() -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/bot{TOKEN}/getMe"
        yield server
        server.release.set()


@pytest.fixture(name="kind", params=[AiohttpRequest, HttpxRequest])
def each(request: pytest.FixtureRequest) -> Callable[..., BaseRequest]:
    kind: Callable[..., BaseRequest] = request.param
    return kind


@pytest.fixture(name="request_")
async def opened(kind: Callable[..., BaseRequest]) -> AsyncIterator[BaseRequest]:
    async with kind() as request:
        yield request


async def failure(call: Awaitable[object]) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (418, NetworkError),
        (500, NetworkError),
        (502, NetworkError),
        (504, NetworkError),
        (599, NetworkError),
    ],
)
async def test_statuses_become_ptb_s_errors(
    request_: BaseRequest, server: Server, status: int, expected: type[TelegramError]
) -> None:
    server.answers = answers(status, {"ok": False, "description": "why"})
    error = await failure(request_.post(server.url))
    assert type(error) is expected
    assert "why" in error.message.lower()


async def test_a_404_that_is_not_telegram_s_is_trouble_of_the_network(
    kind: Callable[..., BaseRequest], server: Server
) -> None:
    me = {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}
    server.answers = answers(200, {"ok": True, "result": me})
    address = server.url.partition(TOKEN)[0]
    bot = ExtBot(TOKEN, base_url=address, request=kind(), get_updates_request=kind())
    async with bot:
        server.answers = answers(404, b"<html>Not Found</html>")
        error = await failure(ask(bot, "sendMessage", {"chat_id": 1, "text": "x"}))
    assert type(error) is NetworkError


async def test_without_a_description_the_status_is_named(
    request_: BaseRequest, server: Server
) -> None:
    server.answers = answers(502, b"<html>Bad Gateway</html>")
    assert "Bad Gateway (502)" in (await failure(request_.post(server.url))).message


async def test_a_pause_is_told(request_: BaseRequest, server: Server) -> None:
    server.answers = answers(429, {"ok": False, "parameters": {"retry_after": 7}})
    error = await failure(request_.post(server.url))
    assert isinstance(error, RetryAfter)
    assert inside(error, "retry_after").total_seconds() == 7


async def test_a_moved_group_is_told(request_: BaseRequest, server: Server) -> None:
    for given in (-100, "-100"):
        server.answers = answers(400, {"ok": False, "parameters": {"migrate_to_chat_id": given}})
        error = await failure(request_.post(server.url))
        assert isinstance(error, ChatMigrated)
        assert error.new_chat_id == -100


PAGE = b"<html>deactivated, restricted, retry later, unauthorized</html>"


@pytest.mark.parametrize("status", [401, 403, 409, 413, 418, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("content", [PAGE, b"", b"[]", b"null", b'"no"', b"5"])
async def test_a_page_of_a_proxy_is_trouble_and_not_telegram_s_word(
    request_: BaseRequest, server: Server, status: int, content: bytes
) -> None:
    server.answers = answers(status, content)
    error = await failure(request_.post(server.url))
    assert type(error) is NetworkError
    assert "html" not in error.message
    refusal = judge(error, in_group=False)
    assert refusal.consequence is (Consequence.PARK if status == 413 else Consequence.RETRY)


@pytest.mark.parametrize("status", [400, 404])
async def test_a_page_that_is_about_the_call_is_not_quoted(
    request_: BaseRequest, server: Server, status: int
) -> None:
    server.answers = answers(status, PAGE)
    error = await failure(request_.post(server.url))
    assert str(status) in error.message
    assert "html" not in error.message
    assert not (isinstance(error, InvalidToken) and refuses_token(error))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (500, NetworkError),
        (None, BadRequest),
        (200, BadRequest),
        ("403", BadRequest),
    ],
)
async def test_a_refusal_told_with_status_200_is_a_refusal(
    request_: BaseRequest, server: Server, code: object, expected: type[TelegramError]
) -> None:
    server.answers = answers(200, {"ok": False, "error_code": code, "description": "why"})
    error = await failure(request_.post(server.url))
    assert (type(error), error.message.lower()) == (expected, "why")


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b"null", b"5", b'{"ok":true}', b'{"ok": true}', PAGE, b""]
)
async def test_a_success_without_a_result_is_trouble(
    request_: BaseRequest, server: Server, content: bytes
) -> None:
    server.answers = answers(200, content)
    error = await failure(request_.post(server.url))
    assert judge(error, in_group=False).consequence is Consequence.RETRY


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("given", [5, "x", [1], None, {"retry_after": [1]}, {"retry_after": "x"}])
@pytest.mark.parametrize("said", [5, ["x"], {}, None, "why"])
async def test_a_refusal_of_odd_types_is_telegram_s_error(
    request_: BaseRequest, server: Server, status: int, given: object, said: object
) -> None:
    body = {"ok": False, "description": said, "parameters": given}
    server.answers = answers(status, body)
    error = await failure(request_.post(server.url))
    assert type(error) in {BadRequest, NetworkError}
    assert said != "why" or error.message.lower() == "why"


@pytest.mark.parametrize("given", ["7", 7, 6.5, "6.5"])
async def test_a_number_written_otherwise_is_read(
    request_: BaseRequest, server: Server, given: object
) -> None:
    server.answers = answers(429, {"ok": False, "parameters": {"retry_after": given}})
    error = await failure(request_.post(server.url))
    assert isinstance(error, RetryAfter)
    assert inside(error, "retry_after").total_seconds() == 7


async def test_a_file_may_hold_anything(request_: BaseRequest, server: Server) -> None:
    for content in (b'{"ok": false}', PAGE, b"[]"):
        server.answers = answers(200, content)
        assert await request_.retrieve(server.url) == content


async def test_an_answer_that_is_no_json(request_: BaseRequest, server: Server) -> None:
    server.answers = answers(body=b"{not json")
    assert (await failure(request_.post(server.url))).message == "Invalid server response"


async def test_what_is_no_utf8_is_replaced(request_: BaseRequest, server: Server) -> None:
    server.answers = answers(body=b'{"ok": true, "result": "caf\xe9"}')
    assert str(await request_.post(server.url)) == "caf\ufffd"


async def test_parameters_arrive(request_: BaseRequest, server: Server) -> None:
    markup = {"inline_keyboard": [[{"text": "é", "url": "https://x"}]]}
    given = {"text": "à & b=1", "chat_id": 5, "reply_markup": markup, "show_alert": False}
    data = RequestData([_parameter(name, value) for name, value in given.items()])
    assert await request_.post(server.url, data) is True
    (call,) = server.calls
    assert call.method == "POST"
    assert parameters(call) == given
    assert call.headers["user-agent"] == BaseRequest.USER_AGENT


async def test_a_file_is_retrieved_whole(request_: BaseRequest, server: Server) -> None:
    server.answers = answers(body=bytes(range(256)))
    assert await request_.retrieve(f"{server.url}?a=%C3%A9") == bytes(range(256))
    assert server.calls[0].method == "GET"
    assert server.calls[0].target.endswith("?a=%C3%A9")


async def test_connections_are_used_again(request_: BaseRequest, server: Server) -> None:
    for _ in range(5):
        await request_.post(server.url)
    assert server.connections == 1


async def test_many_at_once(request_: BaseRequest, server: Server) -> None:
    async def echo(call: Call) -> None:
        await call.answer(body={"ok": True, "result": parameters(call)["n"]})

    server.answers = echo
    calls = [request_.post(server.url, RequestData([_parameter("n", n)])) for n in range(50)]
    told: list[object] = list(await asyncio.gather(*calls))
    assert told == list(range(50))


async def test_a_redirection_is_not_followed(request_: BaseRequest, server: Server) -> None:
    async def redirect(call: Call) -> None:
        call.writer.write(
            b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        )

    server.answers = redirect
    assert type(await failure(request_.post(server.url))) is NetworkError


async def test_a_cut_connection(request_: BaseRequest, server: Server) -> None:
    async def cut(call: Call) -> None:
        call.writer.transport.abort()

    server.answers = cut
    assert type(await failure(request_.post(server.url))) is NetworkError


async def test_an_answer_cut_in_the_middle(request_: BaseRequest, server: Server) -> None:
    async def cut(call: Call) -> None:
        call.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        call.writer.close()

    server.answers = cut
    error = await failure(request_.post(server.url))
    assert type(error) is NetworkError
    assert "Error" in error.message


async def test_what_is_no_http(request_: BaseRequest, server: Server) -> None:
    async def babble(call: Call) -> None:
        call.writer.write(b"hello\r\n\r\n")
        call.writer.close()

    server.answers = babble
    assert type(await failure(request_.post(server.url))) is NetworkError


async def test_nobody_there_names_the_error(request_: BaseRequest) -> None:
    error = await failure(request_.post(f"http://127.0.0.1:9/bot{TOKEN}/getMe"))
    assert type(error) is NetworkError
    assert "Connect" in error.message


async def test_an_answer_that_does_not_come(request_: BaseRequest, server: Server) -> None:
    async def nothing(_call: Call) -> None:
        await server.release.wait()

    server.answers = nothing
    assert isinstance(await failure(request_.post(server.url, read_timeout=0.05)), TimedOut)


async def test_a_connection_that_is_not_made(kind: Callable[..., BaseRequest]) -> None:
    # Nobody answers there (RFC 5737, TEST-NET-1); without any network, the refusal is immediate.
    async with kind(connect_timeout=0.05) as request:
        error = await failure(request.post("http://192.0.2.1/"))
    assert isinstance(error, TimedOut) or "Connect" in error.message


async def test_an_upload_that_nobody_takes(
    kind: Callable[..., BaseRequest], server: Server
) -> None:
    server.reads_bodies = False
    async with kind(write_timeout=30, media_write_timeout=0.05) as request:
        error = await failure(request.post(server.url, _upload(64 * BLOCK)))
    assert isinstance(error, TimedOut)


async def test_a_call_s_own_write_timeout_comes_first(
    kind: Callable[..., BaseRequest], server: Server
) -> None:
    server.reads_bodies = False
    async with kind(media_write_timeout=30) as request:
        call = request.post(server.url, _upload(64 * BLOCK), write_timeout=0.05)
        assert isinstance(await failure(call), TimedOut)


async def test_no_free_connection(kind: Callable[..., BaseRequest], server: Server) -> None:
    async def wait(call: Call) -> None:
        await server.release.wait()
        await call.answer(body={"ok": True, "result": 1})

    server.answers = wait
    async with kind(connection_pool_size=1, pool_timeout=0.05) as request:
        first = asyncio.create_task(request.post(server.url))
        await server.called.wait()
        error = await failure(request.post(server.url))
        assert isinstance(error, TimedOut)
        assert "Pool timeout" in error.message
        patient = asyncio.create_task(request.post(server.url, pool_timeout=None))
        server.release.set()
        told: list[object] = list(await asyncio.gather(first, patient))
        assert told == [1, 1]


async def test_a_cancelled_call_gives_its_place_back(
    kind: Callable[..., BaseRequest], server: Server
) -> None:
    async def wait(call: Call) -> None:
        if len(server.calls) == 1:
            await server.release.wait()
        await call.answer(body={"ok": True, "result": 1})

    server.answers = wait
    async with kind(connection_pool_size=1) as request:
        first = asyncio.create_task(request.post(server.url))
        await server.called.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert await request.post(server.url) == 1


async def test_read_timeout_is_the_default_one(kind: Callable[..., BaseRequest]) -> None:
    async with kind(read_timeout=12) as request:
        assert request.read_timeout == 12
    assert kind().read_timeout == 5


async def test_opened_and_closed_twice(kind: Callable[..., BaseRequest], server: Server) -> None:
    request = kind()
    await request.initialize()
    await request.initialize()
    assert await request.post(server.url) is True
    await request.shutdown()
    await request.shutdown()
    assert "not initialized" in (await failure(request.post(server.url))).message
    await request.initialize()
    assert await request.post(server.url) is True
    await request.shutdown()


async def test_nothing_stays_open(kind: Callable[..., BaseRequest], server: Server) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with kind() as request:
            await request.post(server.url)
        del request
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("name", ["reçu été.txt", 'a"b.txt', "line\r\nX-Y: z.txt"])
async def test_a_file_arrives_as_it_is(kind: Callable[..., BaseRequest], name: str) -> None:
    content = bytes(range(256)) * 5000
    async with running(PreviewServer()) as preview:
        preview.messenger.says(preview.messenger.sme, "bonjour")
        async with Bot(
            PREVIEW_TOKEN,
            base_url=f"{preview.url}/bot",
            base_file_url=f"{preview.url}/file/bot",
            request=kind(),
            get_updates_request=kind(),
        ) as bot:
            file = InputFile(io.BytesIO(content), name, read_file_handle=False)
            sent = await bot.send_document(preview.messenger.sme.id, file, caption="été & <b>")
            arrived = preview.messenger.messages(preview.messenger.sme.id)[-1]
            assert (arrived["message_id"], arrived["caption"]) == (sent.message_id, "été & <b>")
            assert unquote(arrived["document"]["file_name"]) == name
            there = await bot.get_file(arrived["document"]["file_id"])
            assert bytes(await there.download_as_bytearray()) == content


class Watched(io.FileIO):
    """A file that remembers the most that was read of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content: bytes = super().read(-1 if size is None else size) or b""
        self.most = max(self.most, len(content))
        return content


async def test_an_open_file_is_read_while_it_is_sent(
    request_: BaseRequest, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "large.html"
    content = b"0123456789abcdef" * BLOCK
    path.write_bytes(content)
    with Watched(path) as file:
        document = InputFile(file, "large.html", read_file_handle=False)
        data = RequestData([_parameter("document", document), _parameter("caption", "c")])
        for _ in range(2):
            assert (await request_.do_request(server.url, "POST", data))[0] == 200
    for call in server.calls:
        assert content in call.body
        assert call.body.count(b"large.html") == 1
        assert int(call.headers["content-length"]) == len(call.body)
    assert 0 < file.most <= BLOCK


async def test_the_token_is_in_no_error_and_no_log(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def cut(call: Call) -> None:
        call.writer.transport.abort()

    caplog.set_level(logging.DEBUG)
    async with AiohttpRequest(read_timeout=0.05) as request:
        for answer in (cut, answers(body=b"x" + TOKEN.encode())):
            server.answers = answer
            await _leaks_nothing(request.post(server.url))
        for url in (f"http://[{TOKEN}", f"gopher://x/{TOKEN}", f"http:///bot{TOKEN}", f"/{TOKEN}"):
            await _leaks_nothing(request.post(url))
    assert TOKEN not in caplog.text


async def _leaks_nothing(call: Awaitable[object]) -> None:
    error = await failure(call)
    assert TOKEN not in "".join(traceback.format_exception(error))
    assert TOKEN not in repr(error.__context__)


async def test_what_the_settings_name() -> None:
    assert isinstance(Transport("aiohttp").request(4), AiohttpRequest)
    assert isinstance(Transport("httpx").request(4, pool_timeout=2), HTTPXRequest)


@pytest.mark.parametrize("transport", Transport)
async def test_an_answer_is_waited_for_longer_than_ptb_does(transport: Transport) -> None:
    # A message whose answer is not heard is sent again.
    assert transport.request(4).read_timeout == 15


def _parameter(name: str, value: object) -> Any:
    return RequestParameter.from_input(name, value)


def _upload(size: int) -> RequestData:
    return RequestData([_parameter("document", InputFile(io.BytesIO(bytes(size)), "a.bin"))])
