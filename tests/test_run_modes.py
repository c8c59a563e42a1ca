"""Starting, and what is said where that cannot be."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has no stubs
import pytest
from dialogue import tune
from postgres import Server
from small_library import small_folder
from sqlalchemy.exc import IntegrityError
from starlette.responses import HTMLResponse, JSONResponse, Response
from storage_fixtures import names

from bot.preview.server import PREVIEW_TOKEN
from bot.run_modes import Learnt, load_learnt, serve
from bot.runtime.web_server import WebServer
from bot.settings import Settings
from storage.database import Database
from storage.engine.file_lock import alone_on


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

    tune(monkeypatch, "bot.run_modes", answer=answer)
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

    tune(monkeypatch, "bot.run_modes", answer=answer)
    monkeypatch.chdir(folder)
    before = names(folder)
    url = "postgresql+asyncpg://bot@127.0.0.1:1/bot"
    assert await serve(settings(folder, database_url=url), learnt, None) == 0
    assert names(folder) == before


async def refusal(settings: Settings, learnt: Learnt, told: pytest.CaptureFixture[str]) -> str:
    """Return what a start that cannot be says."""
    assert await serve(settings, learnt, None) == 1
    return told.readouterr().err


def spoil(database: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table])
        (page,) = found.fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with database.open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


async def test_a_spoilt_file_is_said_with_what_to_do(
    folder: Path, learnt: Learnt, blank_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = folder / "bot.db"
    database.write_bytes(b"a letter" * 1000)
    told = await refusal(settings(folder), learnt, capsys)
    assert "n'est pas une base de données" in told
    assert "restaurez la dernière sauvegarde" in told
    # At its revision still. The bot reads some of these at its start, and others days later.
    for table in ("workers", "questions", "publications", "ix_outbox_about"):
        shutil.copy(blank_file, database)
        spoil(database, table)
        told = await refusal(settings(folder), learnt, capsys)
        assert "Le fichier de la base de données est abîmé" in told, table
        assert "restaurez la dernière sauvegarde" in told


async def test_a_newer_database_is_said(
    folder: Path, learnt: Learnt, blank_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = folder / "bot.db"
    shutil.copy(blank_file, database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    told = await refusal(settings(folder), learnt, capsys)
    assert told.startswith("La base de données est d'une version plus récente")


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
@pytest.mark.parametrize(
    "answer", [JSONResponse({"ok": True, "result": True}), HTMLResponse("<p>Bonjour</p>")]
)
async def test_who_answers_and_is_no_telegram_is_said(
    folder: Path,
    learnt: Learnt,
    capsys: pytest.CaptureFixture[str],
    answer: Response,
    transport: str,
) -> None:
    stranger = WebServer(answer, "127.0.0.1", 0)
    await stranger.start()
    address = f"http://127.0.0.1:{stranger.port}"
    given = settings(folder, telegram_api_url=address, telegram_transport=transport)
    told = await refusal(given, learnt, capsys)
    await stranger.stop()
    assert told.startswith("Ce qui répond à TELEGRAM_API_URL ne parle pas comme Telegram")


@pytest.mark.parametrize("place", ["faq.yaml/bot.db", "/proc/x/bot.db"])
async def test_a_folder_that_cannot_be_made_is_said(
    folder: Path, learnt: Learnt, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    url = f"sqlite+aiosqlite:///{folder / place}"
    told = await refusal(settings(folder, database_url=url), learnt, capsys)
    assert told.startswith("Rien ne peut être écrit là où DATABASE_URL place la base")


async def test_what_a_server_refuses_is_told_apart(
    folder: Path, learnt: Learnt, postgres: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = settings(folder, database_url=postgres.url("nowhere"))
    assert "n'a pas de base de ce nom" in await refusal(absent, learnt, capsys)
    away = settings(folder, database_url="postgresql+asyncpg://bot@127.0.0.1:1/bot")
    assert "ne répond pas" in await refusal(away, learnt, capsys)


async def test_a_refused_password_is_said(
    folder: Path,
    learnt: Learnt,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise asyncpg.InvalidPasswordError("password authentication failed")

    monkeypatch.setattr("asyncpg.connect", refuse)
    wrong = settings(folder, database_url="postgresql+asyncpg://bot@127.0.0.1:1/bot")
    told = await refusal(wrong, learnt, capsys)
    assert "refuse le nom ou le mot de passe" in told
    assert "InvalidPasswordError" in told


async def test_an_error_of_ours_is_not_put_on_the_database(
    folder: Path, learnt: Learnt, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(_database: Database) -> None:
        raise IntegrityError("UPDATE", {}, sqlite3.IntegrityError("NOT NULL constraint failed"))

    monkeypatch.setattr(Database, "migrate", mistaken)
    with pytest.raises(IntegrityError):
        await serve(settings(folder), learnt, None)
