"""What listens takes requests of a sensible size, and goes on after others."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse

from bot.runtime.web_server import WebServer

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(name="server")
async def listening() -> AsyncIterator[WebServer]:
    server = WebServer(PlainTextResponse("here"), "127.0.0.1", 0)
    await server.start()
    yield server
    await server.stop()


async def answer(server: WebServer, *parts: bytes) -> bytes:
    """Send a request part by part; return what comes until the server closes or has answered."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(10):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


async def test_requests_come_one_after_the_other_whatever_their_length(server: WebServer) -> None:
    long = b"X-Long: " + b"x" * 30_000 + b"\r\n"
    reader, writer = await asyncio.open_connection(server.host, server.port)
    # Of one connection, each head is measured by itself.
    for _ in range(4):
        for part in (HEAD, long[:20_000], long[20_000:], b"\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(4) == b"here"
    writer.close()


async def test_a_head_that_does_not_end_is_refused(server: WebServer) -> None:
    endless = [HEAD, *[b"X-Many: " + b"x" * 8_000 + b"\r\n"] * 9]
    assert (await answer(server, *endless)).startswith(b"HTTP/1.1 400")
    assert (await answer(server, HEAD + b"\r\n")).startswith(b"HTTP/1.1 200")


async def test_one_header_that_does_not_end_is_refused(server: WebServer) -> None:
    assert (await answer(server, HEAD, b"X-Long: ", *[b"x" * 8_000] * 9)).startswith(
        b"HTTP/1.1 400"
    )
