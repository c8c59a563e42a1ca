"""Decisions are found again; nobody's words are kept for it."""

import gc
from collections.abc import Iterator

from knowledge.recent import Recent


def test_what_was_kept_is_found_by_the_very_same_text() -> None:
    recent: Recent[int] = Recent()
    recent.keep("Qui pilote ?", 1)
    assert recent.get("Qui pilote ?") == 1
    assert recent.get("qui pilote ?") is None
    recent.keep("Qui pilote ?", 2)
    assert recent.get("Qui pilote ?") == 2


def test_the_oldest_is_forgotten_first() -> None:
    recent: Recent[int] = Recent(most=3)
    for number in range(5):
        recent.keep(str(number), number)
    assert [recent.get(str(number)) for number in range(5)] == [None, None, 2, 3, 4]


def test_any_text_has_a_key() -> None:
    recent: Recent[int] = Recent()
    for text in ("", "\x00", "\ud800", "x" * 100_000):
        recent.keep(text, len(text))
        assert recent.get(text) == len(text)


def _held(value: object) -> Iterator[object]:
    yield value
    for inner in gc.get_referents(value):
        if isinstance(inner, dict | bytes | str | list | tuple):
            yield from _held(inner)


def test_no_words_are_kept() -> None:
    recent: Recent[int] = Recent()
    recent.keep("mon numero est le 0612345678", 1)
    assert not [one for one in _held(recent) if "0612345678" in str(one)]
    assert [one for one in _held(recent) if isinstance(one, bytes)]
