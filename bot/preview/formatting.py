"""Texts as Telegram reads them: HTML to entities, and the entities that it finds by itself.

Source: Bot API, "Formatting options". Offsets and lengths are UTF-16 code units.
"""

import html
import re
from dataclasses import dataclass
from typing import Any

from bot.preview.errors import bad

Entity = dict[str, Any]
_TAGS = {
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
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_TAG = re.compile(r"<(/?)([^\s<>/]*)([^<>]*)>")
_HREF = re.compile(r"href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>«»]+[^\s<>«».,;:!?)])"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,})"
    r"|(?<![\w/])(?P<bot_command>/[a-zA-Z0-9_]{1,32}(?:@\w+)?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[a-zA-Z][\w]{4,31})"
)


def units(text: str) -> int:
    """Return a text's length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class _Open:
    tag: str
    offset: int
    url: str | None


def parse(text: str, mode: str | None) -> tuple[str, list[Entity]]:
    """Return the text to show and its entities; refuse what Telegram cannot parse."""
    if mode and mode.upper() != "HTML":
        raise bad(f"unsupported parse_mode: the preview knows HTML only, not {mode}")
    shown, entities = _parse_html(text) if mode else (text, list[Entity]())
    stripped = shown.strip()
    lead = units(shown[: len(shown) - len(shown.lstrip())])
    return stripped, _sorted(_shifted(entities, lead, units(stripped)) + _found(stripped, entities))


def _parse_html(source: str) -> tuple[str, list[Entity]]:
    text = ""
    entities: list[Entity] = []
    stack: list[_Open] = []
    position = 0
    for found in _TAG.finditer(source):
        text += _literal(source, position, found.start())
        position = found.end()
        closing, tag, attributes = found[1], found[2].lower(), found[3]
        if closing:
            entities += _close(stack, tag, text, source, found.start())
        else:
            stack.append(_opened(tag, attributes, text, source, found.start()))
    text += _literal(source, position, len(source))
    if stack:
        tag = stack[-1].tag
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
    return text, entities


def _literal(source: str, start: int, end: int) -> str:
    part = source[start:end]
    if "<" in part:
        at = _bytes(source, start + part.index("<"))
        raise bad(f"can't parse entities: Unclosed start tag at byte offset {at}")
    return html.unescape(part)


def _opened(tag: str, attributes: str, text: str, source: str, start: int) -> _Open:
    if tag not in _TAGS or (tag == "span" and "tg-spoiler" not in attributes):
        at = _bytes(source, start)
        raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {at}')
    href = _HREF.search(attributes) if tag == "a" else None
    url = html.unescape(next(filter(None, href.groups()), "")) if href else None
    return _Open(tag, units(text), url)


def _close(stack: list[_Open], tag: str, text: str, source: str, start: int) -> list[Entity]:
    at = _bytes(source, start)
    if not stack:
        raise bad(f"can't parse entities: Unexpected end tag at byte offset {at}")
    opened = stack.pop()
    if tag != opened.tag:
        raise bad(
            f"can't parse entities: Unmatched end tag at byte offset {at}, "
            f'expected "</{opened.tag}>", found "</{tag}>"'
        )
    entity: Entity = {
        "type": _TAGS[tag],
        "offset": opened.offset,
        "length": units(text) - opened.offset,
    }
    if tag == "a":
        if not opened.url:
            return []
        entity["url"] = opened.url
    return [entity] if entity["length"] else []


def _bytes(source: str, position: int) -> int:
    return len(source[:position].encode("utf-8", "surrogatepass"))


def _shifted(entities: list[Entity], lead: int, length: int) -> list[Entity]:
    """Move entities by the space that was stripped before the text, within its bounds."""
    moved = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        end = min(length, entity["offset"] + entity["length"] - lead)
        if end > start:
            moved.append(entity | {"offset": start, "length": end - start})
    return moved


def _found(text: str, formatted: list[Entity]) -> list[Entity]:
    links = [(e["offset"], e["offset"] + e["length"]) for e in formatted if "url" in e]
    entities = []
    for match in _FOUND.finditer(text):
        offset, length = units(text[: match.start()]), units(match[0])
        if not any(start <= offset < end for start, end in links):
            entities.append({"type": match.lastgroup, "offset": offset, "length": length})
    return entities


def _sorted(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
