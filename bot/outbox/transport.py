"""Calls to Telegram over aiohttp: PTB's contract and errors, at a fraction of the processor time.

Unlike ``HTTPXRequest``, it supports no proxy and follows ``TELEGRAM_API_URL`` only. It never puts
an address (it contains the token) or an answer (it contains what people wrote) into an error or a
log.
"""

import asyncio
import io
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.outbox.answers import understood
from bot.runtime import json_text

if TYPE_CHECKING:
    from telegram._utils.types import ODVInput

    # PTB exports the value (``BaseRequest.DEFAULT_NONE``), not the type.
    Seconds: TypeAlias = ODVInput[float]

_JSON = "application/json"
_SLICE = 64 * 1024
# The escapes of the HTML standard, "multipart/form-data encoding algorithm".
_IN_FILE_NAMES = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})
# Stands for a time-out of zero: to PTB zero means at once, to aiohttp no limit.
_AT_ONCE = 0.001
_POOL_FULL = (
    "Pool timeout: All connections in the connection pool are occupied. "
    "Request was *not* sent to Telegram."
)


# Long enough: a caller that gives up too early does not know whether the message was sent, and
# sends it again.
_ANSWER_SECONDS = 15.0


class Transport(StrEnum):
    """The HTTP library that carries the calls."""

    AIOHTTP = "aiohttp"
    HTTPX = "httpx"

    def request(self, connections: int, pool_timeout: float | None = 1.0) -> BaseRequest:
        """Return PTB's request object over this library; ``pool_timeout`` in seconds."""
        kind = AiohttpRequest if self is Transport.AIOHTTP else HttpxRequest
        return kind(
            connection_pool_size=connections,
            pool_timeout=pool_timeout,
            read_timeout=_ANSWER_SECONDS,
        )


class AiohttpRequest(BaseRequest):
    """PTB's request interface over aiohttp. Time-outs are in seconds; None waits for ever."""

    __slots__ = ("_default", "_media_write_timeout", "_pool", "_pool_size", "_session")

    def __init__(
        self,
        connection_pool_size: int = 256,
        *,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 1.0,
        media_write_timeout: float | None = 20.0,
    ) -> None:
        self._default = {
            "read": read_timeout,
            "write": write_timeout,
            "connect": connect_timeout,
            "pool": pool_timeout,
        }
        self._media_write_timeout = media_write_timeout
        self._pool_size = connection_pool_size
        # Calls are limited here: aiohttp's own limit shares one time-out with the connection that
        # follows.
        self._pool = asyncio.Semaphore(connection_pool_size)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer, unless a call says otherwise."""
        return self._default["read"]

    async def initialize(self) -> None:
        """Open the pool; do nothing where it is open."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._pool_size),
                headers={"User-Agent": self.USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        """Close every connection; do nothing where they are closed."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer; TelegramError where it is no JSON. PTB's method would log it whole."""
        try:
            answer: dict[str, Any] = json_text.read(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("Invalid server response") from None
        return answer

    async def do_request(  # noqa: PLR0913, PLR0917 - PTB's contract
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: "Seconds" = BaseRequest.DEFAULT_NONE,
        write_timeout: "Seconds" = BaseRequest.DEFAULT_NONE,
        connect_timeout: "Seconds" = BaseRequest.DEFAULT_NONE,
        pool_timeout: "Seconds" = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; return status and body. TimedOut, or NetworkError with the cause."""
        if self._session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._seconds("connect", connect_timeout),
            sock_read=self._seconds("read", read_timeout),
        )
        uploads = request_data is not None and request_data.contains_files
        if uploads and write_timeout is self.DEFAULT_NONE:
            write_timeout = self._media_write_timeout
        body = await _body(request_data, self._seconds("write", write_timeout))
        await self._take_place(self._seconds("pool", pool_timeout))
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = _translated(failure)
        else:
            return understood(method, status, content)
        finally:
            self._pool.release()
        # Raised outside the except block, so that the original error, whose text contains the
        # address, is not chained to it.
        raise error

    def _seconds(self, name: str, given: "Seconds") -> float | None:
        # PTB's marker for the default is the only other type of value.
        seconds = given if given is None or isinstance(given, int | float) else self._default[name]
        return None if seconds is None else max(seconds, _AT_ONCE)

    async def _take_place(self, seconds: float | None) -> None:
        if not self._pool.locked():
            await self._pool.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._pool.acquire()
        except TimeoutError:
            raise TimedOut(_POOL_FULL) from None


class HttpxRequest(HTTPXRequest):
    """PTB's own request object, which reads answers as the other one does."""

    __slots__ = ()
    parse_json_payload = staticmethod(AiohttpRequest.parse_json_payload)

    async def do_request(
        self,
        url: str,
        method: str,
        *arguments: Any,  # noqa: ANN401 - PTB's contract
        **more: Any,  # noqa: ANN401 - as above
    ) -> tuple[int, bytes]:
        """Send one request; return status and body."""
        status, content = await super().do_request(url, method, *arguments, **more)
        return understood(method, status, content)


def _translated(failure: Exception) -> TelegramError:
    if isinstance(failure, TimeoutError):
        return TimedOut()
    kind = type(failure)
    name = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
    # The only error text of aiohttp's that contains the host and not the address.
    reason = str(failure) if isinstance(failure, aiohttp.ClientConnectorError) else ""
    return NetworkError(f"{name}: {reason}" if reason else name)


class _Body(aiohttp.Payload):
    """A body written in slices, each with a time-out: aiohttp has none for a stalled upload.

    It consists of parts: bytes, and open files, which are read while they are written.
    """

    def __init__(
        self, parts: Sequence[bytes | IO[bytes]], content_type: str, slice_seconds: float | None
    ) -> None:
        super().__init__(parts, content_type=content_type)
        self._parts = [io.BytesIO(part) if isinstance(part, bytes) else part for part in parts]
        self._size = sum(map(_size_of, self._parts))
        self._slice_seconds = slice_seconds

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text: part of aiohttp's contract, for its debugging only."""
        return b"".join(map(_whole, self._parts)).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it; TimeoutError where the network accepts no more."""
        for part in self._parts:
            part.seek(0)
            while content := await _read(part):
                async with asyncio.timeout(self._slice_seconds):
                    await writer.write(content)


def _size_of(part: IO[bytes]) -> int:
    return part.seek(0, io.SEEK_END)


def _whole(part: IO[bytes]) -> bytes:
    part.seek(0)
    return part.read()


async def _read(part: IO[bytes]) -> bytes:
    # Memory answers at once; a disk may not.
    if isinstance(part, io.BytesIO):
        return part.read(_SLICE)
    return await asyncio.to_thread(part.read, _SLICE)


async def _body(data: RequestData | None, slice_seconds: float | None) -> aiohttp.Payload | None:
    if data is None:
        return None
    if data.contains_files:
        return _Body(*await _multipart(data), slice_seconds)
    content = orjson.dumps(data.parameters)
    if len(content) > _SLICE:
        return _Body([content], _JSON, slice_seconds)
    # aiohttp passes a small body to the socket's buffer at once: it cannot stall.
    return aiohttp.BytesPayload(content, content_type=_JSON)


async def _multipart(data: RequestData) -> tuple[list[bytes | IO[bytes]], str]:
    """Return the body's parts and its type; the content of a file is not read here.

    Field names are written as browsers do, as Telegram expects. aiohttp writes the form with a mark
    in the place of each open file.
    """
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    files: dict[bytes, IO[bytes]] = {}
    for name, (filename, given, content_type) in data.multipart_data.items():
        content = given if isinstance(given, bytes) else secrets.token_hex(32).encode()
        if not isinstance(given, bytes):
            files[content] = given
        form.add_field(
            name,
            io.BytesIO(content),
            filename=filename.translate(_IN_FILE_NAMES),
            content_type=content_type,
        )
    body = form()
    return _with_files(await body.as_bytes(), files), body.content_type


def _with_files(form: bytes, files: Mapping[bytes, IO[bytes]]) -> list[bytes | IO[bytes]]:
    parts: list[bytes | IO[bytes]] = []
    for mark, file in files.items():
        before, _mark, form = form.partition(mark)
        parts += [before, file]
    return [*parts, form]
