"""Starting, and what is said where that cannot be."""

from pathlib import Path

import pytest
from small_library import small_folder
from storage_fixtures import names

from bot.modes import Learnt, load_learnt, serve
from bot.preview.server import PREVIEW_TOKEN
from bot.settings import Settings
from storage.sole import alone_on


def settings(folder: Path, **given: object) -> Settings:
    """A bot of a small library, whose Telegram nobody is unless the test gives one."""
    ours: dict[str, object] = {
        "knowledge_dir": folder,
        "semantic_matching": False,
        "telegram_bot_token": PREVIEW_TOKEN,
        "telegram_api_url": "http://127.0.0.1:1",
        "database_url": f"sqlite+aiosqlite:///{folder}/bot.db",
    }
    return Settings.read(_env_file=None, **ours | given)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return small_folder(tmp_path / "k")


@pytest.fixture
def learnt(folder: Path) -> Learnt:
    found = load_learnt(settings(folder), fictitious=False)
    assert found
    return found


async def test_a_database_that_another_bot_uses_is_left_to_it(
    folder: Path, learnt: Learnt, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone_on(folder / "bot.db"):
        assert await serve(settings(folder), learnt, None) == 1
    told = capsys.readouterr().err
    assert f"Un autre bot utilise déjà cette base ({folder}/bot.db)" in told
    assert "PostgreSQL" in told
    assert not (folder / "bot.db").exists()


async def test_a_bot_keeps_its_database_to_itself(
    folder: Path,
    learnt: Learnt,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def answer(*_: object, **__: object) -> None:
        with alone_on(folder / "bot.db"):
            pytest.fail("it was not kept")

    monkeypatch.setattr("bot.modes._answer", answer)
    assert await serve(settings(folder), learnt, None) == 1
    assert "Un autre bot utilise déjà cette base" in capsys.readouterr().err
    monkeypatch.undo()
    with alone_on(folder / "bot.db"):
        pass


async def test_a_server_is_for_as_many_bots_as_like(
    folder: Path, learnt: Learnt, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(*_: object, **__: object) -> None:
        """Be told to stop at once."""

    monkeypatch.setattr("bot.modes._answer", answer)
    monkeypatch.chdir(folder)
    before = names(folder)
    url = "postgresql+asyncpg://bot@127.0.0.1:1/bot"
    assert await serve(settings(folder, database_url=url), learnt, None) == 0
    assert names(folder) == before
