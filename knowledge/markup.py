"""Telegram's HTML: what it accepts, and how long a text is once formatted.

Source: Bot API, "HTML style". Lengths are UTF-16 code units after the entities are parsed.
"""

import re
from html.parser import HTMLParser

ALLOWED = frozenset(
    "b strong i em u ins s strike del a code pre blockquote tg-spoiler".split()  # noqa: SIM905 - one line reads better
)


# A "<" that opens no tag: browsers show it, Telegram refuses it.
_STRAY = re.compile(r"<(?!/?[a-zA-Z])")


class MarkupError(ValueError):
    """Markup that Telegram would refuse; ``reason`` and ``tag`` say why."""

    def __init__(self, reason: str, tag: str = "") -> None:
        super().__init__(f"{reason}: {tag}")
        self.reason = reason
        self.tag = tag


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            raise MarkupError("unknown_tag", tag)
        if tag == "a" and not dict(attrs).get("href"):
            raise MarkupError("no_link", tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise MarkupError("not_open", tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def plain(markup: str) -> str:
    """Return the text without its formatting; MarkupError where Telegram would refuse it."""
    if _STRAY.search(markup):
        raise MarkupError("stray")
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    if reader.open:
        raise MarkupError("not_closed", reader.open[-1])
    return "".join(reader.text)


def length(markup: str) -> int:
    """Return the length that Telegram counts, in UTF-16 code units."""
    return len(plain(markup).encode("utf-16-le")) // 2
