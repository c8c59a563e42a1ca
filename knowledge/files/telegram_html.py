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
_ENTITY = re.compile(r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hex>[0-9a-fA-F]+)|(?P<name>\w+));")
# The four named entities that Telegram decodes; it shows any other as it is written.
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LAST_CODE_POINT = 0x10FFFF


class MarkupError(ValueError):
    """Raised for markup that Telegram would refuse, or show as it is written.

    ``reason`` is a key of ``html_reasons`` in ``problems.yaml``; ``tag`` is what is at fault.
    """

    def __init__(self, reason: str, tag: str = "") -> None:
        super().__init__(f"{reason}: {tag}")
        self.reason = reason
        self.tag = tag


def plain(markup: str) -> str:
    """Return the text without its formatting; MarkupError for markup that Telegram refuses."""
    opened: list[str] = []
    text: list[str] = []
    position = 0
    while (start := markup.find("<", position)) >= 0:
        text.append(_decoded(markup[position:start]))
        tag = _TAG.match(markup, start)
        if tag is None:
            raise MarkupError("stray")
        _open_or_close(tag, opened)
        position = tag.end()
    if opened:
        raise MarkupError("not_closed", opened[-1])
    return "".join(text) + _decoded(markup[position:])


def length(markup: str) -> int:
    """Return the length that Telegram counts, in UTF-16 code units."""
    return units(plain(markup))


def _open_or_close(tag: re.Match[str], opened: list[str]) -> None:
    name = tag["name"].lower()
    if tag["end"]:
        if not opened or opened.pop() != name:
            raise MarkupError("not_open", name)
        return
    if name not in ALLOWED:
        raise MarkupError("unknown_tag", name)
    if name == "a":
        _check_link(tag["attributes"])
    opened.append(name)


def _check_link(attributes: str) -> None:
    href = _LINK.search(attributes)
    target = next(filter(None, href.groups()), "") if href else ""
    if not target:
        raise MarkupError("no_link", "a")
    if not _LINK_TARGET.fullmatch(_decoded(target)):
        raise MarkupError("bad_link", target)


def _decoded(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(entity: re.Match[str]) -> str:
    if name := entity["name"]:
        if name not in _NAMED and f"{name};" in html5:
            raise MarkupError("unknown_entity", entity[0])
        return _NAMED.get(name, entity[0])
    digits, base = (entity["decimal"], 10) if entity["decimal"] else (entity["hex"], 16)
    # No number of more than eight digits is a character, and int() refuses very long ones.
    code = int(digits[-8:], base) if len(digits.lstrip("0")) <= 8 else _LAST_CODE_POINT + 1  # noqa: PLR2004
    if not 0 < code <= _LAST_CODE_POINT:
        raise MarkupError("unknown_entity", entity[0])
    return chr(code)
