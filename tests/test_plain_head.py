"""A head that is read in one step says what the server's parser would have read."""

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.runtime.plain_head import read_plain_get

START = b"GET /projets/?a=%20#b HTTP/1.1\r\n"
BROWSER = START + (
    b"Host: bot.exemple.fr\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    b"Accept: text/html,*/*;q=0.8\r\nACCEPT-Encoding:  gzip, br \r\nConnection: keep-alive\r\n"
    b'If-None-Match: W/"0A1b-gz"\r\nSec-Fetch-User: ?1\r\n\r\n'
)


class Parsed:
    """What the server's parser reads of some bytes, which may be more than one request."""

    def __init__(self, data: bytes) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.completed = 0
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_message_complete(self) -> None:
        self.completed += 1


def test_what_a_browser_sends_is_read() -> None:
    found = read_plain_get(BROWSER)
    assert found is not None
    target, headers, goes_on = found
    assert goes_on
    assert (target, len(headers)) == (b"/projets/?a=%20#b", 7)
    assert headers[b"accept-encoding"] == b"gzip, br"
    assert headers[b"if-none-match"] == b'W/"0A1b-gz"'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        START,
        BROWSER[:-2],
        BROWSER + b"x",
        BROWSER * 2,
        BROWSER.replace(b"GET", b"HEAD"),
        BROWSER.replace(b"/projets/", b"http://x/projets/"),
        BROWSER.replace(b"HTTP/1.1", b"HTTP/1.0"),
        BROWSER.replace(b"HTTP/1.1", b"HTTP/1.2"),
        BROWSER.replace(b"keep-alive", b"keep-alive, upgrade"),
        BROWSER.replace(b"\r\n", b"\n"),
        BROWSER.replace(b"Host:", b"Host :"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b" folded"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b"Content-Length: 0"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b"transfer-encoding: chunked"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b"Expect: 100-continue"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b"Upgrade: h2c"),
        BROWSER.replace(b"Sec-Fetch-User: ?1", b"Connection: close"),
        BROWSER.replace(b"Mozilla", "é".encode()),
        BROWSER.replace(b"Mozilla", b"x" * 5000),
    ],
)
def test_whatever_leaves_a_doubt_is_left_to_the_parser(data: bytes) -> None:
    assert read_plain_get(data) is None


@pytest.mark.parametrize(
    "data",
    [
        BROWSER.replace(b"keep-alive", b"Close"),
        BROWSER.replace(b"Connection: keep-alive\r\n", b"").replace(b"/1.1", b"/1.0"),
        BROWSER.replace(b"keep-alive", b"close").replace(b"/1.1", b"/1.0"),
    ],
)
def test_who_asks_once_only_is_known(data: bytes) -> None:
    found = read_plain_get(data)
    assert found is not None
    assert not found.goes_on


parts = st.sampled_from(
    [
        *(
            b"GET ",
            b"/a",
            b" HTTP/1.1",
            b" HTTP/1.0",
            b"\r\n",
            b"\n",
            b"\r",
            b": ",
            b":",
            b" ",
            b"\t",
            b"x",
            b"\x80",
        ),
        *(b"Host: a\r\n", b"Connection: ", b"close", b"keep-alive", b"Accept: \r\n", b"\x00", b"/"),
        *(b"Content-Length: 1\r\n", b"X-A: b\r\n", b"x-a: c\r\n", b"%", b"#", b"?", b"{", b'"'),
    ]
)
heads = st.lists(parts, max_size=8).map(b"".join)


@given(rest=heads, is_ended=st.booleans())
@example(rest=BROWSER.removeprefix(START), is_ended=True)
def test_whatever_is_read_is_what_the_parser_reads(rest: bytes, is_ended: bool) -> None:
    data = b"GET /" + rest + (b"\r\n\r\n" if is_ended else b"")
    old = START.replace(b"/1.1", b"/1.0")
    for each in (data, *(start + rest + b"\r\n" * is_ended for start in (START, old))):
        if (found := read_plain_get(each)) is None:
            continue
        parsed = Parsed(each)
        assert found[:2] == (parsed.target, dict(parsed.headers))
        assert len(found.headers) == len(parsed.headers)
        assert parsed.completed == 1
        assert parsed.parser.get_method() == b"GET"
        assert found.goes_on is parsed.parser.should_keep_alive()
