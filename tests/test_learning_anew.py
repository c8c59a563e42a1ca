"""What is learnt after changes is, to the bit, what is learnt from nothing."""

import io
import logging
import multiprocessing
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import numpy as np
import pytest
from dialogue import tune
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.ranking import kept_files, kept_rows, model_store, pairs, ridge, training
from knowledge.ranking.corpus import HOUSE, Example, Material
from knowledge.ranking.encoder import Vectors
from knowledge.ranking.model_store import Compiled, ModelStore
from knowledge.ranking.similarity import Similarity
from knowledge.ranking.training import compile_ranker
from knowledge.ranking.views import Reading
from knowledge.text.lexicon import Lexicon

WORDS = ("financer", "une", "machine", "à", "partager", "où", "inscrire", "mon", "usine", "l'idée")
VOICES = (HOUSE, "a", "b", "c")
IDS = ("argent", "machine", "lieu", "idee")
ASKED = ("financer une usine", "ou partager", "inscrire l'idée", "xyz", "")

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
examples = st.builds(Example, texts, st.sampled_from((*IDS, None)), st.sampled_from(VOICES))
lexicons = st.sampled_from([Lexicon(), Lexicon({"l": "la"}, {"usine": "lieu", "machine": "outil"})])
materials = st.builds(
    Material,
    st.lists(examples, min_size=2, max_size=25).map(tuple),
    st.just(IDS),
    lexicons,
    st.sampled_from([frozenset[str](), frozenset({"lieu"})]),
)


class Letters:
    """An encoder of a few numbers, the same for a text in any company."""

    name = "letters-1"

    def encode(self, texts: Sequence[str]) -> Vectors:
        counts = [[1 + text.count(c) for c in "aeinor"] for text in texts]
        rows = np.array(counts, dtype=np.float32).reshape(-1, 6)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


class Recalling(ModelStore):
    """A store that recalls what was learnt last, where another process may remove the file."""

    def put(self, key: str, model: Compiled) -> None:
        super().put(key, model)
        self.last = model


def learnt(material: Material, encoder: Letters | None, store: ModelStore) -> Compiled:
    compile_ranker(material, encoder, store)
    found = store.get(store.key(material, encoder))
    assert found is not None
    return found


def same(one: Compiled, other: Compiled) -> bool:
    numbers = [
        (each.coefficients, each.curbs, each.sure.weights, each.sure.means, each.among.weights)
        for each in (one, other)
    ]
    return all(np.array_equal(a, b) for a, b in zip(*numbers, strict=True))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few examples fill several blocks."""
    for module in (kept_rows, ridge, training):
        monkeypatch.setattr(module, "BLOCK", 4)
    tune(monkeypatch, pairs, ROWS=3)
    tune(monkeypatch, ridge, COLUMNS=6)
    tune(monkeypatch, "knowledge.ranking.views", FEW=2, TOGETHER=5, ONE_BY_ONE=2)


@pytest.mark.usefixtures("small")
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    versions=st.lists(materials, min_size=2, max_size=4), encoder=st.sampled_from([None, Letters()])
)
def test_any_files_after_any_others(
    tmp_path_factory: pytest.TempPathFactory, versions: list[Material], encoder: Letters | None
) -> None:
    store = ModelStore(tmp_path_factory.mktemp("one"))
    for version in versions:
        fresh = ModelStore(tmp_path_factory.mktemp("fresh"))
        assert same(learnt(version, encoder, store), learnt(version, encoder, fresh))
        after, anew = (compile_ranker(version, encoder, each) for each in (store, fresh))
        assert [after.rank(text) for text in ASKED] == [anew.rank(text) for text in ASKED]


@pytest.mark.usefixtures("small")
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    material=materials,
    edits=st.lists(
        st.tuples(st.integers(0, 24), st.one_of(st.none(), examples)), min_size=1, max_size=4
    ),
)
def test_one_edit_after_the_other(
    tmp_path_factory: pytest.TempPathFactory,
    material: Material,
    edits: list[tuple[int, Example | None]],
) -> None:
    store = ModelStore(tmp_path_factory.mktemp("one"))
    compile_ranker(material, None, store)
    for place, edit in edits:
        kept = list(material.examples)
        if edit is None and len(kept) > 2:
            del kept[place % len(kept)]
        elif edit is not None:
            kept.insert(place % (len(kept) + 1), edit)
        material = replace(material, examples=tuple(kept))
        fresh = learnt(material, None, ModelStore(tmp_path_factory.mktemp("fresh")))
        assert same(learnt(material, None, store), fresh)


def edited(number: int, count: int = 40) -> Material:
    """Return a knowledge whose last phrasing, of the house, is another for each number."""
    own = [
        Example(f"{WORDS[n % 10]} {WORDS[n // 3 % 10]} {n}", IDS[n % 4], VOICES[n % 3 + 1])
        for n in range(count)
    ]
    return Material((*own, Example(f"une tournure {number}", "idee", HOUSE)), IDS, Lexicon())


def test_only_what_changed_is_compared_and_factored(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    begun: list[int] = []
    between, genuine = Similarity.between, ridge.learn

    def counted(self: Similarity, rows: "np.ndarray") -> "np.ndarray":
        compared.append(len(rows))
        return between(self, rows)

    def noted(*given: "np.ndarray", done: int) -> ridge.RidgeHead:
        begun.append(done)
        return genuine(*given, done=done)

    monkeypatch.setattr(Similarity, "between", counted)
    monkeypatch.setattr(training, "learn", noted)
    store = ModelStore(tmp_path)
    compile_ranker(edited(1), None, store)
    assert (sum(compared), begun) == (41, [0])
    compared.clear()
    compile_ranker(edited(2), None, store)
    assert (sum(compared), begun) == (1, [0, 40])


def test_only_new_texts_are_read_unless_the_lexicon_changes(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    genuine = Reading.normalised

    def noted(self: Reading, text: str) -> str:
        read.append(text)
        return genuine(self, text)

    monkeypatch.setattr(Reading, "normalised", noted)
    store = ModelStore(tmp_path)
    compile_ranker(edited(1), None, store)
    read.clear()
    compile_ranker(edited(2), None, store)
    assert set(read) == {"une tournure 2"}
    read.clear()
    compile_ranker(replace(edited(2), lexicon=Lexicon({"l": "la"})), None, store)
    assert {example.text for example in edited(2).examples} <= set(read)


def test_an_edit_of_the_house_writes_only_the_smaller_files(tmp_path: Path, small: None) -> None:
    def written(material: Material) -> set[str]:
        before = {path.name: path.stat().st_ino for path in workings(tmp_path)}
        compile_ranker(material, None, ModelStore(tmp_path))
        after = {path.name: path.stat().st_ino for path in workings(tmp_path)}
        return {name.rsplit(".")[-1] for name in after if after[name] != before.get(name)}

    last = {"views", "pairs_last", "factor_last"}
    everything = last | {"pairs", "factor"}
    assert written(edited(1)) == everything
    assert written(edited(2)) == last
    assert written(edited(2)) == set()
    first, *others = edited(2).examples
    changed = replace(edited(2), examples=(replace(first, text="autre chose"), *others))
    assert written(changed) == everything
    # With nothing but what facilitators write, all changes often.
    alone = replace(edited(2), examples=tuple(replace(each, voice=HOUSE) for each in others))
    assert written(alone) == everything
    assert written(replace(alone, examples=alone.examples[1:])) == last


def workings(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix not in {".npz", ".vectors"}]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "folder", "other shape"])
def test_damaged_workings_are_made_anew(
    tmp_path: Path, small: None, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = ModelStore(tmp_path / "cache")
    compile_ranker(edited(1), None, store)
    files = workings(tmp_path / "cache")
    assert len(files) == 5
    for path in files:
        spoil(path, damage)
    with caplog.at_level(logging.WARNING):
        after = learnt(edited(2), None, store)
    assert same(after, learnt(edited(2), None, ModelStore(tmp_path / "fresh")))
    assert ("spoilt" in caplog.text) == (damage not in {"foreign", "other shape"})
    # And the next learning finds sound workings again.
    caplog.clear()
    learnt(edited(3), None, store)
    assert not caplog.text


def spoil(path: Path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "foreign":
        keep(path, {"something": np.arange(3)})
    elif damage == "other shape":
        with path.open("rb") as file, np.load(file) as arrays:
            kept = {name: part[:-1] for name, part in arrays.items()}
        keep(path, kept)
    else:
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 255]) + content[half + 1 :]
        path.write_bytes({"cut": content[:half], "flipped": flipped, "empty": b""}[damage])


def keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # names of arrays


def test_two_that_learn_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    wrong: list[int] = []

    def learn_all(first: int) -> None:
        store = ModelStore(tmp_path)
        for number in range(first, first + 6):
            after = learnt(edited(number), None, store)
            if not same(
                after, learnt(edited(number), None, ModelStore(tmp_path / f"fresh{first}"))
            ):
                wrong.append(number)

    threads = [threading.Thread(target=learn_all, args=(first,)) for first in (0, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def learn_some(folder: Path, first: int, wrong: "SimpleQueue[str]") -> None:
    """Learn six knowledges on a cache, and tell what is not as learnt from nothing, or logged."""
    told = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(told))
    try:
        for number in range(first, first + 6):
            shared, fresh = Recalling(folder), Recalling(None)
            for store in (shared, fresh):
                compile_ranker(edited(number), Letters(), store)
            if not same(shared.last, fresh.last):
                wrong.put(f"{number} is another")
    except BaseException as error:
        wrong.put(repr(error))
        raise
    finally:
        wrong.put(told.getvalue())


def test_processes_that_learn_at_once_do_not_harm_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few that each removes what the others are reading.
    monkeypatch.setattr(kept_files, "MODELS_KEPT", 1)
    context = multiprocessing.get_context("fork")
    wrong = context.SimpleQueue()
    processes = [
        context.Process(target=learn_some, args=(tmp_path, first, wrong)) for first in (0, 6, 12)
    ]
    for process in processes:
        process.start()
    assert [wrong.get() for _ in processes] == [""] * 3
    for process in processes:
        process.join(10)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert not list(tmp_path.glob("*.part"))


def test_nothing_grows_with_the_changes(tmp_path: Path) -> None:
    store, sizes = ModelStore(tmp_path), []
    for number in range(30):
        compile_ranker(edited(number), Letters(), store)
        sizes.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
    settled = sizes[kept_files.MODELS_KEPT :]
    assert max(settled) - min(settled) < 0.01 * min(settled)


def resident() -> float:
    """Return the memory that this process holds now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def on_disk(folder: Path) -> float:
    """Return the size of a folder's files, in megabytes."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 2**20


@pytest.mark.long
def test_hundreds_of_edits_and_new_editions_take_no_more_than_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, memory, disk = ModelStore(tmp_path), list[float](), list[float]()
    for number in range(300):
        if number % 50 == 0:
            # Six editions of the learning, each an upgrade of the bot.
            tune(monkeypatch, model_store, EDITION=100 + number // 50)
        for encoder in (None, Letters()):
            compile_ranker(edited(number, 60), encoder, store)
        if number % 50 == 49:
            memory.append(resident())
            disk.append(on_disk(tmp_path))
    print("after each 50 edits, MB in memory:", memory, "MB on disk:", disk)  # noqa: T201 - figures for docs/matching.md
    assert max(memory) - memory[0] < 10
    # The second edition finds the workings of the first one beside its own; no other adds to that.
    assert max(disk[1:]) < 1.02 * disk[1]
