"""The known word that a mistyped one was meant for."""

import pytest

from knowledge.text.near_words import nearest

KNOWN = {"variantes": 1, "verifie le": 2, "source": 3}


@pytest.mark.parametrize(
    ("word", "at_least", "expected"),
    [
        ("variante", 60, "variantes"),
        ("verifie e", 60, "verifie le"),
        ("source", 100, "source"),
        ("sorce", 100, None),
        ("bonjour", 60, None),
        ("", 60, None),
    ],
)
def test_the_nearest_word_is_one_of_the_known(
    word: str, at_least: float, expected: str | None
) -> None:
    assert nearest(word, KNOWN, at_least) == expected
    assert nearest(word, list(KNOWN), at_least) == expected
