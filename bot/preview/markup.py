"""Parses Telegram's HTML into entities, with Telegram's wording of refusals.

It is not a general HTML parser, because Telegram reads fewer tags and fewer character entities
than browsers do (``&nbsp;`` stays as it is), and names the byte offset of an error.
Source: Bot API, "HTML style", and the refusals of the real server.
"""

import re
from dataclasses import dataclass

from bot.preview.api_errors import ApiError
from bot.preview.scalars import integer_of
from bot.preview.telegram_links import (
    Entity,
    custom_emoji,
    formatted_date,
    hidden_link,
    unparsable,
)
from knowledge.text.length import units

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|(lt|gt|amp|quot)(?![A-Za-z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LAST_CHARACTER = 0x10FFFF
_NAME = re.compile(r"[^\s>]*")
_SPACES = re.compile(r"\s*")
_ATTRIBUTE = re.compile(r"([^\s=>/\"']*)\s*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_END_NAME = re.compile(r"([^\s>]*)\s*")


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return the text without its tags, and its entities; ApiError if Telegram refuses it.

    Offsets and lengths are UTF-16 code units. No source raises any other error.
    """
    return _Reader(source).read()


@dataclass(slots=True)
class _Open:
    """An open tag; ``value`` is the attribute that its entity needs, a date its seconds too."""

    tag: str
    value: str
    seconds: int
    offset: int
    part: int


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._parts: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        source, position = self._source, 0
        while (begin := source.find("<", position)) >= 0:
            self._say(source[position:begin])
            is_end = source.startswith("/", begin + 1)
            position = self._end_tag(begin) if is_end else self._start_tag(begin)
        self._say(source[position:])
        if self._open:
            raise unparsable(
                f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"'
            )
        return "".join(self._parts), self._entities

    def _say(self, literal: str) -> None:
        if not literal:
            return
        text = decode_characters(literal)
        self._parts.append(text)
        self._length += units(text)

    def _start_tag(self, begin: int) -> int:
        """Open a tag; return the index of its content."""
        name = _NAME.match(self._source, begin + 1)
        at = name.end() if name else begin + 1
        if at == len(self._source):
            raise self._refusal_at("Unclosed start tag", begin)
        tag = self._source[begin + 1 : at].lower()
        if tag not in _TYPES:
            raise self._refusal_at(f'Unsupported start tag "{tag}"', begin)
        attributes, at = self._attributes(tag, begin, at)
        value = _value_of(tag, attributes)
        if tag == "span" and value != "spoiler":
            raise self._refusal_at('Tag "span" must have class "tg-spoiler"', begin)
        seconds = integer_of(attributes.get("unix", ""), 32)
        self._open.append(_Open(tag, value, seconds, self._length, len(self._parts)))
        return at

    def _attributes(self, tag: str, begin: int, at: int) -> tuple[dict[str, str], int]:
        attributes: dict[str, str] = {}
        while True:
            at = self._skip_spaces(at)
            if self._source.startswith(">", at):
                return attributes, at + 1
            name, at = self._attribute_name(tag, begin, at)
            if self._source.startswith("=", at):
                at = self._skip_spaces(at + 1)
                self._check_unfinished(tag, begin, at)
                attributes[name], at = self._attribute_value(begin, at)
            elif name == "expandable":
                attributes[name] = name

    def _attribute_name(self, tag: str, begin: int, at: int) -> tuple[str, int]:
        """Return a name and the index of its equal sign, if it has one."""
        match = _ATTRIBUTE.match(self._source, at)
        name, end = (match[1], match.end()) if match else ("", at)
        if not name:
            raise self._refusal_at(f'Empty attribute name in the tag "{tag}"', begin)
        self._check_unfinished(tag, begin, end)
        return name, end

    def _check_unfinished(self, tag: str, begin: int, at: int) -> None:
        if at == len(self._source):
            raise self._refusal_at(f'Unclosed start tag "{tag}"', begin)

    def _attribute_value(self, begin: int, at: int) -> tuple[str, int]:
        quote = self._source[at : at + 1]
        if quote in {'"', "'"}:
            end = self._source.find(quote, at + 1)
            if end < 0 or end + 1 == len(self._source):
                raise self._refusal_at("Unclosed start tag", begin)
            return decode_characters(self._source[at + 1 : end]), end + 1
        token = _TOKEN.match(self._source, at)
        end = token.end() if token else at
        if end == len(self._source):
            raise self._refusal_at("Unclosed start tag", begin)
        if not self._source[end].isspace() and self._source[end] != ">":
            raise self._refusal_at("Unexpected end of name token", at)
        return self._source[at:end].lower(), end

    def _end_tag(self, begin: int) -> int:
        """Close a tag; return the index after it."""
        if not self._open:
            raise self._refusal_at("Unexpected end tag", begin)
        match = _END_NAME.match(self._source, begin + 2)
        name, at = (match[1].lower(), match.end()) if match else ("", begin + 2)
        if not self._source.startswith(">", at):
            raise self._refusal_at("Unclosed end tag", begin)
        opened = self._open.pop()
        if name and name != opened.tag:
            expected = f'expected "</{opened.tag}>", found "</{name}>"'
            raise unparsable(f"Unmatched end tag at byte offset {self._byte(begin)}, {expected}")
        if self._length > opened.offset:
            self._close(opened)
        return at + 1

    def _close(self, opened: _Open) -> None:
        span = {"offset": opened.offset, "length": self._length - opened.offset}
        if opened.tag in {"pre", "code"} and self._joins_code(opened, span):
            return
        extra = self._extra(opened)
        if extra is not None:
            self._entities.append({"type": _TYPES[opened.tag]} | span | extra)

    def _joins_code(self, opened: _Open, span: dict[str, int]) -> bool:
        """Merge a ``pre`` and the ``code`` that fills it, if one names a language."""
        last = self._entities[-1] if self._entities else {}
        same = all(last.get(name) == value for name, value in span.items())
        if not same or {opened.tag, last.get("type")} != {"pre", "code"}:
            return False
        language = opened.value or last.get("language", "")
        if language:
            last |= {"type": "pre", "language": language}
        return bool(language)

    def _extra(self, opened: _Open) -> Entity | None:
        """Return the other fields of a tag's entity; None if the tag makes no entity."""
        if opened.tag == "a":
            return hidden_link(opened.value or "".join(self._parts[opened.part :]))
        if opened.tag == "tg-emoji":
            return custom_emoji(opened.value)
        if opened.tag == "tg-time":
            return formatted_date(opened.seconds, opened.value)
        if opened.tag == "blockquote" and opened.value:
            return {"type": "expandable_blockquote"}
        # The language serves only if a "pre" around this code takes it.
        return {"language": opened.value} if opened.tag == "code" and opened.value else {}

    def _skip_spaces(self, at: int) -> int:
        match = _SPACES.match(self._source, at)
        return match.end() if match else at

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode("utf-8", "surrogatepass"))

    def _refusal_at(self, reason: str, at: int) -> ApiError:
        return unparsable(f"{reason} at byte offset {self._byte(at)}")


def decode_characters(text: str) -> str:
    """Decode the character entities that Telegram knows; leave the others as they are."""
    return _CHARACTER.sub(_decoded, text) if "&" in text else text


def _decoded(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < _LAST_CHARACTER else match[0]


def _value_of(tag: str, attributes: dict[str, str]) -> str:
    kind = attributes.get("class", "")
    if tag == "a":
        return attributes.get("href", "")
    if tag == "code" and kind.startswith("language-"):
        return kind.removeprefix("language-")
    if tag == "span" and kind.startswith("tg-"):
        return kind.removeprefix("tg-")
    if tag in {"tg-emoji", "tg-time"}:
        return attributes.get("emoji-id" if tag == "tg-emoji" else "format", "")
    return attributes.get("expandable", "") if tag == "blockquote" else ""
