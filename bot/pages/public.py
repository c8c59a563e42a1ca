"""The public pages from memory: those of the knowledge in service, and nothing but reading.

A page is made when it is first asked for, and kept as its bytes until the knowledge or the day
changes. What then is asked for is made anew, so that a publication needs no restart.
"""

import asyncio
import gzip
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from starlette.types import Receive, Scope, Send

from bot.pages.rendering import TEXT
from bot.runtime.ready_answers import (
    ReadyAnswer,
    ReadyAnswers,
    WireForm,
    accepts_gzip,
    found,
    holds,
)
from handlers.core.services import Services
from knowledge.knowledge import Knowledge
from knowledge.territories.town_list import TownList
from website import addresses
from website.facts import Facts
from website.site import File, Site

logger = logging.getLogger(__name__)
Headers: TypeAlias = list[tuple[bytes, bytes]]

_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Headers = [
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
]
# A publication is seen within five minutes. The style sheet's address changes with it.
_SHORT, _LONG = b"public, max-age=300", b"public, max-age=86400"
# Programs of other sites may read the data.
_FOR_ALL = (b"access-control-allow-origin", b"*")
_DATA = ("application/", "text/csv")
# Below this, gzip gains nothing on a network whose packets are of some 1,400 bytes.
_SMALLEST_PACKED = 1000
# Lists that were filtered by several criteria, and pages in place of missing ones.
_MOST_KEPT = 256
_METHODS = b"GET, HEAD"
_NOTHING: ReadyAnswers = {}
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Form:
    """The bytes of an answer in one encoding, its headers, and those of "not modified"."""

    headers: Headers
    content: bytes
    unchanged: Headers
    wire: WireForm


class Answer:
    """What is answered for one file: plain, or packed where that is shorter and understood."""

    __slots__ = ("_packed", "_plain", "_status", "ready")

    def __init__(
        self, file: File, status: int = 200, *, cached: bytes = _SHORT, location: str = ""
    ) -> None:
        self._status = status
        digest = hashlib.sha256(file.content).hexdigest()[:20]
        own: Headers = [*_HEADERS, (b"cache-control", cached), (b"vary", b"accept-encoding")]
        if location:
            own.append((b"location", location.encode()))
        if file.media.startswith(_DATA):
            own.append(_FOR_ALL)
        media = (b"content-type", file.media.encode())
        self._plain = _form(own, media, file.content, f'"{digest}"')
        self._packed = self._plain
        if len(file.content) >= _SMALLEST_PACKED:
            packed = gzip.compress(file.content, 9, mtime=0)
            own = [*own, (b"content-encoding", b"gzip")]
            # Other bytes have a tag of their own (RFC 9110, 8.8.3).
            self._packed = _form(own, media, packed, f'"{digest}-gz"')
        # What goes over the wire for a GET, as `send` would have it.
        self.ready = ReadyAnswer(self._plain.wire, self._packed.wire)

    async def send(self, scope: Scope, send: Send) -> None:
        """Answer a GET or HEAD; 304 where the client has the same bytes."""
        accepted, known = _asked(scope["headers"])
        form = self._packed if accepted else self._plain
        if known is not None and self._status == 200 and holds(known, form.wire.tag):  # noqa: PLR2004 - HTTP's "OK"
            await send({"type": "http.response.start", "status": 304, "headers": form.unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": self._status, "headers": form.headers})
        body = b"" if scope["method"] == "HEAD" else form.content
        await send({"type": "http.response.body", "body": body})


def _form(own: Headers, media: tuple[bytes, bytes], content: bytes, tag: str) -> _Form:
    tagged = [*own, (b"etag", tag.encode())]
    length = (b"content-length", str(len(content)).encode())
    headers = [*tagged, media, length]
    whole = _wire(b"200 OK", headers) + content
    unchanged = _wire(b"304 Not Modified", tagged)
    return _Form(headers, content, tagged, WireForm(tag.encode(), whole, unchanged))


def _wire(status: bytes, headers: Headers) -> bytes:
    """Return the head of an answer as RFC 9112 writes it."""
    lines = b"".join(b"%s: %s\r\n" % each for each in headers)
    return b"HTTP/1.1 %s\r\n%s\r\n" % (status, lines)


def _asked(headers: Headers) -> tuple[bool, bytes | None]:
    """Return whether gzip is understood, and the tags that the client knows."""
    accepted, known = False, None
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = accepts_gzip(value)
        elif name == b"if-none-match":
            known = value
    return accepted, known


@dataclass(frozen=True, slots=True)
class _Sources:
    """All that decides what the pages say and that changes while the bot runs."""

    knowledge: Knowledge
    towns: TownList
    day: date
    bot_username: str

    def are_still(self, services: Services) -> bool:
        """Tell whether they are those of now: the same objects, the same day and name."""
        return (
            self.knowledge is services.knowledge
            and self.towns is services.town_list
            and self.bot_username == services.bot_username
            and self.day == services.today()
        )


@dataclass(frozen=True, slots=True)
class _Edition:
    """The site of one knowledge on one day, and what has been made of it so far.

    ``answers`` are those of files, by path; ``ready`` the same by what a request for them at the
    root of a host says. ``others`` are filtered lists, and what stands in place of a missing page.
    """

    made_of: _Sources
    site: Site
    answers: dict[str, Answer] = field(default_factory=dict)
    ready: dict[bytes, ReadyAnswer] = field(default_factory=dict)
    others: OrderedDict[Hashable, Answer] = field(default_factory=OrderedDict)

    def keep(self, path: str, answer: Answer) -> Answer:
        """Keep the answer of a file."""
        self.answers[path] = answer
        if path.isascii():
            ready = replace(answer.ready, heeds_query=self.site.has_filters(path))
            self.ready[f"/{path}".encode()] = ready
        return answer

    def kept(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return what is kept under a key; make it where nothing is."""
        answer = self.others.get(key)
        if answer is None:
            answer = self.others[key] = make()
            if len(self.others) > _MOST_KEPT:
                self.others.popitem(last=False)
        return answer


class PublicPages:
    """An ASGI application; it may be mounted anywhere, since its links are relative."""

    def __init__(self, services: Services, facts: Callable[[], Facts]) -> None:
        """``facts`` is asked anew with the knowledge, the day and the bot's name."""
        self._services = services
        self._facts = facts
        self._edition: _Edition | None = None
        # One page is made at a time, so that many who ask for a new one leave the bot its time.
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in {"GET", "HEAD"}:
            await _refuse(send)
            return
        try:
            answer = self._made(scope) or await self._make(scope)
        except Exception as error:
            logger.exception("a public page cannot be made: %s", type(error).__name__)
            said = File(TEXT.label("away", contact="").encode(), _TEXT)
            answer = Answer(said, 503, cached=b"no-store")
        await answer.send(scope, send)

    def at_once(self, target: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the whole answer to a GET at the root of a host; None where it is not made yet."""
        answer = found(self.ready(), target)
        return answer.to(headers) if answer else None

    def ready(self) -> ReadyAnswers:
        """Return the answers that are made, at the root of a host; of another edition, others.

        They only grow, also from other threads.
        """
        edition = self._current()
        return edition.ready if edition else _NOTHING

    def site(self) -> Site:
        """Return the site of what is in service now."""
        return self._renewed().site

    def _current(self) -> _Edition | None:
        edition = self._edition
        return edition if edition and edition.made_of.are_still(self._services) else None

    def _renewed(self) -> _Edition:
        if edition := self._current():
            return edition
        now = self._services
        sources = _Sources(now.knowledge, now.town_list, now.today(), now.bot_username)
        self._edition = _Edition(sources, Site(sources.knowledge, self._facts(), sources.day))
        return self._edition

    def _made(self, scope: Scope) -> Answer | None:
        edition = self._current()
        if edition is None or scope["query_string"]:
            return None
        return edition.answers.get(_path(scope))

    async def _make(self, scope: Scope) -> Answer:
        """Make an answer beside the event loop: a census of a thousand projects takes long."""
        async with self._making:
            return await asyncio.to_thread(self._answer, scope)

    def _answer(self, scope: Scope) -> Answer:
        edition, path = self._renewed(), _path(scope)
        site, query, root = edition.site, scope["query_string"], scope.get("root_path", "")
        name = f"{path}{addresses.HOME}" if not path or path.endswith("/") else path
        if query and (chosen := site.chosen(name, query.decode("ascii", "replace"))):
            key, make = chosen
            return edition.kept(key, lambda: Answer(make()))
        if answer := edition.answers.get(path):
            return answer
        if file := site.file(name):
            cached = _LONG if name == addresses.STYLE else _SHORT
            return edition.keep(path, Answer(file, cached=cached))
        if further := site.named(name):
            address = f"{root}/{further}"
            return edition.kept(address, lambda: Answer(File(b"", _TEXT), 301, location=address))
        missing = site.missing(name, f"{root}/")
        return edition.kept(missing, lambda: Answer(missing, 404))


def _path(scope: Scope) -> str:
    return str(scope["path"])[len(scope.get("root_path", "")) :].lstrip("/")


async def _refuse(send: Send) -> None:
    headers = [*_HEADERS, (b"allow", _METHODS), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
