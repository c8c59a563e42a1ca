"""What the bot says is within Telegram's limits, and what is divided stays readable and valid."""

import logging
import re
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.files.telegram_html import length as telegram_length
from knowledge.files.telegram_html import plain
from storage.queues.measure import (
    LONGEST_CAPTION,
    LONGEST_TEXT,
    MOST_BUTTONS,
    Mistakes,
    OverlongError,
    cut,
    divided,
    exceeded,
    fitted,
    length,
)
from storage.queues.outgoing import Audience, Outgoing
from storage.subject import Kind, Subject

WORDS = st.sampled_from(
    ["un", "é", "&", "<", "\U0001f600", "mot " * 30, "\n", "\n\n", "x" * 90, '"']
)


def _without(text: str, tag: str) -> str:
    """Take a tag out of a text: nothing is bold twice."""
    return re.sub(f"</?{tag}>", "", text)


MARKED = st.recursive(
    st.lists(WORDS, min_size=1, max_size=30).map(lambda words: escape(" ".join(words))),
    lambda inner: st.tuples(st.sampled_from(["b", "i", "code"]), inner, inner).map(
        lambda made: f"<{made[0]}>{_without(made[1], made[0])}</{made[0]}>{made[2]}"
    ),
    max_leaves=8,
)


def together(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(text=MARKED, most=st.integers(20, 200))
def test_parts_are_short_valid_and_lose_nothing(text: str, most: int) -> None:
    parts = divided(text, most, markup=True)
    assert all(telegram_length(part) <= most for part in parts)
    assert together("".join(map(plain, parts))) == together(plain(text))


@given(text=MARKED, most=st.integers(20, 200))
def test_what_is_cut_is_short_valid_and_the_beginning(text: str, most: int) -> None:
    found = cut(text, most, markup=True)
    assert telegram_length(found) <= most
    assert together(plain(text)).startswith(together(plain(found)).removesuffix("…"))


@given(MARKED)
def test_it_counts_as_telegram_does(text: str) -> None:
    assert length(text, markup=True) == telegram_length(text)


@given(text=st.text(max_size=300), most=st.integers(10, 60))
def test_without_markup_signs_are_signs(text: str, most: int) -> None:
    parts = divided(text, most, markup=False)
    assert all(length(part, markup=False) <= most for part in parts)
    assert together("".join(parts)) == together(text)


def test_a_text_is_divided_between_paragraphs() -> None:
    paragraphs = [f"{number} " + "mot " * 200 for number in range(12)]
    parts = divided("\n\n".join(p.strip() for p in paragraphs), LONGEST_TEXT, markup=True)
    assert len(parts) > 1
    assert all(re.match(r"\d+ mot", part) and part.endswith("mot") for part in parts)


def test_an_entity_or_a_link_is_never_cut_through() -> None:
    link = '<a href="https://exemple.fr/une/adresse">ici</a>'
    for most in range(10, 60):
        for part in divided(f"&amp;&lt;{link}&#233;" * 20, most, markup=True):
            plain(part)


def message(text: str, **more: object) -> Outgoing:
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML"} | more
    return Outgoing(Audience.PERSON, "sendMessage", payload, 7, about=Subject(Kind.INTEREST, 1))


KEYBOARD = {"inline_keyboard": [[{"text": "Oui", "callback_data": "x"}]]}


def test_the_buttons_stand_under_the_end_and_the_quotation_above_the_beginning() -> None:
    long = message("mot " * 3000, reply_markup=KEYBOARD, reply_parameters={"message_id": 5})
    parts = fitted(long)
    assert [("reply_markup" in p.payload, "reply_parameters" in p.payload) for p in parts] == [
        (False, True),
        (False, False),
        (True, False),
    ]
    # Whoever erases the record finds every part.
    assert {part.about for part in parts} == {long.about}


def test_what_is_short_is_left_as_it_is() -> None:
    short = message("<b>Bonjour</b>", reply_markup=KEYBOARD)
    assert fitted(short) == (short,)


@pytest.mark.parametrize("method", ["editMessageText", "sendDocument"])
def test_an_edit_and_a_caption_are_cut(method: str) -> None:
    name = "caption" if method == "sendDocument" else "text"
    payload = {name: "<b>" + "mot " * 3000 + "</b>", "parse_mode": "HTML"}
    (found,) = fitted(Outgoing(Audience.PERSON, method, payload, 7))
    assert found.payload[name].endswith("…</b>")
    assert list(exceeded(found.payload)) == []
    most = LONGEST_CAPTION if name == "caption" else LONGEST_TEXT
    assert telegram_length(found.payload[name]) > most - 10


def rows(count: int, text: str = "Oui", data: str = "x") -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, "callback_data": data}] for _ in range(count)]}


MISTAKES = {
    "buttons": rows(MOST_BUTTONS + 1),
    "markup": rows(90, text="é" * 60, data="x" * 60),
    "callback data": rows(2, data="x" * 65),
    "label": rows(2, text="x" * 200),
    "a button without a label": rows(2, text=" "),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_divided_fails_in_tests(name: str) -> None:
    with pytest.raises(OverlongError, match=name):
        fitted(message("Bonjour", reply_markup=MISTAKES[name]))


@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_divided_reaches_a_person_all_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Mistakes, "are_raised", False)
    with caplog.at_level(logging.ERROR):
        (found,) = fitted(message("Bonjour", reply_markup=MISTAKES[name]))
    assert name in caplog.text
    assert list(exceeded(found.payload)) == []
    assert found.payload["text"] == "Bonjour"


def test_an_empty_text_fails_in_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OverlongError, match="empty"):
        fitted(message(" \n"))
    monkeypatch.setattr(Mistakes, "are_raised", False)
    assert fitted(message(" \n"))[0].payload["text"] == "…"


def test_the_last_row_leads_back_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mistakes, "are_raised", False)
    markup = rows(150)
    markup["inline_keyboard"].append([{"text": "Retour", "callback_data": "b"}])
    (found,) = fitted(message("Bonjour", reply_markup=markup))
    kept = found.payload["reply_markup"]["inline_keyboard"]
    assert (len(kept), kept[-1][0]["text"]) == (MOST_BUTTONS, "Retour")
