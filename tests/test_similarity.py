"""Likeness by letters, sound, ideas and meaning; the lexicon; the encoder, its stored vectors."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from dialogue import tune
from hypothesis import given
from hypothesis import strategies as st

from knowledge.ranking import views
from knowledge.ranking.encoder import LONGEST, UniversalSentenceEncoder, Vectors, shipped_encoder
from knowledge.ranking.similarity import Similarity
from knowledge.text.lexicon import Lexicon
from knowledge.text.phonetics import sound

TEXTS = ("comment financer un projet", "qui a parlé à la table ronde", "partager une machine")
LEXICON = Lexicon.of(
    {"koi": "quoi", "c": "c'est"},
    {"argent": ["fric", "financer", "aide financière"]},
    ["Fos-sur-Mer"],
)
STORED = Path(__file__).parent / "encoder_vectors.json"


class Backwards:
    """An encoder that shares nothing with the shipped one: three letters, counted."""

    name = "backwards-1"

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[1 + text.count(c) for c in "aei"] for text in texts], dtype=np.float32)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


@pytest.mark.parametrize("encoder", [None, Backwards()])
def test_a_text_is_most_like_itself(encoder: Backwards | None) -> None:
    similarity = Similarity(TEXTS, LEXICON, encoder)
    for number, text in enumerate(TEXTS):
        values = similarity.to_examples([text])[0]
        assert values.argmax() == number
        # Weights are rounded.
        assert values[number] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("few", [0, 1, 32])
@pytest.mark.parametrize("together", [1, 2, 500])
@pytest.mark.parametrize("encoder", [None, Backwards()])
def test_all_examples_together_are_to_the_bit_as_like_as_each_alone(
    encoder: Backwards | None, together: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    similarity = Similarity(TEXTS, LEXICON, encoder)
    rows = np.arange(len(TEXTS))[::-1]
    alone = [similarity.between(rows[place : place + 1])[0] for place in range(len(rows))]
    tune(monkeypatch, views, FEW=few, TOGETHER=together, ONE_BY_ONE=0)
    block = similarity.between(rows)
    assert (block == np.array(alone)).all()
    each = [similarity.to_examples([text])[0] for text in TEXTS]
    assert np.allclose(block, np.array(each)[rows], atol=1e-3)


@given(st.lists(st.text(max_size=30), max_size=6))
def test_what_a_likeness_is_rebuilt_from_is_what_was_read(texts: list[str]) -> None:
    similarity = Similarity(texts, LEXICON, None)
    packed = similarity.packed()
    again = Similarity(texts, LEXICON, None, kept=packed)
    assert packed.keys() == again.packed().keys()
    assert all(np.array_equal(part, packed[name]) for name, part in again.packed().items())
    for text in (*texts, "comment financer"):
        assert np.array_equal(similarity.to_examples([text])[0], again.to_examples([text])[0])


@pytest.mark.parametrize(
    "typed", ["coment finansé 1 progè", "financer projet", "COMMENT FINANCER UN PROJET ???"]
)
def test_misspelt_texts_stay_near(typed: str) -> None:
    assert Similarity(TEXTS, LEXICON, None).to_examples([typed])[0].argmax() == 0


def test_one_idea_makes_other_words_alike() -> None:
    with_ideas = Similarity(TEXTS, LEXICON, None).to_examples(["du fric"])[0]
    without = Similarity(TEXTS, Lexicon(), None).to_examples(["du fric"])[0]
    assert with_ideas[0] > without[0]


@given(st.text(max_size=400))
def test_any_text_has_a_likeness_from_0_to_1(text: str) -> None:
    values = Similarity(TEXTS, LEXICON, None).to_examples([text])[0]
    assert values.shape == (3,)
    assert ((values >= 0) & (values <= 1 + 1e-9)).all()


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("kel finensman", "quel financement"),
        ("vs ete ki", "vs etes qui"),
        ("fotografi", "photographie"),
        ("mutualisasion", "mutualisation"),
    ],
)
def test_what_sounds_alike_is_written_alike(typed: str, spelt: str) -> None:
    assert sound(typed)[:7] == sound(spelt)[:7]


def test_the_lexicon_writes_short_forms_out_and_finds_ideas_and_places() -> None:
    assert LEXICON.expand("c koi") == "c est quoi"
    assert list(LEXICON.ideas_in("du fric a fos sur mer")) == ["argent", "lieu"]
    assert list(LEXICON.ideas_in("une aide financiere")) == ["argent"]
    assert list(LEXICON.ideas_in("africain")) == []
    assert list(Lexicon().ideas_in("du fric")) == []


@pytest.fixture(scope="module")
def encoder() -> UniversalSentenceEncoder:
    """The shipped encoder."""
    found = shipped_encoder()
    assert isinstance(found, UniversalSentenceEncoder)
    return found


def test_the_encoder_gives_the_stored_vectors(encoder: UniversalSentenceEncoder) -> None:
    stored = json.loads(STORED.read_text("utf-8"))
    vectors = encoder.encode([one["text"] for one in stored])
    for vector, one in zip(vectors, stored, strict=True):
        assert vector.shape == (512,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector[:16] == pytest.approx(one["first"], abs=2e-3)


def test_a_row_does_not_depend_on_its_neighbours(encoder: UniversalSentenceEncoder) -> None:
    alone = encoder.encode(["partager une machine"])[0]
    together = encoder.encode(["x" * 200, "partager une machine"])[1]
    assert alone == pytest.approx(together, abs=1e-5)


@pytest.mark.parametrize("text", ["", "\ud800", "😀" * 500, "é" * 20_000, "\x00"])
def test_the_encoder_takes_anything(encoder: UniversalSentenceEncoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


def test_only_the_beginning_of_a_long_text_is_encoded(encoder: UniversalSentenceEncoder) -> None:
    beginning = "comment financer un projet " * 12
    assert len(beginning) > LONGEST
    first, second = encoder.encode([beginning, beginning + "recette de cuisine"])
    assert first == pytest.approx(second, abs=1e-5)
