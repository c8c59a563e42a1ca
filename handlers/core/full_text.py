"""All that a message says in writing: its text, and what its formatting alone carries.

Formatting may carry what the text does not: the address of a link, the name behind a mention, that
words are struck through. A text that is passed on without its entities must say so itself.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from telegram import Message, MessageEntity
from telegram.constants import MessageEntityType

from handlers.messages import moment
from knowledge.text.hidden import without_hidden

Around: TypeAlias = tuple[str, str]
_ADDRESSES = ("http://", "https://", "tg://", "mailto:", "tel:")
# More than the longest text that is passed on (`LONGEST` in `handlers/handoff/threads.py`): a text
# with more is refused for its length, so what is left out here is never said to have arrived.
_MOST_ADDED = 8192


def full_text(message: Message | None) -> str:
    """Return the text or caption of a message, with what its entities say beside it.

    Without signs that nobody sees: some turn around what follows, in others' messages too.
    """
    if message is None:
        return ""
    text = message.text or message.caption or ""
    entities = message.entities if message.text else message.caption_entities
    return without_hidden(_told(text, tuple(entities or ()))) if text else ""


def _told(text: str, entities: tuple[MessageEntity, ...]) -> str:
    inserted: dict[int, list[str]] = {}
    places, room = _places(text) if entities else {}, _MOST_ADDED
    # The outer of two entities comes first: its end then goes behind the end of the inner one.
    for entity in sorted(entities, key=lambda one: (one.offset, -one.length)):
        begin, end = places.get(entity.offset), places.get(entity.offset + entity.length)
        if begin is None or end is None or begin > end:
            continue
        if begin == end:
            # Under a character that nobody sees, there may be an address: it goes to the end.
            if entity.type != MessageEntityType.TEXT_LINK:
                continue
            begin = end = len(text)
        for place, addition in _additions(entity, text, begin, end):
            room -= len(addition)
            if room >= 0:
                there = inserted.setdefault(place, [])
                # What begins here follows what ends here; of two ends, the inner one is first.
                there.insert(0 if place == end else len(there), addition)
    return _spliced(text, inserted)


def _places(text: str) -> dict[int, int]:
    """Return the index of each character, and the end, by its offset in UTF-16 code units."""
    places, offset = {}, 0
    for index, character in enumerate(text):
        places[offset] = index
        # Characters beyond the Basic Multilingual Plane take two units (Bot API, MessageEntity).
        offset += 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004
    return places | {offset: len(text)}


def _additions(entity: MessageEntity, text: str, begin: int, end: int) -> Iterator[tuple[int, str]]:
    covered = text[begin:end]
    if entity.type in _QUOTES:
        if not _is_whole(covered, text):
            yield from ((place, "> ") for place in _line_starts(text, begin, end))
        return
    before, after = _SAYS.get(entity.type, _nothing)(entity, covered, text)
    if before:
        yield begin, before
    if after:
        yield end, after


def _line_starts(text: str, begin: int, end: int) -> Iterator[int]:
    yield begin
    yield from (index + 1 for index in range(begin, end - 1) if text[index] == "\n")


def _spliced(text: str, inserted: Mapping[int, list[str]]) -> str:
    pieces, last = [], 0
    for place in sorted(inserted):
        pieces += [text[last:place], *inserted[place]]
        last = place
    return "".join([*pieces, text[last:]])


def _is_whole(covered: str, text: str) -> bool:
    """Tell whether a mark covers all of a text: it then sets nothing apart from anything else."""
    return covered.strip() == text.strip()


def _nothing(_entity: MessageEntity, _covered: str, _text: str) -> Around:
    return "", ""


def _address(entity: MessageEntity, covered: str, _text: str) -> Around:
    url = (entity.url or "").strip()
    if not url.lower().startswith(_ADDRESSES) or _bare(url) == _bare(covered):
        return "", ""
    return "", f" ({url})"


def _bare(url: str) -> str:
    """Return an address without what people leave out when they write it."""
    bare = url.strip().casefold()
    for scheme in _ADDRESSES:
        bare = bare.removeprefix(scheme)
    return bare.rstrip("/")


def _name(entity: MessageEntity, covered: str, _text: str) -> Around:
    name = entity.user.full_name.strip() if entity.user else ""
    return ("", f" ({name})") if name and name not in covered else ("", "")


def _date(entity: MessageEntity, covered: str, _text: str) -> Around:
    if entity.unix_time is None:
        return "", ""
    stamp = entity.unix_time
    try:
        at = stamp if isinstance(stamp, datetime) else datetime.fromtimestamp(stamp, UTC)
        said = moment(at)
    except (OverflowError, OSError, ValueError, TypeError):
        # A time that no calendar holds: the text is all there is.
        return "", ""
    return ("", f" ({said})") if said not in covered else ("", "")


def _language(entity: MessageEntity, _covered: str, _text: str) -> Around:
    return (f"[{entity.language}] ", "") if entity.language else ("", "")


def _between(mark: str) -> "Says":
    def mark_part(_entity: MessageEntity, covered: str, text: str) -> Around:
        return ("", "") if _is_whole(covered, text) else (mark, mark)

    return mark_part


Says: TypeAlias = Callable[[MessageEntity, str, str], Around]
_QUOTES = frozenset({MessageEntityType.BLOCKQUOTE, MessageEntityType.EXPANDABLE_BLOCKQUOTE})
# A decision for each type of entity but the quotes, whose lines are marked: what to write before
# and after the words it covers. A type that is not here adds nothing.
_SAYS: Mapping[str, Says] = {
    # The words themselves say it all.
    MessageEntityType.MENTION: _nothing,
    MessageEntityType.HASHTAG: _nothing,
    MessageEntityType.CASHTAG: _nothing,
    MessageEntityType.BOT_COMMAND: _nothing,
    MessageEntityType.URL: _nothing,
    MessageEntityType.EMAIL: _nothing,
    MessageEntityType.PHONE_NUMBER: _nothing,
    # Telegram puts an ordinary emoji in the text, for whoever cannot see the other.
    MessageEntityType.CUSTOM_EMOJI: _nothing,
    # Emphasis: without it, the words mean the same.
    MessageEntityType.BOLD: _nothing,
    MessageEntityType.ITALIC: _nothing,
    MessageEntityType.UNDERLINE: _nothing,
    MessageEntityType.CODE: _nothing,
    # Without these, the words would say less, or the contrary.
    MessageEntityType.STRIKETHROUGH: _between("~~"),
    MessageEntityType.SPOILER: _between("||"),
    MessageEntityType.PRE: _language,
    MessageEntityType.TEXT_LINK: _address,
    MessageEntityType.TEXT_MENTION: _name,
    MessageEntityType.DATE_TIME: _date,
}
DECIDED = frozenset(map(str, {*_SAYS, *_QUOTES}))
