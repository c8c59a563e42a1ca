"""Telegram's HTML: which markup it accepts, and the length of a text once formatted.

Source: Bot API, "HTML style". Lengths are UTF-16 code units after the entities are parsed.
"""

import re
from html.entities import html5

from knowledge.text.length import units

ALLOWED = frozenset(
    "b strong i em u ins s strike del a code pre blockquote tg-spoiler".split()  # noqa: SIM905 - one line reads better
)
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)"
    r"(?P<attributes>(?:\s+[a-zA-Z-]+(?:=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))?)*)\s*>"
)
_LINK = re.compile(r"\shref=(?:\"([^\"]*)\"|'([^']*)'|(\S+))", re.IGNORECASE)
# Telegram drops a link of another scheme, and shows its text alone.
_LINK_TARGET = re.compile(r"(?:https?|tg)://[^\s]+", re.IGNORECASE)
# An e-mail address: Telegram makes a link of it by itself.
_ADDRESS = re.compile(r"^(?:mailto:)?[^\s@/]+@[^\s@/]+$", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hex>[0-9a-fA-F]+)|(?P<name>\w+));")
# The four named entities that Telegram decodes; it shows any other as it is written.
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LAST_CODE_POINT = 0x10FFFF


class MarkupError(ValueError):
    """Raised for markup that Telegram would refuse, or show as it is written.

    ``reason`` is a key of ``html_reasons`` in ``problems.yaml``; ``tag`` is what is at fault, and
    ``position`` the character where it stands.
    """

    def __init__(self, reason: str, tag: str = "", position: int = 0) -> None:
        super().__init__(f"{reason}: {tag}")
        self.reason = reason
        self.tag = tag
        self.position = position


def plain(markup: str) -> str:
    """Return the text without its formatting; MarkupError for markup that Telegram refuses."""
    opened: list[tuple[str, int]] = []
    text: list[str] = []
    position = 0
    while (start := markup.find("<", position)) >= 0:
        text.append(_decoded(markup[position:start], position))
        tag = _TAG.match(markup, start)
        if tag is None:
            raise MarkupError("stray", position=start)
        _open_or_close(tag, opened)
        position = tag.end()
    if opened:
        name, start = opened[-1]
        raise MarkupError("not_closed", name, start)
    return "".join(text) + _decoded(markup[position:], position)


def length(markup: str) -> int:
    """Return the length that Telegram counts, in UTF-16 code units."""
    return units(plain(markup))


def _open_or_close(tag: re.Match[str], opened: list[tuple[str, int]]) -> None:
    name, start = tag["name"].lower(), tag.start()
    if tag["end"]:
        last, began = opened.pop() if opened else ("", 0)
        # A tag closed by another has lost its own end.
        if last and last != name:
            raise MarkupError("not_closed", last, began)
        if not last:
            raise MarkupError("not_open", name, start)
        return
    if name not in ALLOWED:
        raise MarkupError("unknown_tag", name, start)
    if name == "a":
        _check_link(tag["attributes"], start)
    if any(name == each for each, _ in opened):
        raise MarkupError("opened_twice", name, start)
    opened.append((name, start))


def _check_link(attributes: str, start: int) -> None:
    href = _LINK.search(attributes)
    target = next(filter(None, href.groups()), "") if href else ""
    if not target:
        raise MarkupError("no_link", "a", start)
    if not _LINK_TARGET.fullmatch(_decoded(target, start)):
        if target[0] in "“”«„‘’":
            raise MarkupError("odd_quotes", target, start)
        reason = "address_link" if _ADDRESS.search(target) else "bad_link"
        raise MarkupError(reason, target, start)


def _decoded(text: str, start: int) -> str:
    return _ENTITY.sub(lambda entity: _character(entity, start), text)


def _character(entity: re.Match[str], start: int) -> str:
    position = start + entity.start()
    if name := entity["name"]:
        if name not in _NAMED and f"{name};" in html5:
            raise MarkupError("unknown_entity", entity[0], position)
        return _NAMED.get(name, entity[0])
    digits, base = (entity["decimal"], 10) if entity["decimal"] else (entity["hex"], 16)
    # No number of more than eight digits is a character, and int() refuses very long ones.
    code = int(digits[-8:], base) if len(digits.lstrip("0")) <= 8 else _LAST_CODE_POINT + 1  # noqa: PLR2004
    if not 0 < code <= _LAST_CODE_POINT:
        raise MarkupError("unknown_entity", entity[0], position)
    return chr(code)
