"""One form for all the ways of typing the same words."""

import pytest
from effort import effort
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.text.normalise import LONGEST, normalise

FRENCH = st.text("abcdefghijklmnopqrstuvwxyzàâçéèêëîïôöùûüÿœæ0123456789'-?!., ", max_size=120)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Qu'est-ce que l'AMI ?", "qu est ce que l ami"),
        ("  Où   ça\n\tse passe-t-il ?!  ", "ou ca se passe t il"),
        ("ŒUVRE, cœur, æquo", "oeuvre coeur aequo"),
        ("TPE/PME & ETI", "tpe pme eti"),
        ("snake_case__là", "snake case la"),
        ("H₂ et CO²", "h2 et co2"),
        ("Straße, Łódź, Ørsted", "strasse lodz orsted"),
        ("données 2026", "donnees 2026"),
        ("Россия 日本", "россия 日本"),
        ("👍🏽 ok", "ok"),
        ("...", ""),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(typed: str, words: str) -> None:
    assert normalise(typed) == words


@pytest.mark.parametrize("apostrophe", "'’‘‛`´ʼʹˈ′＇")
def test_apostrophes_of_all_kinds_are_one(apostrophe: str) -> None:
    assert normalise(f"l{apostrophe}usine") == "l usine"


@pytest.mark.parametrize("hidden", ["\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u200e"])
def test_what_is_not_seen_does_not_count(hidden: str) -> None:
    assert normalise(f"entre{hidden}prise") == "entreprise"


@given(FRENCH)
def test_case_accents_and_spaces_change_nothing(text: str) -> None:
    words = normalise(text)
    assert normalise(text.upper()) == words
    assert normalise(f" \t{text}\n ") == words
    assert normalise(text.translate(str.maketrans("àâçéèêëîïôöùûüÿ", "aaceeeeiioouuuy"))) == words
    assert normalise(text.replace("'", "’").replace(" ", "\u00a0")) == words


@given(st.text())
@example("0:_0")
@example("\ufdfa" * LONGEST)
@example("İ" * LONGEST)
@example("\u1100" * 10 + "\u1161")
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())
    assert len(once) <= LONGEST


def test_a_question_after_much_empty_space_is_still_read() -> None:
    assert normalise(" \n" * 10_000 + "Le financement ?") == "le financement"


@pytest.mark.parametrize("piece", ["a", "é ", "\ufdfa", "’", "\u0301", "\U0001f600"])
def test_twenty_thousand_characters_cost_what_the_longest_text_costs(piece: str) -> None:
    longest, longer = (piece * (size // len(piece)) for size in (LONGEST, 20_000))
    assert effort(lambda: normalise(longer)) <= 1.1 * effort(lambda: normalise(longest))
