"""Entries with few phrasings, found by what sets them apart from foreign texts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import knowledge
from bot.commands.new_folder import begin
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling, build, material_of, read_files
from knowledge.ranking.background import background
from knowledge.ranking.balanced_head import HeadScores, centred
from knowledge.ranking.corpus import FEWEST, HOUSE, Example, Material, answers_of_newcomers
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.newcomers import (
    Evidence,
    Measure,
    Merged,
    Newcomers,
    merged,
    packed,
    unpacked,
)
from knowledge.ranking.ranker import SURE
from knowledge.ranking.ridge import Floats
from knowledge.ranking.second_encoder import SecondEncoder
from knowledge.ranking.sign_weights import ALONE, AT_A_GLANCE, BESIDE, SIGNS
from knowledge.ranking.training import compile_ranker
from knowledge.text.lexicon import Lexicon

TOPICS = {
    "argent": ("financer", "payer", "emprunter", "subvention", "budget", "tresorerie"),
    "machine": ("fraiseuse", "tour", "presse", "four", "robot", "soudeuse"),
    "lieu": ("commune", "ville", "quartier", "zone", "port", "canton"),
}
FRAMES = ("une question sur", "et pour", "parlez moi de", "je cherche", "ou trouver", "qui a")
PARKING = ("Où garer les poids lourds ?", "Stationnement des poids lourds")
ANSWER = "Les camions attendent sur l'aire de la zone, à droite du rond-point."


class LetterEncoder:
    """Encodes a text by its letters: deterministic, and quick."""

    def __init__(self, name: str) -> None:
        self.name, self.encoded = name, 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        counts = [
            [text.count(letter) + 0.1 for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts
        ]
        rows = np.array(counts, dtype=np.float32).reshape(len(texts), 26)
        unit: Vectors = np.divide(rows, np.linalg.norm(rows, axis=1, keepdims=True), dtype="f4")
        return unit


def material(answer: str = ANSWER) -> Material:
    """Return three entries with many phrasings, one with two, and questions out of scope."""
    texts = [
        (f"{frame} {word}", entry)
        for entry, words in TOPICS.items()
        for word in words
        for frame in FRAMES
    ]
    texts += [(text, "parking") for text in PARKING]
    texts += [(f"recette de {dish}", "") for dish in ("soupe", "tarte", "gratin", "daube")]
    examples = tuple(
        Example(text, entry or None, HOUSE if entry == "parking" else f"voix {number % 4}")
        for number, (text, entry) in enumerate(texts)
    )
    return Material(examples, (*TOPICS, "parking"), Lexicon(), answers={"parking": (answer,)})


def second() -> SecondEncoder:
    return SecondEncoder(LetterEncoder("questions"), LetterEncoder("passages"))


def asked(encoders: SecondEncoder) -> int:
    assert isinstance(encoders.questions, LetterEncoder)
    return encoders.questions.encoded


scores = st.lists(st.floats(-0.2, 1.2), min_size=5, max_size=5).map(np.array)
shares = st.floats(0, 1)
odds_of_two = st.lists(st.floats(0, 50), min_size=2, max_size=2)


@given(
    scores=scores, odds=st.lists(st.floats(0, 50), min_size=2, max_size=2), one=shares, two=shares
)
def test_all_ids_stay_and_their_probabilities_are_at_most_one(
    scores: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    odds: list[float],
    one: float,
    two: float,
) -> None:
    sure, among = sorted((one, two))
    found = merged(np.array([1, 3]), np.array(odds), scores, sure, among)
    assert sorted(found.order.tolist()) == [0, 1, 2, 3]
    assert found.probabilities.sum() <= 1 + 1e-9
    assert (np.diff(found.probabilities) <= 1e-12).all()


def test_a_newcomer_that_nothing_speaks_for_changes_nothing() -> None:
    scores = np.array([0.1, 0.2, 0.7, 0.0, 0.1])
    found = merged(np.array([3]), np.array([0.0]), scores, 0.6, 0.9)
    assert found.order.tolist()[:3] == [2, 1, 0]
    assert found.probabilities[0] == pytest.approx(0.6)


def test_what_the_regression_thinks_of_a_newcomer_does_not_count() -> None:
    found = merged(np.array([0]), np.array([0.1]), np.array([0.9, 0.3, 0.2, 0.0]), 0.9, 0.95)
    assert found.order[0] != 0 or found.probabilities[0] < 0.2
    assert found.probabilities.max() < 0.2


def test_only_what_exceeds_the_usual_counts() -> None:
    measure = Measure(np.array([0.9, 0.1]), np.array([0.1, 0.1]))
    assert measure.of(np.array([1.0, 0.5])) == pytest.approx([1.0, 4.0])


def test_in_doubt_what_is_asked_for_long_comes_first() -> None:
    doubtful = Merged(np.array([3, 0, 1]), np.array([0.4, 0.3, 0.05]))
    assert doubtful.in_doubt(3, np.array([3])).order.tolist() == [0, 3, 1]
    assert doubtful.in_doubt(1, np.array([3])).order.tolist() == [3, 0, 1]
    clear = Merged(np.array([3, 0, 1]), np.array([0.7, 0.3, 0.0]))
    assert clear.in_doubt(3, np.array([3])) is not clear
    assert clear.in_doubt(3, np.array([3])).order.tolist() == [3, 0, 1]


def test_what_weighs_are_signs() -> None:
    for fitted in (ALONE, AT_A_GLANCE, BESIDE):
        for one in fitted:
            assert len(one.of) == len(one.columns) == len(one.signs)
        assert fitted[-1].needs == ()


def test_a_centred_vector_has_norm_one_whatever_the_vector() -> None:
    vectors = np.array([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]], dtype=np.float32)
    moved = centred(vectors, vectors.mean(axis=0))
    assert np.linalg.norm(moved, axis=1) == pytest.approx([1, 1, 1])
    assert np.isfinite(centred(vectors[0], vectors[0])).all()


def test_an_entry_is_a_newcomer_until_it_has_phrasings_enough(shipped: Knowledge) -> None:
    entry = shipped.entries[0]
    few = [Example(f"texte {number}", entry.id, HOUSE) for number in range(FEWEST - 1)]
    assert list(answers_of_newcomers([entry], few)) == [entry.id]
    assert not answers_of_newcomers([entry], [*few, Example("un de plus", entry.id, HOUSE)])
    (sentences,) = answers_of_newcomers([entry], few).values()
    assert sentences
    assert not any("<" in each or len(each.split()) < 3 for each in sentences)


@pytest.mark.parametrize("encoders", [(None, None), ("first", None), ("first", "second")])
def test_a_newcomer_is_found_by_its_words_beside_entries_with_many(
    encoders: tuple[str | None, str | None],
) -> None:
    first = LetterEncoder("first") if encoders[0] else None
    ranker = compile_ranker(material(), first, ModelStore(None), second() if encoders[1] else None)
    ranking = ranker.rank("ou garer mes poids lourds", "Où garer mes poids lourds ?")
    assert ranking.entries[0].id == "parking"
    assert {one.id for one in ranking.entries} == {*TOPICS, "parking"}
    others = ranker.rank("une question sur fraiseuse")
    assert others.entries[0].id == "machine"
    assert others.sure >= SURE


def test_the_second_encoder_is_asked_only_where_nothing_else_is_sure() -> None:
    encoders = second()
    ranker = compile_ranker(material(), LetterEncoder("first"), ModelStore(None), encoders)
    before = asked(encoders)
    ranker.rank("une question sur fraiseuse")
    assert asked(encoders) == before
    ranker.rank("les camions de 38 tonnes")
    assert asked(encoders) == before + 1


@pytest.mark.parametrize(
    ("at_a_glance", "after_a_look", "doubted"), [(0.02, 1, False), (1, 0.1, False), (0.05, 1, True)]
)
def test_what_is_sure_is_doubted_only_if_a_newcomer_is_likely_after_a_closer_look(
    monkeypatch: pytest.MonkeyPatch, at_a_glance: float, after_a_look: float, *, doubted: bool
) -> None:
    def odds(_newcomers: Newcomers, signs: Floats) -> Floats:
        looked = np.isfinite(signs[0, SIGNS.index("own")])
        return np.array([after_a_look if looked else at_a_glance], dtype=np.float64)

    monkeypatch.setattr(Newcomers, "odds", odds)
    ranking = compile_ranker(material(), None, ModelStore(None)).rank("une question sur fraiseuse")
    assert (ranking.sure < SURE) is doubted


def test_signs_without_encoders_are_not_numbers_and_need_no_numbers() -> None:
    ranker = compile_ranker(material(), None, ModelStore(None))
    signs = ranker.signs_of("poids lourds")
    assert signs.shape == (1, len(SIGNS))
    assert np.isnan(signs).any()
    ranking = ranker.rank("poids lourds")
    assert ranking.entries[0].id == "parking"
    assert 0 < ranking.sure <= 1


def test_a_model_read_from_the_store_finds_the_same(tmp_path: Path) -> None:
    store, encoders = ModelStore(tmp_path), second()
    first = compile_ranker(material(), LetterEncoder("first"), store, encoders)
    asked_before = asked(encoders)
    again = compile_ranker(material(), LetterEncoder("first"), store, encoders)
    assert asked(encoders) == asked_before
    for text in ("poids lourds", "une question sur fraiseuse", ""):
        assert first.rank(text) == again.rank(text)


def test_newcomers_survive_packing() -> None:
    measure = Measure(np.array([0.1, 0.2]), np.array([1.0, 2.0]))
    alone = Newcomers(
        np.array([1]), np.array([2.0]), np.array([True, True]), alone=False, likeness=measure
    )
    told = Evidence(np.array([0.5, 0.2, 0.1]), np.array([0.4, 0.3, 0.0]))
    again = unpacked(packed(alone))
    assert again is not None
    look = HeadScores(np.array([0.1, 0.3, 0.0]), np.array([0.2]))
    assert np.array_equal(again.signs(told, look), alone.signs(told, look), equal_nan=True)
    assert unpacked(packed(None)) is None


@pytest.mark.parametrize("encoders", [(None, None), ("first", None), ("first", "second")])
def test_what_any_text_reaches_of_a_newcomer_is_no_sign_of_it(
    encoders: tuple[str | None, str | None],
) -> None:
    # Two new entries: one answers at length, in the words of people who ask for something else.
    told = tuple(
        each.text
        for each in material_of(Path(knowledge.__file__).parent).examples
        if each.entry is None and each.text not in background()
    )[:60]
    examples = (
        *(Example(text, "parking", HOUSE) for text in PARKING),
        *(Example(text, "bavard", HOUSE) for text in ("Les nouvelles ?", "Quoi de neuf ici ?")),
    )
    new = Material(
        examples, ("parking", "bavard"), Lexicon(), answers={"parking": (ANSWER,), "bavard": told}
    )
    first = LetterEncoder("first") if encoders[0] else None
    ranker = compile_ranker(new, first, ModelStore(None), second() if encoders[1] else None)
    own = np.array([ranker.signs_of(text, text)[:, SIGNS.index("own")] for text in background()])
    assert own.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    # Without the correction the long answer would win nearly all of them.
    assert 0.2 < (own[:, 1] > own[:, 0]).mean() < 0.8


def test_a_text_of_the_background_that_asks_for_something_is_learnt() -> None:
    asked_for = background()[0]
    grown = replace(
        material(), examples=(*material().examples, Example(asked_for, "parking", "faq"))
    )
    ranker = compile_ranker(grown, None, ModelStore(None))
    assert ranker.rank(asked_for).entries[0].id == "parking"


def test_the_only_entry_of_a_faq_is_no_answer_to_all() -> None:
    examples = tuple(Example(text, "parking", HOUSE) for text in PARKING)
    one = Material(examples, ("parking",), Lexicon(), answers={"parking": (ANSWER,)})
    ranker = compile_ranker(one, None, ModelStore(None))
    near, far = (ranker.rank(text).sure for text in ("garer les poids lourds", "heure a tokyo"))
    assert far < 0.3 < near


def test_the_only_newcomer_has_no_rival_but_any_text() -> None:
    signs = compile_ranker(material(), None, ModelStore(None)).signs_of("poids lourds")
    own, lead = (signs[0, SIGNS.index(name)] for name in ("own", "own_lead"))
    assert own == lead > 0


def test_the_background_stands_in_the_shipped_examples_out_of_scope() -> None:
    shipped = material_of(Path(knowledge.__file__).parent).examples
    assert set(background()) <= {one.text for one in shipped if one.entry is None}
    assert len(set(background())) == len(background()) > 100


def test_an_answer_is_learnt_while_its_entry_is_a_newcomer() -> None:
    key = ModelStore.key(material(), None)
    assert ModelStore.key(material("Autre chose."), None) != key
    grown = Material(material().examples, material().ids, Lexicon())
    assert ModelStore.key(grown, None) == ModelStore.key(
        Material(grown.examples, grown.ids, Lexicon()), None
    )
    assert len(PARKING) < FEWEST
    assert answers_of_newcomers((), ()) == {}


@pytest.mark.parametrize("by_second", [False, True])
def test_what_was_learnt_is_known_again(tmp_path: Path, *, by_second: bool) -> None:
    folder = tmp_path / "faq"
    begin(folder, today=date(2026, 11, 24))
    documents = read_files(folder, fictitious=False).documents
    first, encoders = LetterEncoder("first"), second() if by_second else None
    compiling = Compiling(first, store=ModelStore(tmp_path / "models"), second=encoders)
    assert not compiling.knows(documents)
    build(documents, compiling)
    assert compiling.knows(documents)
