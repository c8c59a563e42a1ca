"""Training where there is little, nothing out of scope, or very much to learn from."""

from pathlib import Path

import pytest
from dialogue import tune

import knowledge
from knowledge.loading import load
from knowledge.matcher.matcher import Outcome
from knowledge.ranking import training
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.ranker import Ranker
from knowledge.ranking.training import compile_ranker
from knowledge.text.lexicon import Lexicon

SHIPPED = Path(knowledge.__file__).parent
TOPICS = {
    "argent": ("financer", "payer", "emprunter", "subvention", "budget", "tresorerie"),
    "machine": ("fraiseuse", "tour", "presse", "four", "robot", "soudeuse"),
    "lieu": ("commune", "ville", "quartier", "zone", "port", "canton"),
}


def material(*, negatives: bool, voices: int) -> Material:
    """Return a small knowledge of three entries."""
    texts = [
        (f"{frame} {word}", entry)
        for entry, words in TOPICS.items()
        for word in words
        for frame in ("une question sur", "et pour", "parlez moi de")
    ]
    if negatives:
        texts += [(f"recette de {dish}", "") for dish in ("soupe", "tarte", "gratin", "daube")]
    examples = tuple(
        Example(text, entry or None, HOUSE if voices == 1 else f"voice {number % voices}")
        for number, (text, entry) in enumerate(texts)
    )
    return Material(examples, tuple(TOPICS), Lexicon())


def ranker(what: Material) -> Ranker:
    return compile_ranker(what, None, ModelStore(None))


@pytest.mark.parametrize("negatives", [True, False])
@pytest.mark.parametrize("voices", [1, 4])
@pytest.mark.parametrize("largest", [30, 3000])
def test_the_right_entry_comes_first_and_is_sure(
    monkeypatch: pytest.MonkeyPatch,
    negatives: bool,
    voices: int,
    largest: int,
) -> None:
    tune(monkeypatch, training, MOST_LEARNT=largest)
    found = ranker(material(negatives=negatives, voices=voices))
    near = found.rank("dites moi pour la fraiseuse")
    far = found.rank("xyz")
    assert near.entries[0].id == "machine"
    assert {one.id for one in near.entries} == set(TOPICS)
    assert near.sure > far.sure
    assert 0 <= far.sure <= far.among + 0.5
    assert "fraiseuse" in near.nearest


def test_a_folder_without_voices_answers_and_stays_silent(tmp_path: Path) -> None:
    for name in ("faq.yaml", "projets.yaml", "actes.yaml"):
        (tmp_path / name).write_text((SHIPPED / name).read_text("utf-8"), "utf-8")
    matcher = load(tmp_path).matcher
    assert matcher.match("comment financer mon projet industriel").outcome is Outcome.ANSWER
    assert matcher.match("wxyz qsdf").outcome in {Outcome.NONE, Outcome.CHOICES}


def test_training_is_deterministic() -> None:
    what = material(negatives=True, voices=4)
    first, again = ranker(what), ranker(what)
    for text in ("une presse", "le port", "la daube", ""):
        assert first.rank(text) == again.rank(text)
