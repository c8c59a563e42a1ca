"""Parses Telegram's two Markdowns into entities, with Telegram's wording of refusals.

They are no Markdown that a library knows: one star is bold, headings and lists are none, and the
byte offset of an error is told. Source: Bot API, "Markdown style" and "MarkdownV2 style", and
parse_markdown and parse_markdown_v2 of tdlib/td.
"""

import re
from dataclasses import dataclass

from bot.preview.telegram_links import Entity, emoji_or_date, hidden_link, unparsable
from knowledge.text.length import units

_FENCE = "```"
# What may follow the beginning of "pre": a language, which something ends, and one new line.
_FENCED = re.compile(r"([^\s`\0]+(?=[^`]))?(?:\r\n|\n\r|\n|\r)?")
_ESCAPED = re.compile(r"\\([\x01-\x7e])")
_ADDRESS = re.compile(r"((?:\\[\x01-\x7e]|\\(?![\x01-\x7e])|[^)\\])*)\)")
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
_IN_CODE = frozenset("`")
# What begins an entity of the second version, in the order of the look-up, and its type.
_BEGINNINGS = {
    _FENCE: "pre",
    "`": "code",
    "__": "underline",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "||": "spoiler",
    "![": "custom_emoji",
    "[": "text_link",
}
_ENDS = {kind: begins for begins, kind in _BEGINNINGS.items()} | {
    "text_link": "]",
    "custom_emoji": "]",
}
_CODE = frozenset({"pre", "code"})
# As the server calls them where their end is missing.
_NAMES = {
    "underline": "Underline",
    "italic": "Italic",
    "bold": "Bold",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "custom_emoji": "CustomEmoji",
    "text_link": "TextUrl",
    "code": "Code",
    "pre": "Pre",
    "blockquote": "BlockQuote",
}


class _Shown:
    """The text without its marks, as far as it was read, and its length in UTF-16 units."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.length = 0
        self.entities: list[Entity] = []
        self._parts: list[str] = []

    def say(self, text: str) -> None:
        self._parts.append(text)
        self.length += units(text)

    def text(self, first: int = 0) -> str:
        return "".join(self._parts[first:])

    @property
    def parts(self) -> int:
        return len(self._parts)

    def add(self, kind: str, offset: int, extra: Entity) -> None:
        """Add an entity that began at an offset and ends here."""
        entity = {"type": kind, "offset": offset, "length": self.length - offset}
        self.entities.append(entity | extra)

    def byte(self, at: int) -> int:
        return len(self.source[:at].encode("utf-8", "surrogatepass"))


# The first version: no entity within another.

_FORMER_MARK = re.compile(r"\\([_*`\[])|[_*`\[]")
_FORMER_KINDS = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """Return the text without its marks, and its entities; ApiError if Telegram refuses it.

    Offsets and lengths are UTF-16 code units. No source raises any other error.
    """
    shown, at = _Shown(source), 0
    while mark := _FORMER_MARK.search(source, at):
        shown.say(source[at : mark.start()])
        if mark[1]:
            shown.say(mark[1])
            at = mark.end()
        else:
            at = _former_entity(shown, mark.start())
    shown.say(source[at:])
    return shown.text(), shown.entities


def _former_entity(shown: _Shown, begin: int) -> int:
    """Read an entity; return the index after it."""
    source, mark = shown.source, shown.source[begin]
    fence = source.startswith(_FENCE, begin)
    closing = _FENCE if fence else mark.replace("[", "]")
    language, start = _fenced(source, begin + len(_FENCE)) if fence else ("", begin + 1)
    end = source.find(closing, start)
    if end < 0:
        place = shown.byte(begin)
        raise unparsable(f"Can't find end of the entity starting at byte offset {place}")
    offset, after, inner = shown.length, end + len(closing), source[start:end]
    shown.say(inner)
    extra: Entity | None = {"language": language} if language else {}
    if mark == "[" and inner:
        address, after = _former_address(source, after, inner)
        extra = hidden_link(address)
    if inner and extra is not None:
        shown.add("pre" if fence else _FORMER_KINDS[mark], offset, extra)
    return after


def _former_address(source: str, at: int, inner: str) -> tuple[str, int]:
    """Return the address behind a text, and the index after it; the text itself without any."""
    if not source.startswith("(", at):
        return inner, at
    end = source.find(")", at)
    return (source[at + 1 :], len(source)) if end < 0 else (source[at + 1 : end], end + 1)


def _fenced(source: str, at: int) -> tuple[str, int]:
    """Return the language that the beginning of "pre" names, and the index of the code."""
    match = _FENCED.match(source, at)
    return (match[1] or "", match.end()) if match else ("", at)


# The second version.


def parse_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    """Return the text without its marks, and its entities; ApiError if Telegram refuses it.

    Offsets and lengths are UTF-16 code units. No source raises any other error.
    """
    return _Reader(source).read()


@dataclass(slots=True)
class _Open:
    """An open entity: its type, where it begins in the source and in the text, its language."""

    kind: str
    at: int
    offset: int
    part: int
    language: str = ""

    @property
    def name(self) -> str:
        return "PreCode" if self.language else _NAMES[self.kind]


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._shown = _Shown(source)
        self._at = 0
        self._open: list[_Open] = []
        self._in_quote = False
        self._may_quote = True

    def read(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            self._step()
        if self._in_quote:
            self._end_last_quote()
        if self._open:
            raise self._endless()
        return self._shown.text(), self._shown.entities

    def _step(self) -> None:
        sign = self._source[self._at]
        if escaped := _ESCAPED.match(self._source, self._at):
            self._plain(escaped[1], 2, is_line_end=escaped[1] == "\n")
        elif sign not in (_IN_CODE if self._open and self._open[-1].kind in _CODE else _RESERVED):
            self._plain(sign, 1, is_line_end=False)
        elif self._ends(sign):
            self._end(sign)
        else:
            self._begin(sign)

    def _plain(self, text: str, width: int, *, is_line_end: bool) -> None:
        self._shown.say(text)
        self._at += width
        if text != "\r":
            self._may_quote = is_line_end

    def _ends(self, sign: str) -> bool:
        if not self._open:
            return False
        if self._in_quote and sign == "\n" and not self._source.startswith(">", self._at + 1):
            return True
        end = _ENDS.get(self._open[-1].kind)
        # An underline may end within an italic text: the longer mark comes first.
        doubled = end == "_" and self._source.startswith("__", self._at)
        return end is not None and not doubled and self._source.startswith(end, self._at)

    def _begin(self, sign: str) -> None:
        source, at = self._source, self._at
        begins = next((each for each in _BEGINNINGS if source.startswith(each, at)), None)
        if begins:
            self._open_entity(_BEGINNINGS[begins], len(begins))
        elif sign == "\n":
            self._plain(sign, 1, is_line_end=True)
        elif sign == ">" and self._may_quote:
            self._begin_quote()
        else:
            raise unparsable(
                f"Character '{sign}' is reserved and must be escaped with the preceding '\\'"
            )

    def _open_entity(self, kind: str, width: int) -> None:
        shown = self._shown
        opened = _Open(kind, self._at, shown.length, shown.parts)
        self._at += width
        if kind == "pre":
            opened.language, self._at = _fenced(self._source, self._at)
        self._open.append(opened)

    def _begin_quote(self) -> None:
        """Open a quote, or go on with the one of the line before."""
        if self._in_quote:
            self._at += 1
        else:
            self._in_quote = True
            self._open_entity("blockquote", 1)

    def _end(self, sign: str) -> None:
        opened, at = self._open[-1], self._at
        if sign == "\n":
            self._end_quote()
            return
        kind = opened.kind
        extra: Entity | None = {"language": opened.language} if opened.language else {}
        is_empty = self._shown.length == opened.offset
        self._at += len(_ENDS[kind])
        if kind == "text_link":
            extra = hidden_link(self._address(self._shown.text(opened.part)))
        elif kind == "custom_emoji":
            extra = self._emoji_or_date(at)
        self._open.pop()
        if extra is not None and not is_empty:
            self._shown.add(extra.pop("type", kind), opened.offset, extra)

    def _end_quote(self) -> None:
        """End a quote at the end of its line; two bars before it make a quote that unfolds."""
        kind = "blockquote"
        width = 3 if self._shown.text().endswith("\r") else 2
        if self._open[-1].kind == "spoiler" and self._open[-1].at in {
            self._at - 2,
            self._at - width,
        }:
            self._open.pop()
            kind = "expandable_blockquote"
        opened = self._open[-1]
        if opened.kind != "blockquote":
            raise self._endless()
        self._open.pop()
        self._in_quote = False
        self._plain("\n", 1, is_line_end=True)
        self._shown.add(kind, opened.offset, {})

    def _end_last_quote(self) -> None:
        kind, last = "blockquote", self._open[-1]
        if last.kind == "spoiler" and last.at == len(self._source) - 2:
            self._open.pop()
            kind, last = "expandable_blockquote", self._open[-1]
        if last.kind == "blockquote":
            self._open.pop()
            if self._shown.length != last.offset:
                self._shown.add(kind, last.offset, {})

    def _emoji_or_date(self, at: int) -> Entity:
        if not self._source.startswith("(", at + 1):
            raise unparsable("The entity must contain a tg://emoji or tg://time URL")
        return emoji_or_date(self._address(""))

    def _address(self, text: str) -> str:
        """Return the address in the brackets that follow, and go behind it; the text without."""
        if not self._source.startswith("(", self._at):
            return text
        match = _ADDRESS.match(self._source, self._at + 1)
        if not match:
            place = self._shown.byte(self._at + 1)
            raise unparsable(f"Can't find end of a URL at byte offset {place}")
        self._at = match.end()
        return _ESCAPED.sub(r"\1", match[1])

    def _endless(self) -> Exception:
        last = self._open[-1]
        place = self._shown.byte(last.at)
        return unparsable(f"Can't find end of {last.name} entity at byte offset {place}")
