"""Starting on files that cannot be used: with what was in service last, until they are mended."""

import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from small_library import FAQ, small_folder, until

import bot.reloading
from bot.modes import Learnt, load_learnt
from bot.preview.server import PreviewServer
from bot.settings import Settings
from bot.understanding import kept_file

BROKEN = FAQ.replace("titre:", "tire:", 1)
CHANGED = FAQ.replace("Oui, entre voisins.", "Oui, et sans frais.")
REFUSED, MENDED = "ne peuvent pas être mis en service", "de nouveau justes"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(bot.reloading, "GRACE_SECONDS", 0.0)
    return small_folder(tmp_path / "k")


def loaded(folder: Path) -> Learnt | None:
    settings = Settings.read(_env_file=None, knowledge_dir=folder, semantic_matching=False)
    return load_learnt(settings, fictitious=False)


def kept(folder: Path) -> Path:
    return kept_file(folder, fictitious=False)


def spoil(folder: Path) -> None:
    (folder / "faq.yaml").write_text(BROKEN, "utf-8")


def answer(learnt: Learnt) -> str:
    entry = learnt.quick.entry("mutualisation")
    assert entry
    return entry.answer


def test_what_was_in_service_last_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = loaded(folder)
    assert first
    assert not first.library.is_behind
    spoil(folder)
    again = loaded(folder)
    assert again
    assert again.library.is_behind
    assert again.quick.version == first.quick.version
    assert answer(again) == "Oui, entre voisins."
    told = capsys.readouterr().err
    assert "tire" in told
    assert "Le bot démarre quand même" in told


def test_without_anything_kept_the_start_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder)
    assert loaded(folder) is None
    assert "démarre" not in capsys.readouterr().err


def _cut(content: str) -> str:
    return content[:100]


def _of_another_version(content: str) -> str:
    said = json.loads(content)
    said["faq.yaml"]["entrees"][0]["tire"] = said["faq.yaml"]["entrees"][0].pop("titre")
    return json.dumps(said)


def _without_a_file(content: str) -> str:
    said = json.loads(content)
    del said["projets.yaml"]
    return json.dumps(said)


@pytest.mark.parametrize(
    "damage", [_cut, _of_another_version, _without_a_file, lambda _: "[1]", lambda _: "3"]
)
def test_what_was_kept_is_held_to_the_rules_as_well(
    folder: Path, damage: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    assert loaded(folder)
    kept(folder).write_text(damage(kept(folder).read_text("utf-8")), "utf-8")
    spoil(folder)
    assert loaded(folder) is None
    assert "cannot be used" in caplog.text


def test_what_stays_the_same_keeps_its_date(folder: Path) -> None:
    assert loaded(folder)
    long_ago = datetime(2026, 1, 2).timestamp()  # noqa: DTZ001 - any moment
    os.utime(kept(folder), (long_ago, long_ago))
    assert loaded(folder)
    assert kept(folder).stat().st_mtime == long_ago
    (folder / "faq.yaml").write_text(CHANGED, "utf-8")
    assert loaded(folder)
    assert kept(folder).stat().st_mtime > long_ago
    assert [one.name for one in kept(folder).parent.glob("in-service-*")] == [kept(folder).name]


def test_a_disk_that_takes_nothing_stops_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.library.NamedTemporaryFile", full)
    assert loaded(folder)
    assert "cannot be kept: OSError" in caplog.text
    assert not kept(folder).exists()


@pytest.fixture
async def behind(folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot that was stopped, its files spoilt meanwhile, and started again."""
    assert loaded(folder)
    spoil(folder)
    learnt = loaded(folder)
    assert learnt
    server = PreviewServer()
    await server.start()
    stage = Stage(server, learnt.quick, tmp_path / "bot.db", library=learnt.library)
    stage.overrides = {"knowledge_dir": folder, "semantic_matching": False}
    await stage.starts()
    yield stage
    await stage.stops()
    await server.stop()


def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


def told(stage: Stage, words: str) -> int:
    return sum(words in message.get("text", "") for message in facilitator(stage).messages())


async def test_people_are_answered_and_facilitators_told(behind: Stage) -> None:
    await until(behind, lambda: told(behind, REFUSED) == 1)
    person = behind.person()
    await person.says("partager une machine avec un voisin")
    person.sees("Oui, entre voisins.")
    assert told(behind, MENDED) == 0


@pytest.mark.parametrize("right", [FAQ, CHANGED])
async def test_mended_files_are_put_in_service(behind: Stage, folder: Path, right: str) -> None:
    await until(behind, lambda: told(behind, REFUSED) == 1)
    (folder / "faq.yaml").write_text(right, "utf-8")
    await until(behind, lambda: told(behind, MENDED) == 1)
    person = behind.person()
    await person.says("partager une machine avec un voisin")
    person.sees("Oui, et sans frais." if right is CHANGED else "Oui, entre voisins.")
    assert ("sans frais" in kept(folder).read_text("utf-8")) == (right is CHANGED)
