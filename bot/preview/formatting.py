"""Parses texts as Telegram does: their tags, and the links, commands, mentions… it detects.

Source: Bot API, "Formatting options" and MessageEntity. Offsets and lengths are UTF-16 code units.
"""

import re
from collections.abc import Callable, Iterator

from bot.preview.api_errors import bad
from bot.preview.markdown import parse_markdown, parse_markdown_v2
from bot.preview.markup import parse_html
from bot.preview.telegram_links import Entity
from knowledge.text.length import units

# Telegram knows every top-level domain; these are enough for a preview.
_DOMAINS = "fr|com|org|net|eu|io|info|me|be|ch|de|uk|paris|corsica|gouv|app|dev"
_DETECTED = re.compile(
    r"(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,})"
    r"|(?P<url>(?:https?://[^\s<>«»\"]+|(?<![\w.@/-])(?:[\w-]+\.)+"
    rf"(?:{_DOMAINS})\b(?![\w-]|\.\w)(?:[/?#][^\s<>«»\"]*)?)(?<![.,;:!?)'\]]))"
    r"|(?P<bot_command>(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@\w{3,32})?(?![\w/<>]))"
    r"|(?P<mention>(?<!\w)@[a-zA-Z]\w{3,31}(?!\w))"
    r"|(?P<hashtag>(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}(?![\w#]))"
    r"|(?P<phone_number>(?<![\w+])\+\d(?:[ .-]?\d){7,14}(?!\w))"
)
_DETECTED_TYPES = frozenset(_DETECTED.groupindex) | {"cashtag", "bank_card_number"}
# Telegram removes carriage returns, and replaces other control characters by spaces.
_CLEANED = {code: " " for code in range(32) if chr(code) != "\n"} | {ord("\r"): None}
_CODE = frozenset({"code", "pre"})
_OPAQUE = _CODE | {"text_link"}
_PARSERS: dict[str, Callable[[str], tuple[str, list[Entity]]]] = {
    "html": parse_html,
    "markdown": parse_markdown,
    "markdownv2": parse_markdown_v2,
    "none": lambda text: (text, []),
}
# Of two entities over the same text, the outer one: tdlib/td, MessageEntity::get_type_priority.
_OUTER_FIRST = (
    *("blockquote", "expandable_blockquote", "pre", "code", "date_time", "text_link"),
    *("text_mention", *_DETECTED_TYPES),
    *("bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"),
)
_PRIORITY = {kind: place for place, kind in enumerate(_OUTER_FIRST)}


def parse(
    text: str, mode: str | None = None, entities: list[Entity] | None = None
) -> tuple[str, list[Entity]]:
    """Return the text to show and its entities; ApiError if Telegram cannot parse it."""
    mode = mode.lower() if mode and text else "none"
    if mode not in _PARSERS:
        raise bad("unsupported parse_mode")
    shown, marked = _PARSERS[mode](text)
    if mode == "none":
        marked = _given(entities or [])
    _check_characters(shown)
    cleaned = shown.translate(_CLEANED)
    if len(cleaned) != len(shown):
        marked = _without_returns(shown, marked)
    stripped = cleaned.strip()
    lead = units(cleaned[: len(cleaned) - len(cleaned.lstrip())])
    placed = _outside_code(_moved(marked, lead, units(stripped)))
    return stripped, sorted([*placed, *_detected(stripped, placed)], key=_by_place)


def _given(entities: list[Entity]) -> list[Entity]:
    """Return the entities that a bot may give; those that Telegram detects, it detects itself."""
    return [entity for entity in entities if entity["type"] not in _DETECTED_TYPES]


def _check_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad("strings must be encoded in UTF-8") from error


def _without_returns(text: str, entities: list[Entity]) -> list[Entity]:
    """Move entities to their places in the text without carriage returns."""
    returns = [units(text[: m.start()]) for m in re.finditer("\r", text)]

    def place(at: int) -> int:
        return at - sum(index < at for index in returns)

    moved = []
    for entity in entities:
        start, end = place(entity["offset"]), place(entity["offset"] + entity["length"])
        moved.append(entity | {"offset": start, "length": end - start})
    return moved


def _moved(entities: list[Entity], lead: int, length: int) -> list[Entity]:
    """Move entities back by the stripped leading space, and cut them to the text's length."""
    moved = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        end = min(length, entity["offset"] + entity["length"] - lead)
        if end > start:
            moved.append(entity | {"offset": start, "length": end - start})
    return moved


def _outside_code(entities: list[Entity]) -> list[Entity]:
    """Drop the entities inside code: Telegram shows code as it is."""
    code: list[Entity] = []
    # Outer entities come last, because an outer tag closes after the inner ones.
    for entity in reversed(entities):
        if entity["type"] in _CODE and not any(_is_inside(entity, other) for other in code):
            code.append(entity)
    rest = [e for e in entities if e["type"] not in _CODE]
    return [e for e in rest if not any(_is_inside(e, c) for c in code)] + _plain(code)


def _plain(code: list[Entity]) -> list[Entity]:
    """Remove the language from all code but "pre", the only type that has one."""
    return [e if e["type"] == "pre" else _without_language(e) for e in code]


def _without_language(entity: Entity) -> Entity:
    return {name: value for name, value in entity.items() if name != "language"}


def _is_inside(entity: Entity, other: Entity) -> bool:
    starts = entity["offset"] >= other["offset"]
    return bool(starts and _end(entity) <= _end(other))


def _detected(text: str, formatted: list[Entity]) -> Iterator[Entity]:
    """Yield the links, commands, mentions… that are not hidden by formatting."""
    for match in _DETECTED.finditer(text):
        entity = {
            "type": match.lastgroup,
            "offset": units(text[: match.start()]),
            "length": units(match[0]),
        }
        if not any(_hides(other, entity) for other in formatted):
            yield entity


def _hides(formatted: Entity, detected: Entity) -> bool:
    """Tell whether code or a link covers a detected entity, or any formatting cuts it in two."""
    apart = _end(formatted) <= detected["offset"] or formatted["offset"] >= _end(detected)
    nested = _is_inside(detected, formatted) or _is_inside(formatted, detected)
    return not apart and (formatted["type"] in _OPAQUE or not nested)


def _end(entity: Entity) -> int:
    return int(entity["offset"] + entity["length"])


def _by_place(entity: Entity) -> tuple[int, int, int]:
    return entity["offset"], -entity["length"], _PRIORITY.get(entity["type"], len(_PRIORITY))
