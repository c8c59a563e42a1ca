"""Answers, which are written as Telegram HTML, as paragraphs and lists of a page.

What is not markup that Telegram knows is text, and escaped. `knowledge.files.telegram_html` has
checked the files; here nothing is taken for granted, so that no file brings a script into a page.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from html.parser import HTMLParser

# How each tag of Telegram's is written in a page; what hides a text or underlines it has no meaning
# of its own here.
_TAGS = {
    "b": "strong",
    "strong": "strong",
    "i": "em",
    "em": "em",
    "s": "s",
    "strike": "s",
    "del": "s",
    "code": "code",
    "pre": "code",
    "a": "a",
}
_LINK = re.compile(r"(?:https?|tg)://[^\s\"<>]+", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-\u2022\u2013*]|(?P<number>\d{1,2})[.)])\s+")
# A bare address or e-mail address, which Telegram makes a link of by itself.
_BARE = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)»]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

# A link, which stays as it is, or what stands between quotes without markup in it.
_QUOTED = re.compile(
    r"<a [^>]*>.*?</a>"
    "|(?P<opens>\u00ab\\s*|\u201c)"
    "(?P<title>[^\u00ab\u00bb\u201c\u201d<>]+?)"
    "(?P<closes>\\s*\u00bb|\u201d)"
)


def as_html(text: str) -> str:
    """Return the paragraphs and lists of an answer, as HTML."""
    reader = _Reader()
    reader.feed(text.strip())
    reader.close()
    return "\n".join(_blocks(reader.lines()))


def linked(html: str, titles: Mapping[str, str]) -> str:
    """Return the HTML of an answer in which quoted titles lead to their pages.

    ``titles`` has the address of the page of each title.
    """
    known = {escape(title, quote=False): escape(path) for title, path in titles.items()}

    def link(quoted: re.Match[str]) -> str:
        title = quoted["title"] or ""
        path = known.get(title.replace("&#x27;", "'").replace("&quot;", '"'))
        if path is None:
            return quoted[0]
        return f'{quoted["opens"]}<a href="{path}">{title}</a>{quoted["closes"]}'

    return _QUOTED.sub(link, html)


class _Reader(HTMLParser):
    """Reads the text into lines of HTML: each line closes what it opens, and the next opens it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [""]
        self._open: list[tuple[str, str]] = []

    def lines(self) -> list[str]:
        """Return the lines; an empty one divides paragraphs."""
        self._say(self._ends())
        return self._lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = _TAGS.get(tag)
        if name is None or any(name == each for each, _ in self._open):
            return
        start = f"<{name}>"
        if name == "a":
            target = dict(attrs).get("href") or ""
            if not _LINK.fullmatch(target):
                return
            start = f'<a href="{escape(target)}">'
        self._open.append((name, start))
        self._say(start)

    def handle_endtag(self, tag: str) -> None:
        name = _TAGS.get(tag)
        if not any(name == each for each, _ in self._open):
            return
        while self._open:
            last, _ = self._open.pop()
            self._say(f"</{last}>")
            if last == name:
                return

    def handle_data(self, data: str) -> None:
        first, *rest = data.split("\n")
        self._say(self._text(first))
        for line in rest:
            self._say(self._ends())
            self._lines.append("".join(start for _, start in self._open))
            self._say(self._text(line))

    def handle_entityref(self, name: str) -> None:
        self._say(escape(unescape(f"&{name};")))

    def handle_charref(self, name: str) -> None:
        self._say(escape(unescape(f"&#{name};")))

    def unknown_decl(self, data: str) -> None:
        """Leave out what is no text: comments and declarations have no place in an answer."""

    def _text(self, text: str) -> str:
        if any(name in {"a", "code"} for name, _ in self._open):
            return escape(text, quote=False)
        pieces, last = [], 0
        for found in _BARE.finditer(text):
            target = found[0] if "://" in found[0] else f"mailto:{found[0]}"
            link = f'<a href="{escape(target)}">{escape(found[0], quote=False)}</a>'
            pieces += [escape(text[last : found.start()]), link]
            last = found.end()
        return "".join([*pieces, escape(text[last:])])

    def _ends(self) -> str:
        return "".join(f"</{name}>" for name, _ in reversed(self._open))

    def _say(self, html: str) -> None:
        self._lines[-1] += html


def _blocks(lines: list[str]) -> Iterator[str]:
    """Give the paragraphs and the lists that lines make."""
    block: list[str] = []
    kind = "p"
    for line in [*lines, ""]:
        # Tags that were open over an empty line leave nothing there.
        is_empty = not re.sub("<[^>]*>", "", line).strip()
        item = _ITEM.match(line)
        own = "p" if item is None else "ol" if item["number"] else "ul"
        if block and (is_empty or own != kind):
            yield _block(kind, block)
            block = []
        if not is_empty:
            kind = own
            block.append(line[item.end() :] if item else line.strip())


def _block(kind: str, lines: list[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(lines)}</p>"
    return f"<{kind}>{''.join(f'<li>{line}</li>' for line in lines)}</{kind}>"
