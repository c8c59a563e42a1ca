"""JSON is read by the fast reader where it can be, and else by the patient one."""

import json
import math
from contextlib import suppress

import orjson
import pytest
from hypothesis import assume, given
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
    for read in (json_text.read, json_text.read_strictly):
        for begin in (b"[", b'{"a":'):
            with pytest.raises(ValueError, match=r"too deep|depth"):
                read(begin * 100_000)


@given(JSON)
def test_what_is_sound_is_read_strictly(value: object) -> None:
    assume(not _is_deep(value))
    try:
        written = orjson.dumps(value)
    except TypeError:
        with pytest.raises(ValueError, match="no JSON"):
            json_text.read_strictly(json.dumps(value).encode())
    else:
        assert json_text.read_strictly(written) == value


def _is_deep(value: object) -> bool:
    return str(value).count("[") + str(value).count("{") > 60


STRANGE = [
    b"1e999",
    b"-1e999",
    b"NaN",
    b"Infinity",
    b"9" * 30,
    b"9" * 5000,
    b"-" + b"9" * 20,
    b'{"a": 1, "a": 2}',
    b'{"b": [{"a": 1, "a": 1}]}',
    b'"\\ud800"',
    b'{"\\udc00": 1}',
    b'"\xed\xa0\x80"',
    b"\xff",
    b"[" * 65 + b"]" * 65,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
]


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: text[:20].decode("latin-1"))
def test_what_cannot_be_written_again_is_refused_strictly(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_text.read_strictly(text)


@given(st.binary(max_size=40) | st.text('[]{}",:1e9-Na\\u', max_size=40).map(str.encode))
def test_no_text_raises_anything_else(text: bytes) -> None:
    for read in (json_text.read, json_text.read_strictly):
        with suppress(ValueError):
            read(text)


@pytest.mark.parametrize("text", ["", "{", b"\xff", "é", '{"a": }'])
def test_what_is_none_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_text.read(text)
