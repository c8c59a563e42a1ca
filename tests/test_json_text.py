"""JSON is read by the fast reader where it can be, and else by the patient one."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runtime import json_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_was_written_is_read(value: object) -> None:
    assert json_text.read(json.dumps(value)) == value


def test_halves_of_characters_and_what_is_no_number_are_read() -> None:
    assert json_text.read('{"a": "\\ud800"}') == {"a": "\ud800"}
    assert math.isnan(json_text.read("NaN"))


def test_numbers_beyond_64_bits_lose_their_last_digits() -> None:
    assert json_text.read(str(2**64 + 1)) == float(2**64)


def test_what_is_deep_is_refused_as_deep() -> None:
    with pytest.raises(RecursionError):
        json_text.read("[" * 100_000)


@pytest.mark.parametrize("text", ["", "{", b"\xff", "é", '{"a": }'])
def test_what_is_none_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_text.read(text)
