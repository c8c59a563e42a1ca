"""Understanding by meaning comes after the first answers, and is never what keeps them away."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialogue import Speaker, Stage

import bot.service
from bot.content.compiler import by_letters, compiling
from bot.settings import Settings
from knowledge.knowledge import Knowledge
from knowledge.ranking.encoder import UniversalSentenceEncoder


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.service, "_FIRST_ANSWERS_SECONDS", 0)


async def _restarts(stage: Stage) -> None:
    await stage.stops()
    await stage.starts()


async def test_what_understands_more_replaces_what_served_first(
    stage: Stage, shipped: Knowledge
) -> None:
    deeper = replace(shipped, entries=shipped.entries[:1])
    stage.deepen = lambda: deeper
    await _restarts(stage)
    async with asyncio.timeout(10):
        while stage.running.parts.services.knowledge is not deeper:
            await stage.messenger.changed_or(0.01)
    assert stage.running.parts.services.knowledge.entries == shipped.entries[:1]


async def test_files_that_changed_meanwhile_are_not_undone(
    stage: Stage, shipped: Knowledge
) -> None:
    changed = replace(shipped, version="changed")
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def deepen() -> Knowledge:
        loop.call_soon_threadsafe(asked.set)
        return shipped

    stage.deepen = deepen
    await stage.stops()
    stage.knowledge = changed
    await stage.starts()
    await asyncio.wait_for(asked.wait(), 10)
    await asyncio.gather(*(task for task in stage.running._tasks if task.done()))
    assert stage.running.parts.services.knowledge is changed


async def test_an_encoder_that_fails_leaves_letters_in_service(
    stage: Stage, sme: Speaker, shipped: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    def deepen() -> Knowledge:
        raise RuntimeError("broken wheel")

    stage.deepen = deepen
    await _restarts(stage)
    async with asyncio.timeout(10):
        while "meaning is not understood" not in caplog.text:
            await stage.messenger.changed_or(0.01)
    await sme.says("comment financer un projet ?")
    sme.sees("fruit de la visibilité")


def test_the_setting_decides_between_letters_and_meaning() -> None:
    on = Settings.read(_env_file=None, semantic_matching=True, answer_probability=0.5)
    off = Settings.read(_env_file=None, semantic_matching=False)
    assert compiling(on).encoder is not None
    assert compiling(off).encoder is None
    assert by_letters(on).encoder is None
    assert by_letters(on).thresholds.answer == 0.5


def test_the_table_is_mapped_from_a_file_and_written_anew_where_that_is_damaged(
    tmp_path: Path,
) -> None:
    in_memory = UniversalSentenceEncoder().encode(["un four"])
    for content in (None, b"damaged"):
        if content is not None:
            (tmp_path / f"{UniversalSentenceEncoder.name}.table").write_bytes(content)
        encoder = UniversalSentenceEncoder(tmp_path)
        assert np.array_equal(encoder.encode(["un four"]), in_memory)
        assert isinstance(encoder._model._model.table, np.memmap)


def test_a_folder_that_cannot_be_written_costs_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    encoder = UniversalSentenceEncoder(tmp_path / "file")
    assert encoder.encode(["un four"]).shape == (1, 512)
    assert not isinstance(encoder._model._model.table, np.memmap)
