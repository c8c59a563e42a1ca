"""Callback data: packed, recognised, refused."""

from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handlers.table
from handlers.core.callback_data import MAX_BYTES, CallbackData, ExpiredButtonError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Sample(CallbackData, prefix="sample"):
    number: int
    yes: bool
    word: str
    colour: Colour


@given(
    number=st.integers(-(10**9), 10**9),
    yes=st.booleans(),
    word=st.text(alphabet="abcd-_ ", max_size=12),
    colour=st.sampled_from(Colour),
)
def test_what_is_packed_comes_back(number: int, *, yes: bool, word: str, colour: Colour) -> None:
    sample = Sample(number, yes, word, colour)
    assert len(sample.pack().encode()) <= MAX_BYTES
    assert Sample.unpack(sample.pack()) == sample


@given(st.text(max_size=80))
def test_anything_else_is_refused_or_is_what_would_be_packed(data: str) -> None:
    try:
        found = Sample.unpack(data)
    except ExpiredButtonError:
        return
    assert Sample.unpack(found.pack()) == found


@pytest.mark.parametrize("word", ["é" * 40, "a:b"])
def test_what_does_not_fit_is_refused_before_it_is_sent(word: str) -> None:
    with pytest.raises(ValueError, match="callback data"):
        Sample(1, yes=True, word=word, colour=Colour.RED).pack()


@dataclass(frozen=True)
class Grown(CallbackData, prefix="grown"):
    name: str
    page: int = 0


def test_a_button_sent_before_a_field_was_added_still_leads_somewhere() -> None:
    assert Grown.unpack("grown:x") == Grown("x", 0)
    assert Grown.unpack("grown:x:3") == Grown("x", 3)
    for data in ("grown", "grown:x:", "grown:x:3:4"):
        with pytest.raises(ExpiredButtonError):
            Grown.unpack(data)


def _all_buttons() -> list[type[CallbackData]]:
    return [cls for cls in CallbackData.__subclasses__() if cls.__module__.startswith("handlers")]


def test_no_two_buttons_share_a_prefix() -> None:
    prefixes = [cls.PREFIX for cls in _all_buttons()]
    assert len(prefixes) > 15
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize("kind", _all_buttons(), ids=lambda kind: kind.PREFIX)
def test_every_text_in_a_button_has_a_pattern_of_its_own(kind: type[CallbackData]) -> None:
    """What anybody may send must fit in the buttons that are made of it."""
    for name, annotated in kind.FIELDS.items():
        assert annotated is not str, f"{kind.__name__}.{name} takes any text"


FORGED = (
    "é",
    "x" * 65,
    "1" * 19,
    "-" + "1" * 19,
    "a\n",
    "\u0661",
    "\ufffd",
    " ",
    "A.b",
    "",
    "a:b:c:d:e:f:g",
)


@pytest.mark.parametrize("kind", _all_buttons(), ids=lambda kind: kind.PREFIX)
def test_what_is_forged_is_refused_or_can_be_packed_again(kind: type[CallbackData]) -> None:
    for place in range(len(kind.FIELDS) + 1):
        for forged in FORGED:
            fields = ["1"] * len(kind.FIELDS)
            fields[place : place + 1] = [forged]
            try:
                found = kind.unpack(":".join((kind.PREFIX, *fields)))
            except ExpiredButtonError:
                continue
            assert kind.unpack(found.pack()) == found


def test_a_button_ends_where_its_data_ends() -> None:
    """In Python, $ also comes before a last line break."""
    with pytest.raises(ExpiredButtonError):
        Grown.unpack("grown:x:3\n")


@pytest.mark.parametrize("data", ["grown:" + "x" * 59, "grown:\u00e9", "grown:x:\u0663"])
def test_what_telegram_could_not_carry_or_the_bot_not_make_has_expired(data: str) -> None:
    with pytest.raises(ExpiredButtonError):
        Grown.unpack(data)


def test_every_button_leads_to_exactly_one_handler() -> None:
    patterns = [getattr(handler, "pattern", None) for handler in handlers.table.ALL]
    for cls in _all_buttons():
        assert patterns.count(cls.PATTERN) == 1, cls
