"""Measures calls against Telegram's limits; divides or cuts those that exceed them.

Every call is measured where it enters the outbox: Telegram refuses a message that is too long, and
whoever waits for it would get nothing. A text is divided at a paragraph, and stays valid markup.
"""

import html
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from storage.queues.outgoing import EMAIL, Outgoing

ButtonRows: TypeAlias = list[list[dict[str, Any]]]

logger = logging.getLogger(__name__)

# Lengths are UTF-16 code units, of texts and captions once their markup is read (Bot API,
# sendMessage, sendDocument, answerCallbackQuery, InlineKeyboardButton).
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_TOAST = 200
LONGEST_DATA_BYTES = 64
# Of an e-mail, in the same units: no mail server refuses one of this size, and nobody reads more.
LONGEST_SUBJECT = 200
LONGEST_MAIL = 50_000
# Not in the documentation: beyond these, Telegram answers "reply markup is too long", or refuses.
MOST_BUTTONS = 100
MOST_MARKUP_BYTES = 10_000
LONGEST_LABEL = 128
# Without markup, no text of so few characters is too long: a character has two units at most.
_SURELY_SHORT = 2
_LAST_OF_ONE_UNIT = 0xFFFF
_ELLIPSIS = "…"
_TOKEN = re.compile(r"<[^<>]*>|&(?:#\w{1,8}|\w{1,8});|.", re.DOTALL)
# Where a text may be divided, from the best place to the worst.
_BREAKS = ("\n\n", "\n", " ")


class OverlongError(ValueError):
    """Raised in tests for a call that no division makes right: a mistake in the bot itself."""


class Mistakes:
    """What is done about a call that cannot be made right: tests set ``are_raised``."""

    are_raised = False

    @classmethod
    def report(cls, reason: str) -> None:
        """Log the limit that was exceeded, never the content; raise OverlongError in tests."""
        if cls.are_raised:
            raise OverlongError(reason)
        logger.error("a call exceeds a limit of Telegram and was cut: %s", reason)


def fitted(outgoing: Outgoing) -> tuple[Outgoing, ...]:
    """Return the call, or the calls that it is divided into, all of them within the limits.

    Only a new text message is divided: an edit changes one message, and a file has one caption.
    """
    payload = dict(outgoing.payload)
    if outgoing.method == EMAIL:
        return (replace(outgoing, payload=_fitting_mail(payload)),)
    if "reply_markup" in payload:
        payload["reply_markup"] = _fitting_markup(payload["reply_markup"])
    if "caption" in payload:
        payload["caption"] = cut(payload["caption"], LONGEST_CAPTION, markup=_has_markup(payload))
    text = payload.get("text")
    if not isinstance(text, str):
        return (replace(outgoing, payload=payload),)
    if not text.strip():
        Mistakes.report("an empty text")
        payload["text"] = _ELLIPSIS
    parts = _parts(outgoing.method, payload)
    return tuple(replace(outgoing, payload=part) for part in parts)


def length(text: str, *, markup: bool) -> int:
    """Return the length that Telegram counts, in UTF-16 code units."""
    return sum(map(_units, _TOKEN.findall(text))) if markup else _code_units(text)


def cut(text: str, most: int, *, markup: bool) -> str:
    """Return the beginning of a text, in at most ``most`` units, ellipsis included."""
    if len(text) * _SURELY_SHORT <= most or length(text, markup=markup) <= most:
        return text
    tokens = _tokens(text, markup=markup)
    end, _ = _end_of_part(tokens, 0, most - 1)
    return "".join((*tokens[:end], _ELLIPSIS, *_closing(_open_after((), tokens[:end]))))


def divided(text: str, most: int, *, markup: bool) -> list[str]:
    """Return parts of at most ``most`` units each; markup open at a division goes on after it."""
    if len(text) * _SURELY_SHORT <= most or length(text, markup=markup) <= most:
        return [text]
    tokens, parts, start = _tokens(text, markup=markup), [], 0
    opened: tuple[str, ...] = ()
    while start < len(tokens):
        end, resumes = _end_of_part(tokens, start, most)
        still_open = _open_after(opened, tokens[start:end])
        part = "".join((*opened, *tokens[start:end], *_closing(still_open)))
        if any(not _is_tag(token) and token.strip() for token in tokens[start:end]):
            parts.append(part)
        opened, start = still_open, resumes
    return parts


def exceeded(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of every limit that a call exceeds."""
    markup = _has_markup(payload)
    for name, most in (("text", LONGEST_TEXT), ("caption", LONGEST_CAPTION)):
        if length(payload.get(name) or "", markup=markup) > most:
            yield name
    if "text" in payload and not payload["text"].strip():
        yield "empty text"
    if "reply_markup" in payload:
        yield from _exceeded_by(_rows(payload["reply_markup"]))


def _fitting_mail(payload: dict[str, Any]) -> dict[str, Any]:
    # A line break in a subject would begin another header.
    subject = " ".join(str(payload["subject"]).split())
    text = cut(str(payload["text"]), LONGEST_MAIL, markup=False)
    return payload | {"subject": cut(subject, LONGEST_SUBJECT, markup=False), "text": text}


def _parts(method: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    markup = _has_markup(payload)
    if method != "sendMessage":
        return [payload | {"text": cut(payload["text"], LONGEST_TEXT, markup=markup)}]
    texts = divided(payload["text"], LONGEST_TEXT, markup=markup)
    parts = [payload | {"text": text} for text in texts]
    # The buttons belong under the end of a text, and a quotation above its beginning.
    for part in parts[:-1]:
        part.pop("reply_markup", None)
    for part in parts[1:]:
        part.pop("reply_parameters", None)
    return parts


def _has_markup(payload: Mapping[str, Any]) -> bool:
    return payload.get("parse_mode") == "HTML"


def _tokens(text: str, *, markup: bool) -> list[str]:
    return _TOKEN.findall(text) if markup else list(text)


def _code_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_tag(token: str) -> bool:
    return len(token) > 1 and token.startswith("<")


def _units(token: str) -> int:
    if len(token) == 1:
        return 1 if ord(token) <= _LAST_OF_ONE_UNIT else 2
    return 0 if _is_tag(token) else _code_units(html.unescape(token))


def _end_of_part(tokens: Sequence[str], start: int, most: int) -> tuple[int, int]:
    """Return where a part ends that begins at ``start``, and where the next one begins."""
    end, room = start, most
    while end < len(tokens) and (room := room - _units(tokens[end])) >= 0:
        end += 1
    if end == len(tokens):
        return end, end
    return _best_break(tokens, start, end)


def _best_break(tokens: Sequence[str], start: int, end: int) -> tuple[int, int]:
    # A division in the first half would leave a stump: then a lesser place further on is better.
    middle = (start + end) // 2
    for sign in _BREAKS:
        size = len(sign)
        for place in range(end - size, middle, -1):
            if "".join(tokens[place : place + size]) == sign:
                return place, place + size
    return end, end


def _open_after(opened: Sequence[str], tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that are open after these tokens, the outermost first."""
    still_open = list(opened)
    for token in filter(_is_tag, tokens):
        if not token.startswith("</"):
            still_open.append(token)
        elif still_open:
            still_open.pop()
    return tuple(still_open)


def _closing(opened: Sequence[str]) -> Iterator[str]:
    for tag in reversed(opened):
        name = tag.strip("<>").split()[0]
        yield f"</{name}>"


def _rows(markup: Mapping[str, Any]) -> ButtonRows:
    rows: ButtonRows = markup.get("inline_keyboard") or []
    return rows


def _fitting_markup(markup: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = _rows(markup)
    reasons = list(_exceeded_by(rows))
    if not reasons:
        return markup
    Mistakes.report(", ".join(reasons))
    rows = [kept for row in rows if (kept := [_labelled(b) for b in row if _is_right(b)])]
    # The last row often leads back: the rows before it give way.
    while len(rows) > 1 and list(_exceeded_by(rows)):
        del rows[-2]
    return {**markup, "inline_keyboard": rows}


def _exceeded_by(rows: ButtonRows) -> Iterator[str]:
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        yield "buttons"
    if len(json.dumps(rows, ensure_ascii=False).encode()) > MOST_MARKUP_BYTES:
        yield "markup"
    if any(not button["text"].strip() for button in buttons):
        yield "a button without a label"
    if any(_code_units(button["text"]) > LONGEST_LABEL for button in buttons):
        yield "label"
    if any(_size_of_data(button) > LONGEST_DATA_BYTES for button in buttons):
        yield "callback data"


def _is_right(button: Mapping[str, Any]) -> bool:
    return bool(button["text"].strip()) and _size_of_data(button) <= LONGEST_DATA_BYTES


def _labelled(button: dict[str, Any]) -> dict[str, Any]:
    return button | {"text": cut(button["text"], LONGEST_LABEL, markup=False)}


def _size_of_data(button: Mapping[str, Any]) -> int:
    return len(str(button.get("callback_data", "")).encode())
