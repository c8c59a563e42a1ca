"""Characters that nobody sees are refused in the files, and removed from what people send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.inbox.raw_updates import understood
from knowledge.files.yaml_reader import parse
from knowledge.text.hidden import HIDDEN, without_hidden

HARMFUL = [
    *("\x00", "\x07", "\x08", "\x0c", "\x1b", "\x7f", "\x80", "\x9f"),
    *map(chr, (0x61C, 0x180E, 0x200B, 0x200C, 0x200E, 0x200F, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041)),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2060, 0x2070)),
    # Fillers, a name of which looks like none, and what is no character.
    *map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x180B, 0x3164, 0xFFA0, 0xFFF0, 0x1BCA0, 0x1D173)),
    *map(chr, (0xE0100, 0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFF, 0x10FFFE)),
    "\u200d",
    "a\u200db",
    "👩\u200dx",
]
HARMLESS = [
    "Qui peut déposer\u00a0?",
    "12\u202f000\u00a0€",
    "«\u00a0dossier\u00a0»",
    "co\u00adopération",
    "👩\u200d🔬 👨‍👩‍👧‍👦 🏳️‍🌈 ❤️‍🔥 🧑🏽‍🏭",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "ligne\n\tsuite\r\n",
    "1️⃣ œuvre, l’été, שלום, مرحبا",
]


@pytest.mark.parametrize("harmful", HARMFUL, ids=ascii)
def test_a_file_with_it_is_refused_with_its_line_raw_or_escaped(harmful: str) -> None:
    raw = f'a: b\nc: "x{harmful}y"\n'.encode()
    codes = "".join(f"\\U{ord(character):08X}" for character in harmful)
    escaped = f'a: b\nc: "x{codes}y"\n'.encode()
    for content in (raw, escaped):
        _, problems = parse(content, "faq.yaml")
        assert [(each.line, each.file) for each in problems] == [(2, "faq.yaml")]
        assert problems[0].code.startswith("hidden_")


_IN_PATHS = (r"\a", r"\b", r"\f", r"\v")


@pytest.mark.parametrize("escape", [r"\0", r"\a", r"\b", r"\e", r"\v", r"\f", r"\x9b", r"\u202E"])
@pytest.mark.parametrize("place", ['"x{}"', '["x{}"]', '{{"x{}": 1}}'])
def test_an_escape_is_refused_wherever_it_stands(escape: str, place: str) -> None:
    _, problems = parse(f"a: b\nc: {place.format(escape)}\n".encode(), "faq.yaml")
    found = [(each.line, each.code) for each in problems]
    if escape in _IN_PATHS and place.startswith('"'):
        # "C:\\bureau" is more often meant than the sign that YAML reads there.
        assert found == [(2, "backslash")]
        return
    assert found == [(2, "hidden_escape")]
    assert "U+" in problems[0].message
    assert "Retirez-le" in problems[0].remedy


@pytest.mark.parametrize("harmless", HARMLESS)
def test_typography_and_emoji_are_left(harmless: str) -> None:
    assert without_hidden(harmless) == harmless
    text = harmless.strip().replace("\n\t", " ")
    document, problems = parse(f'a: "{text}"\n'.encode(), "faq.yaml")
    assert problems == ()
    assert document
    assert document.data == {"a": text}


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    assert not HIDDEN.search(without_hidden(text))


@pytest.mark.parametrize(
    ("harmful", "escaped"),
    [("\ud800", True), *((harmful, escaped) for harmful in HARMFUL for escaped in (True, False))],
    ids=ascii,
)
def test_what_people_send_and_their_names_lose_it(harmful: str, *, escaped: bool) -> None:
    said = f"mon{harmful}atelier 👩\u200d🔬"
    person = {"id": 5, "is_bot": False, "first_name": said, "last_name": said, "username": "x"}
    message: dict[str, Any] = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 5, "type": "private", "first_name": said},
        "from": person,
        "text": said,
        "document": {"file_id": "1", "file_unique_id": "1", "file_name": said},
        "caption": said,
        "reply_to_message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}},
    }
    update = {"update_id": 1, "message": message}
    written = json.dumps(update, ensure_ascii=escaped)
    understood_one = understood(written, None)  # type: ignore[arg-type]  # PTB needs no bot to parse
    found = understood_one.message
    assert found
    assert found.from_user
    assert found.document
    texts = (found.text, found.caption, found.from_user.full_name, found.document.file_name)
    for text in texts:
        assert text
        assert not HIDDEN.search(text)
        assert text.endswith("atelier 👩\u200d🔬")
