"""Compiled models on disk: kept, found again, never trusted with more than numbers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_places import DISKS, disk  # noqa: F401 (a fixture)

from knowledge.ranking import model_store
from knowledge.ranking.corpus import Example, Material
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import Compiled, ModelStore
from knowledge.ranking.ridge import Calibration
from knowledge.ranking.similarity import Similarity
from knowledge.ranking.training import compile_ranker
from knowledge.text.lexicon import Lexicon

EXAMPLES = tuple(
    Example(text, entry, voice)
    for voice in ("a", "b", "c")
    for text, entry in (
        (f"comment financer {voice}", "financement"),
        (f"partager une machine {voice}", "mutualisation"),
        (f"recette de cuisine {voice}", None),
    )
)
IDS = ("financement", "mutualisation")
MATERIAL = Material(EXAMPLES, IDS, Lexicon())


@pytest.fixture
def model() -> Compiled:
    calibration = Calibration(np.arange(9.0), np.zeros(8), np.ones(8))
    similarity = {"vectors": np.ones((9, 4), dtype=np.float32)}
    return Compiled(IDS, np.eye(9, 3), np.ones(9), calibration, calibration, similarity)


def test_what_is_kept_is_found_again(tmp_path: Path, model: Compiled) -> None:
    store = ModelStore(tmp_path / "new" / "folder")
    store.put("key", model)
    found = store.get("key")
    assert found is not None
    assert found.ids == model.ids
    assert (found.coefficients == model.coefficients).all()
    assert (found.sure.weights == model.sure.weights).all()
    assert (found.similarity["vectors"] == 1).all()
    assert store.get("other") is None


def test_a_spoilt_file_is_compiled_anew(tmp_path: Path, model: Compiled) -> None:
    store = ModelStore(tmp_path)
    store.put("key", model)
    (tmp_path / "key.npz").write_bytes(b"spoilt")
    assert store.get("key") is None


def test_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "key.npz", ids=np.array([{"a": 1}], dtype=object))
    assert ModelStore(tmp_path).get("key") is None


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path, model: Compiled) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    ModelStore(tmp_path / "file").put("key", model)
    ModelStore(None).put("key", model)
    assert ModelStore(None).get("key") is None


def test_only_the_latest_are_kept(tmp_path: Path, model: Compiled) -> None:
    store = ModelStore(tmp_path)
    for number in range(12):
        store.put(f"{number:032x}", model)
    assert len(list(tmp_path.glob("*.npz"))) == 6
    assert not list(tmp_path.glob("*.part"))


def test_the_key_follows_everything_that_a_model_is_made_of() -> None:
    class Other:
        name = "other"

        def encode(self, texts: object) -> np.ndarray:
            raise NotImplementedError

    base = ModelStore.key(MATERIAL, None)
    changed = {
        ModelStore.key(replace(MATERIAL, examples=EXAMPLES[1:]), None),
        ModelStore.key(replace(MATERIAL, ids=IDS[::-1]), None),
        ModelStore.key(replace(MATERIAL, lexicon=Lexicon({"koi": "quoi"})), None),
        ModelStore.key(MATERIAL, Other()),
        ModelStore.key(replace(MATERIAL, examples=(Example("é\ud800", None, "a"),)), None),
    }
    assert len(changed | {base}) == 6


def test_other_frequencies_are_another_learning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, before = ModelStore(tmp_path), ModelStore.key(MATERIAL, None)
    store.of(None).keep_workings("views", {"n": np.arange(3)})
    monkeypatch.setattr(model_store, "fingerprint", lambda: "others")
    assert ModelStore.key(MATERIAL, None) != before
    assert store.of(None).workings("views") == {}


def test_a_kept_model_ranks_as_the_one_that_was_learnt(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    first = compile_ranker(MATERIAL, None, store)
    again = compile_ranker(MATERIAL, None, store)
    for text in ("financer", "machine a partager", "cuisine", ""):
        assert first.rank(text) == again.rank(text)
    assert first.rank("financer un achat").entries[0].id == "financement"
    assert isinstance(Similarity(["a"], Lexicon(), None).to_examples(["a"])[0], np.ndarray)


class Counting:
    """An encoder that remembers what it was asked."""

    name = "counting-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    encoder = Counting()
    first = ModelStore(tmp_path).encoded(encoder, ["a", "bb", "\ud800"])
    again = ModelStore(tmp_path).encoded(encoder, ["bb", "ccc", "a", "bb"])
    assert encoder.asked == ["a", "bb", "\ud800", "ccc"]
    assert first.tolist() == [[1, 1], [2, 1], [1, 1]]
    assert again.tolist() == [[2, 1], [3, 1], [1, 1], [2, 1]]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"x" * 200])
def test_damaged_vectors_are_encoded_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "counting-1.vectors").write_bytes(content)
    (tmp_path / f"{'0' * 32}.npz").write_bytes(content)
    store = ModelStore(tmp_path)
    assert store.encoded(Counting(), ["a"]).tolist() == [[1, 1]]
    assert store.get("0" * 32) is None


def test_without_a_folder_everything_is_encoded() -> None:
    encoder = Counting()
    for _ in range(2):
        assert ModelStore(None).encoded(encoder, ["a"]).tolist() == [[1, 1]]
    assert encoder.asked == ["a", "a"]
    assert len(ModelStore(None).encoded(encoder, [])) == 0


@pytest.mark.parametrize("state", ["full", "read-only"])
def test_a_disk_that_takes_nothing_stops_nobody(
    disk: Path,  # noqa: F811 (a fixture)
    caplog: pytest.LogCaptureFixture,
    state: str,
) -> None:
    DISKS[state][0](disk)
    store = ModelStore(disk)
    for _ in range(2):
        assert compile_ranker(MATERIAL, None, store).rank("financer un achat")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be written" in caplog.text
    assert not [path for path in disk.iterdir() if path.name != "fill"]


def test_a_disk_that_fills_up_keeps_what_was_learnt_before(
    disk: Path,  # noqa: F811 (a fixture)
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = compile_ranker(MATERIAL, None, ModelStore(disk))
    DISKS["full"][0](disk)
    more = replace(MATERIAL, examples=(*EXAMPLES, Example("une de plus", "financement", "a")))
    assert compile_ranker(more, None, ModelStore(disk)).rank("financer")
    again = compile_ranker(MATERIAL, None, ModelStore(disk))
    assert again.rank("financer un achat") == first.rank("financer un achat")
    assert len(caplog.records) == 1


def test_a_disk_that_takes_files_again_is_told_of_when_it_is_full_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = ModelStore(tmp_path)
    for refuses in (True, False, True):
        with monkeypatch.context() as patch:
            if refuses:
                patch.setattr(model_store, "replacing", no_space)
            compile_ranker(MATERIAL, None, store)
        for path in tmp_path.iterdir():
            path.unlink()
    assert len(caplog.records) == 2


def no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")
