"""Understanding by meaning comes after the first answers, and is never what keeps them away."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialogue import Speaker, Stage, inside, tune
from small_library import small_folder

import bot.content.hot_reload
from bot.content.compiler import by_letters, compiling
from bot.content.library import Documents, Library
from bot.run_modes import load_learnt
from bot.settings import Settings
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling
from knowledge.ranking.encoder import TableOnDisk, UniversalSentenceEncoder, Vectors
from knowledge.ranking.model_store import ModelStore


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tune(monkeypatch, bot.content.hot_reload, FIRST_ANSWERS_SECONDS=0)


class Taught(Library):
    """A folder that learns what a test says."""

    def __init__(self, folder: Path, learns: Callable[[], Knowledge]) -> None:
        super().__init__(folder, fictitious=True, compiling=Compiling)
        self._learns = learns

    def learn(self, documents: Documents) -> Knowledge:
        del documents
        return self._learns()


async def restarts(stage: Stage, folder: Path, learns: Callable[[], Knowledge]) -> None:
    """Restart on files in which there is more to learn."""
    await stage.stops()
    stage.library, stage.to_learn = Taught(folder, learns), {}
    await stage.starts()


async def learns_no_more(stage: Stage) -> None:
    async with asyncio.timeout(10):
        while stage.running.parts.hot_reload.is_learning:
            await stage.messenger.changed_or(0.01)


async def test_what_understands_more_replaces_what_served_first(
    stage: Stage, shipped: Knowledge, tmp_path: Path
) -> None:
    deeper = replace(shipped, entries=shipped.entries[:1])
    await restarts(stage, tmp_path, lambda: deeper)
    await learns_no_more(stage)
    assert stage.running.parts.services.knowledge is deeper


async def test_those_who_wait_are_answered_before_anything_is_learnt(
    stage: Stage, sme: Speaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, bot.content.hot_reload, FIRST_ANSWERS_SECONDS=3600)
    await restarts(stage, tmp_path, lambda: pytest.fail("too early"))
    await sme.says("comment financer un projet ?")
    sme.sees("fruit de la visibilité")
    assert stage.running.parts.hot_reload.is_learning


async def test_files_that_changed_meanwhile_are_not_undone(
    stage: Stage, shipped: Knowledge, tmp_path: Path
) -> None:
    changed = replace(shipped, version="changed")
    asked = threading.Event()

    def learns() -> Knowledge:
        asked.set()
        return shipped

    stage.knowledge = changed
    await restarts(stage, tmp_path, learns)
    await learns_no_more(stage)
    assert asked.is_set()
    assert stage.running.parts.services.knowledge is changed


async def test_an_encoder_that_fails_leaves_letters_in_service(
    stage: Stage, sme: Speaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def learns() -> Knowledge:
        raise RuntimeError("broken wheel")

    await restarts(stage, tmp_path, learns)
    await learns_no_more(stage)
    assert "nothing was learnt: RuntimeError" in caplog.text
    await sme.says("comment financer un projet ?")
    sme.sees("fruit de la visibilité")


async def test_a_bot_whose_files_are_not_watched_learns_as_well(
    stage: Stage, shipped: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeper = replace(shipped, entries=shipped.entries[:1])
    monkeypatch.setattr(Library, "learn", lambda _library, _documents: deeper)
    await stage.stops()
    stage.to_learn = {}
    await stage.starts()
    await learns_no_more(stage)
    assert stage.running.parts.services.knowledge is deeper


def test_an_encoder_reads_its_weights_before_anything_is_compiled(tmp_path: Path) -> None:
    acts: list[str] = []

    class Noted(UniversalSentenceEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            acts.append("encoded" if texts == [" "] else "compiled")
            return super().encode(texts)

    understanding = Compiling(Noted(), store=ModelStore(None))
    folder = small_folder(tmp_path / "k")
    Library(folder, fictitious=False, compiling=lambda: understanding).load()
    assert acts[0] == "encoded"
    assert "compiled" in acts


@pytest.mark.parametrize("is_on", [True, False])
def test_there_is_more_to_learn_only_where_meaning_is_asked_for(
    tmp_path: Path, *, is_on: bool
) -> None:
    folder = small_folder(tmp_path / "k")
    settings = Settings.read(_env_file=None, knowledge_dir=folder, semantic_matching=is_on)
    learnt = load_learnt(settings, fictitious=False)
    assert learnt
    assert (learnt.to_learn is not None) is is_on


def test_the_setting_decides_between_letters_and_meaning() -> None:
    on = Settings.read(_env_file=None, semantic_matching=True, answer_probability=0.5)
    off = Settings.read(_env_file=None, semantic_matching=False)
    assert compiling(on).encoder is not None
    assert compiling(off).encoder is None
    assert by_letters(on).encoder is None
    assert by_letters(on).thresholds.answer == 0.5


def test_the_table_is_read_from_a_file_and_written_anew_where_that_is_damaged(
    tmp_path: Path,
) -> None:
    in_memory = UniversalSentenceEncoder().encode(["un four"])
    for content in (None, b"damaged"):
        if content is not None:
            (tmp_path / f"{UniversalSentenceEncoder.name}.table").write_bytes(content)
        encoder = UniversalSentenceEncoder(tmp_path)
        assert np.array_equal(encoder.encode(["un four"]), in_memory)
        assert isinstance(inside(inside(encoder, "model"), "model").table, TableOnDisk)


def test_a_table_that_was_cut_is_told_of_and_one_that_was_removed_still_serves(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table"
    path.write_bytes(bytes(range(12)))
    table = TableOnDisk(path, 4)
    assert table[np.array([2, 0, 2])].tolist() == [[8, 9, 10, 11], [0, 1, 2, 3], [8, 9, 10, 11]]
    assert table[np.array([], dtype=np.int64)].shape == (0, 4)
    with pytest.raises(OSError, match="cut"):
        table[np.array([3])]
    path.unlink()
    assert table[np.array([1])].tolist() == [[4, 5, 6, 7]]


def test_a_folder_that_cannot_be_written_costs_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    encoder = UniversalSentenceEncoder(tmp_path / "file" / "cache")
    assert encoder.encode(["un four"]).shape == (1, 512)
    assert isinstance(inside(inside(encoder, "model"), "model").table, np.ndarray)
