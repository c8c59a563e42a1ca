"""The doctor: what it finds, and that it says what to do."""

import asyncio
import errno
import os
import re
import shutil
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from mail_server import mail_server
from small_library import small_folder
from starlette.responses import HTMLResponse, JSONResponse, Response

import bot
import knowledge
from bot.cli import main
from bot.commands.doctor import TEXT, Level, Remark, examine, in_words
from bot.pages.app import PREFIX, VISITOR_PREFIXES
from bot.preview.server import PREVIEW_TOKEN, PreviewServer
from bot.runtime.web_server import WebServer
from bot.settings import Settings
from knowledge.ranking.second_encoder import processor_serves
from storage.database import Database
from storage.engine.vault import new_key

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _small_knowledge(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To check the shipped files takes seconds: the test of a right installation does.
    folder = small_folder(tmp_path_factory.mktemp("small") / "knowledge")
    monkeypatch.setenv("KNOWLEDGE_DIR", str(folder))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def server() -> PreviewServer:
    server = PreviewServer()
    await server.start()
    return server


def settings(url: str, **given: object) -> Settings:
    return Settings.read(_env_file=None, database_url=url, **given)


def telegram(server: PreviewServer, **given: object) -> dict[str, object]:
    return {"telegram_bot_token": PREVIEW_TOKEN, "telegram_api_url": server.url, **given}


def named(remarks: list[Remark], *names: str) -> dict[str, Level]:
    return {one.name: one.level for one in remarks if not names or one.name in names}


async def test_a_right_installation_has_nothing_to_mend(url: str, server: PreviewServer) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()
    groups = server.messenger
    found = await examine(
        settings(
            url,
            **telegram(
                server,
                knowledge_dir=Path(knowledge.__file__).parent,
                admin_chat_id=groups.administrators.id,
                facilitator_chat_id=groups.facilitators.id,
                operator_name="Région",
                contact_email="a@exemple.fr",
                dpo_email="d@exemple.fr",
                data_keys=new_key(),
                second_encoder=processor_serves(),
            ),
        ),
        TODAY,
    )
    await server.stop()
    # No list of communes ships: whoever installs the bot imports it. One answer ships as a draft.
    waits = ["knowledge_warned", "towns_none"]
    assert sorted(one.name for one in found if one.level is Level.WARNING) == waits
    (drafts,) = (one.values for one in found if one.name == "knowledge_warned")
    assert drafts == {"count": 1}
    assert {one.level for one in found if one.name not in waits} == {Level.FINE}
    assert [one.name for one in found].count("group_fine") == 2
    assert "À corriger" not in in_words(found)


async def test_what_is_missing_is_told_with_what_to_do(url: str) -> None:
    found = await examine(settings(url), TODAY)
    assert named(found)["no_token"] is Level.WARNING
    assert named(found)["database_missing"] is Level.WARNING
    assert {"no_administrators", "no_facilitators", "no_operator", "no_contact"} <= set(
        named(found)
    )
    assert "ADMIN_CHAT_ID manque" in in_words(found)
    again = await examine(settings(url), TODAY)
    assert again == found, "it changes nothing"


async def test_a_refused_token_and_a_telegram_that_is_away(url: str, server: PreviewServer) -> None:
    wrong = telegram(server) | {"telegram_bot_token": "1:wrong"}
    assert named(await examine(settings(url, **wrong), TODAY))["token_refused"] is Level.ERROR
    await server.stop()
    away = await examine(settings(url, **telegram(server)), TODAY)
    assert named(away)["telegram_away"] is Level.ERROR


@pytest.mark.parametrize(
    "answer", [JSONResponse({"ok": True, "result": True}), HTMLResponse("<p>Bonjour</p>")]
)
async def test_who_answers_and_is_no_telegram_is_told(url: str, answer: Response) -> None:
    stranger = WebServer(answer, "127.0.0.1", 0)
    await stranger.start()
    address = f"http://127.0.0.1:{stranger.port}"
    given = settings(url, telegram_bot_token=PREVIEW_TOKEN, telegram_api_url=address)
    found = await examine(given, TODAY)
    await stranger.stop()
    assert named(found)["telegram_strange"] is Level.ERROR
    assert "Vérifiez cette adresse" in in_words(found)


async def test_what_a_library_logs_is_not_shown(tmp_path: Path) -> None:
    stranger = WebServer(HTMLResponse("<p>Bonjour</p>", 502), "127.0.0.1", 0)
    await stranger.start()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor"),
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHONPATH": str(Path(bot.__file__).parent.parent),
            "TELEGRAM_BOT_TOKEN": PREVIEW_TOKEN,
            "TELEGRAM_API_URL": f"http://127.0.0.1:{stranger.port}",
            "TELEGRAM_TRANSPORT": "httpx",
        },
        stdout=PIPE,
        stderr=PIPE,
    )
    said, logged = await process.communicate()
    await stranger.stop()
    assert process.returncode == 1
    assert "Telegram" in said.decode().partition("À corriger")[2]
    assert logged == b""


async def test_groups_that_cannot_be_written_to(url: str, server: PreviewServer) -> None:
    given = settings(url, **telegram(server, admin_chat_id=-4242))
    assert named(await examine(given, TODAY))["group_unknown"] is Level.ERROR
    server.messenger.faults.next(
        "getChat",
        status=400,
        description="Bad Request: group chat was upgraded to a supergroup chat",
        parameters={"migrate_to_chat_id": -1004242},
    )
    found = await examine(given, TODAY)
    await server.stop()
    moved = next(one for one in found if one.name == "group_moved")
    assert "ADMIN_CHAT_ID=-1004242" in str(moved)


async def test_where_inline_mode_is_off_the_doctor_says_how_to_turn_it_on(
    url: str, server: PreviewServer
) -> None:
    found = await examine(settings(url, **telegram(server)), TODAY)
    assert named(found)["inline_on"] is Level.FINE
    server.messenger.inline_mode = False
    found = await examine(settings(url, **telegram(server)), TODAY)
    assert named(found)["inline_off"] is Level.WARNING
    assert "/setinline" in in_words(found)
    await server.stop()


async def test_the_webhook_is_held_to_the_setting(url: str, server: PreviewServer) -> None:
    ours = telegram(server, webhook_url="https://bot.exemple.fr/telegram")
    other = await examine(settings(url, **ours), TODAY)
    assert named(other)["webhook_other"] is Level.ERROR
    without = await examine(settings(url, **telegram(server)), TODAY)
    assert named(without)["webhook_none"] is Level.FINE
    await server.stop()


async def test_a_damaged_database_is_an_error(url: str, tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("no database" * 100)
    found = await examine(settings(url), TODAY)
    assert named(found)["database_not_a_database"] is Level.ERROR


async def test_wrong_knowledge_is_an_error_with_its_lines(url: str, tmp_path: Path) -> None:
    for name in ("faq.yaml", "projets.yaml", "actes.yaml"):
        (tmp_path / name).write_text("x: [", "utf-8")
    found = await examine(settings(url, knowledge_dir=tmp_path), TODAY)
    assert named(found)["knowledge_wrong"] is Level.ERROR
    assert "faq.yaml, ligne" in in_words(found)


def test_the_command_ends_by_one_for_an_error_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 0
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "bot.db").write_text("no database" * 100)
    assert main(["doctor"]) == 1
    assert "À corriger" in capsys.readouterr().out


def test_every_remark_can_be_said() -> None:
    words = ("folder", "free", "detail", "username", "reason", "pending", "ours", "title", "chat")
    more = ("setting", "new", "host", "port", "address")
    values: dict[str, object] = dict.fromkeys((*words, *more), "x")
    values |= {"count": 2, "problems": ["x"] * 6, "files": ["x"], "command": "x", "facts": "x"}
    values |= {"keys": ["x"]}
    for name in TEXT.names - {"report"}:
        assert str(Remark(Level.FINE, name, values))


def test_a_backup_is_made_and_put_back_where_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
    blank_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///live.db")
    shutil.copy(blank_file, "live.db")
    with closing(sqlite3.connect("live.db")) as live, live:
        live.execute("INSERT INTO counters (name, value) VALUES ('x', 42)")
    assert main(["backup", "copy.db"]) == 0
    assert os.stat("copy.db").st_mode & 0o077 == 0  # noqa: PTH116 - the mode alone
    assert main(["backup", "copy.db"]) == 1
    assert main(["restore", "copy.db"]) == 1
    told = capsys.readouterr().err
    assert "copy.db existe déjà, et reste tel quel" in told
    assert "mettez d'abord de côté" in told
    Path("spoilt.db").write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///elsewhere.db")
    assert main(["restore", "spoilt.db"]) == 1
    assert "Essayez-en une plus ancienne" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///spoilt.db")
    assert main(["backup", "another.db"]) == 1
    assert "la base elle-même est abîmée" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///elsewhere.db")
    assert main(["restore", "nowhere.db"]) == 1
    assert "il n'y a pas de base dans nowhere.db" in capsys.readouterr().err
    Path("empty.db").touch()
    assert main(["restore", "empty.db"]) == 1
    assert "empty.db n'est pas une copie de la base de ce bot" in capsys.readouterr().err
    assert not Path("elsewhere.db").exists()
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///restored.db")
    assert main(["restore", "copy.db"]) == 0
    with closing(sqlite3.connect("restored.db")) as restored:
        assert restored.execute("SELECT value FROM counters").fetchall() == [(42,)]
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://nobody@localhost/none")
    assert main(["backup", "other.db"]) == 1
    assert "pg_dump" in capsys.readouterr().err


def test_a_backup_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch,
    blank_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///absent.db")
    assert main(["backup", "copies/copy.db"]) == 1
    assert "il n'y a pas de base dans absent.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{blank_file}")
    assert main(["backup", "copies/copy.db"]) == 0
    assert main(["backup", "copies/copy.db/copy.db"]) == 1
    assert "donnez un autre endroit" in capsys.readouterr().err

    def no_room(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("storage.operations.backup.os.fsync", no_room)
    assert main(["backup", "copies/other.db"]) == 1
    assert "le disque est plein" in capsys.readouterr().err


def test_a_database_is_copied_to_another(
    blank_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("here", "there"))
    assert main(["copy-db", here, there]) == 1
    assert f"il n'y a pas de base dans {tmp_path}/here.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    Path(f"{tmp_path}/here.db").touch()
    assert main(["copy-db", here, there]) == 1
    assert "n'est pas une base de ce bot" in capsys.readouterr().err
    shutil.copy(blank_file, f"{tmp_path}/here.db")
    assert main(["copy-db", here, there]) == 0
    assert "lignes copiées et vérifiées" in capsys.readouterr().out
    with closing(sqlite3.connect(f"{tmp_path}/there.db")) as target, target:
        target.execute("INSERT INTO counters (name, value) VALUES ('x', 1)")
    assert main(["copy-db", here, there]) == 1
    assert "la base d'arrivée contient déjà des données (table counters)" in capsys.readouterr().err
    assert main(["copy-db", "mysql://x", there]) == 1
    assert "Donnez deux adresses" in capsys.readouterr().err


def mailing(port: int, **given: object) -> dict[str, object]:
    ours: dict[str, object] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "mail_from": "bot@exemple.fr",
        "admin_emails": "claire@exemple.fr",
        "public_url": "https://bot.exemple.fr",
    }
    return ours | given


MAIL = (
    "mail_fine",
    "mail_nobody",
    "mail_away",
    "mail_tls",
    "mail_access",
    "pages_fine",
    "pages_none",
)


def test_all_that_a_proxy_must_pass_is_said() -> None:
    said = str(Remark(Level.FINE, "pages_fine", {"address": "https://exemple.fr"}))
    guide = (Path(bot.__file__).parent.parent / "docs/exploitation.md").read_text("utf-8")
    (exposing,) = (line for line in guide.splitlines() if line.startswith("**L'exposer.**"))
    paths = {PREFIX, *VISITOR_PREFIXES}
    assert set(re.findall(r"/(?:en/)?[a-z]+/", said)) == paths
    assert paths <= set(re.findall(r"`(/[^`]*/)`", exposing))
    for text in (said, exposing):
        assert all(each in text for each in ("/metrics", "/healthz", "/readyz", "le site"))


async def test_the_mail_server_is_greeted_and_nothing_is_sent(url: str) -> None:
    async with mail_server() as box:
        found = await examine(settings(url, **mailing(box.port)), TODAY)
        assert named(found, *MAIL) == {"pages_fine": Level.FINE, "mail_fine": Level.FINE}
        assert (box.greeted, box.taken) == (["exemple.fr"], [])
        lonely = settings(url, **mailing(box.port, admin_emails="", public_url=""))
        assert named(await examine(lonely, TODAY), *MAIL) == {
            "mail_fine": Level.FINE,
            "mail_nobody": Level.WARNING,
        }
        without = settings(url, **mailing(box.port, public_url=""))
        assert named(await examine(without, TODAY), "pages_none") == {"pages_none": Level.WARNING}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"smtp_security": "starttls"}, "mail_tls"),
        ({"smtp_security": "tls", "smtp_user": "bot", "smtp_password": "hunter2"}, "mail_tls"),
        ({"smtp_port": 1}, "mail_away"),
    ],
)
async def test_a_mail_server_that_does_not_answer_as_asked(
    url: str, given: dict[str, object], name: str
) -> None:
    async with mail_server() as box:
        found = await examine(settings(url, **mailing(box.port) | given), TODAY)
    assert named(found, *MAIL) == {"pages_fine": Level.FINE, name: Level.ERROR}
    said = in_words(found)
    assert "Messagerie\u00a0: " in said
    assert "hunter2" not in said


async def test_without_mail_the_doctor_says_nothing_of_it(url: str) -> None:
    assert named(await examine(settings(url), TODAY), *MAIL) == {}
