"""The public pages from memory: those of the knowledge in service, and nothing but reading.

A page is made when it is first asked for, and kept as its bytes until the knowledge or the day
changes. What then is asked for is made anew, so that a publication needs no restart.
"""

import gzip
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from starlette.types import Receive, Scope, Send

from bot.pages.rendering import TEXT
from handlers.core.services import Services
from knowledge.knowledge import Knowledge
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
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Form:
    """The bytes of an answer in one encoding, its headers, and those of "not modified"."""

    headers: Headers
    content: bytes
    tag: bytes
    unchanged: Headers


class Answer:
    """What is answered for one file: plain, or packed where that is shorter and understood."""

    __slots__ = ("_packed", "_plain", "_status")

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

    async def send(self, scope: Scope, send: Send) -> None:
        """Answer a GET or HEAD; 304 where the client has the same bytes."""
        accepted, known = _asked(scope["headers"])
        form = self._packed if accepted else self._plain
        if known is not None and self._status == 200 and _holds(known, form.tag):  # noqa: PLR2004 - HTTP's "OK"
            await send({"type": "http.response.start", "status": 304, "headers": form.unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": self._status, "headers": form.headers})
        body = b"" if scope["method"] == "HEAD" else form.content
        await send({"type": "http.response.body", "body": body})


def _form(own: Headers, media: tuple[bytes, bytes], content: bytes, tag: str) -> _Form:
    tagged = [*own, (b"etag", tag.encode())]
    length = (b"content-length", str(len(content)).encode())
    return _Form([*tagged, media, length], content, tag.encode(), tagged)


def _asked(headers: Headers) -> tuple[bool, bytes | None]:
    """Return whether gzip is understood, and the tags that the client knows."""
    accepted, known = False, None
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = _accepts_gzip(value)
        elif name == b"if-none-match":
            known = value
    return accepted, known


def _accepts_gzip(value: bytes) -> bool:
    for each in value.lower().split(b","):
        coding, _, weight = each.partition(b";")
        if coding.strip() in {b"gzip", b"x-gzip"}:
            return weight.strip().replace(b" ", b"") not in {
                b"q=0",
                b"q=0.0",
                b"q=0.00",
                b"q=0.000",
            }
    return False


def _holds(known: bytes, tag: bytes) -> bool:
    """Tell whether a tag is among those of If-None-Match, compared weakly (RFC 9110, 13.1.2)."""
    given = {each.strip().removeprefix(b"W/") for each in known.split(b",")}
    return tag in given or b"*" in given


class PublicPages:
    """An ASGI application; it may be mounted anywhere, since its links are relative."""

    def __init__(self, services: Services, facts: Callable[[], Facts]) -> None:
        """``facts`` is asked anew with the knowledge, the day and the bot's name."""
        self._services = services
        self._facts = facts
        self._made_of: tuple[Knowledge, date, str] | None = None
        self._site: Site | None = None
        self._answers: dict[str, Answer] = {}
        self._others: OrderedDict[Hashable, Answer] = OrderedDict()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in {"GET", "HEAD"}:
            await _refuse(send)
            return
        try:
            answer = self._answer(scope)
        except Exception as error:
            logger.exception("a public page cannot be made: %s", type(error).__name__)
            said = File(TEXT.label("away", contact="").encode(), _TEXT)
            answer = Answer(said, 503, cached=b"no-store")
        await answer.send(scope, send)

    def site(self) -> Site:
        """Return the site of what is in service now."""
        services = self._services
        made_of = (services.knowledge, services.today(), services.bot_username)
        former = self._made_of
        if (
            self._site is None
            or former is None
            or former[0] is not made_of[0]
            or former[1:] != made_of[1:]
        ):
            self._site = Site(services.knowledge, self._facts(), made_of[1])
            self._made_of = made_of
            self._answers, self._others = {}, OrderedDict()
        return self._site

    def _answer(self, scope: Scope) -> Answer:
        site = self.site()
        root, query = scope.get("root_path", ""), scope["query_string"]
        path = scope["path"][len(root) :].lstrip("/")
        if not query and path in self._answers:
            return self._answers[path]
        return self._made(site, path, query, f"{root}/")

    def _made(self, site: Site, path: str, query: bytes, root: str) -> Answer:
        name = f"{path}{addresses.HOME}" if not path or path.endswith("/") else path
        if query and (chosen := site.chosen(name, query.decode("ascii", "replace"))):
            key, make = chosen
            return self._kept(key, lambda: Answer(make()))
        if path in self._answers:
            return self._answers[path]
        if file := site.file(name):
            cached = _LONG if name == addresses.STYLE else _SHORT
            answer = self._answers[path] = Answer(file, cached=cached)
            return answer
        if further := site.named(name):
            address = root + further
            return self._kept(address, lambda: Answer(File(b"", _TEXT), 301, location=address))
        missing = site.missing(name, root)
        return self._kept(missing, lambda: Answer(missing, 404))

    def _kept(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        answer = self._others.get(key)
        if answer is None:
            answer = self._others[key] = make()
            if len(self._others) > _MOST_KEPT:
                self._others.popitem(last=False)
        return answer


async def _refuse(send: Send) -> None:
    headers = [*_HEADERS, (b"allow", _METHODS), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
