"""Starting: on files that cannot be used, with what was in service last; and before being ready."""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest
from dialogue import TIMEOUT_SECONDS, Speaker, Stage, tune
from pydantic import SecretStr
from small_library import BROKEN, CHANGED, FAQ, decides, sends_back, small_folder, until
from storage_fixtures import database_url  # noqa: F401 (a fixture)

import bot.content.hot_reload
from bot.commands.doctor import examine, in_words
from bot.content import last_served
from bot.content.compiler import kept_file
from bot.inbox.webhook import PATH
from bot.preview.server import PreviewServer, running
from bot.run_modes import Learnt, load_learnt
from bot.settings import Settings
from storage.database import Database
from storage.engine.errors import DatabaseUnavailableError
from storage.records.change_requests import ChangeRequests

WORD, SECRET = "a-word_of-1", "X-Telegram-Bot-Api-Secret-Token"
TODAY = date(2026, 11, 23)
REFUSED, MENDED = "ne peuvent pas être mis en service", "de nouveau justes"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(bot.content.hot_reload, "GRACE_SECONDS", 0.0)
    return small_folder(tmp_path / "k")


def loaded(folder: Path) -> Learnt | None:
    settings = Settings.read(_env_file=None, knowledge_dir=folder, semantic_matching=False)
    return load_learnt(settings, fictitious=False)


def kept(folder: Path) -> Path:
    return kept_file(folder, fictitious=False)


def spoil(folder: Path) -> None:
    (folder / "faq.yaml").write_text(BROKEN, "utf-8")


def answer(learnt: Learnt) -> str:
    entry = learnt.quick().entry("mutualisation")
    assert entry
    return entry.answer


def test_what_was_in_service_last_answers(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    first = loaded(folder)
    assert first
    spoil(folder)
    again = loaded(folder)
    assert again
    assert again.quick().version == first.quick().version
    assert answer(again) == "Oui, entre voisins."
    told = capsys.readouterr().err
    assert "tire" in told
    assert "Le bot démarre quand même" in told
    assert [one.levelname for one in caplog.records if "faults" in one.message] == ["ERROR"]


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


@pytest.mark.parametrize(
    "call", ["knowledge.atomic_write.NamedTemporaryFile", "knowledge.atomic_write.os.fsync"]
)
def test_a_disk_that_takes_nothing_stops_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(call, full)
    assert loaded(folder)
    assert "cannot be kept: OSError" in caplog.text
    assert not list(kept(folder).parent.glob("in-service-*")), "no half of a file stays"


@asynccontextmanager
async def started(learnt: Learnt | None, database: Path) -> AsyncIterator[Stage]:
    assert learnt
    async with running(PreviewServer()) as server:
        stage = Stage(server, learnt.quick(), database, library=learnt.library)
        stage.overrides = {
            "knowledge_dir": learnt.library.directory,
            "semantic_matching": False,
        }
        await stage.starts()
        yield stage
        await stage.stops()


async def test_what_facilitators_publish_is_kept(folder: Path, tmp_path: Path) -> None:
    async with started(loaded(folder), tmp_path / "bot.db") as stage:
        await sends_back(facilitator(stage), CHANGED)
        await decides(facilitator(stage), "Publier")
    spoil(folder)
    again = loaded(folder)
    assert again
    assert answer(again) == "Oui, et sans frais."


@pytest.fixture
async def behind(folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot that was stopped, its files spoilt meanwhile, and started again."""
    assert loaded(folder)
    spoil(folder)
    async with started(loaded(folder), tmp_path / "bot.db") as stage:
        yield stage


def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


def told(stage: Stage, words: str) -> int:
    return sum(words in message.get("text", "") for message in facilitator(stage).messages())


async def test_the_doctor_tells_what_answers(folder: Path, tmp_path: Path) -> None:
    spoil(folder)
    settings = Settings.read(
        _env_file=None, knowledge_dir=folder, database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    )
    without = {one.name for one in await examine(settings, TODAY)}
    assert {"knowledge_wrong", "knowledge_not_kept"} <= without
    (folder / "faq.yaml").write_text(FAQ, "utf-8")
    assert loaded(folder)
    spoil(folder)
    found = await examine(settings, TODAY)
    assert {"knowledge_wrong", "knowledge_kept"} <= {one.name for one in found}
    assert "en attendant, le bot répond" in in_words(found)


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


async def test_what_is_saved_while_the_process_starts_is_put_in_service(
    folder: Path, tmp_path: Path
) -> None:
    learnt = loaded(folder)
    (folder / "faq.yaml").write_text(CHANGED, "utf-8")
    async with started(learnt, tmp_path / "bot.db") as stage:
        await until(stage, lambda: "sans frais" in kept(folder).read_text("utf-8"))


async def test_the_facilitators_are_told_after_an_outage(
    behind: Stage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(behind, lambda: told(behind, REFUSED) == 1)
    clear, failures = ChangeRequests.clear_alarm, list[str]()

    async def away(repository: ChangeRequests, name: str) -> bool:
        if len(failures) < 2:
            failures.append(name)
            raise DatabaseUnavailableError("on purpose")
        return await clear(repository, name)

    monkeypatch.setattr(ChangeRequests, "clear_alarm", away)
    (folder / "faq.yaml").write_text(FAQ, "utf-8")
    await until(behind, lambda: told(behind, MENDED) == 1)
    assert len(failures) == 2


@pytest.fixture
async def posted(url: str, folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A worker to be started, on a database without tables, SQLite or PostgreSQL."""
    learnt = loaded(folder)
    assert learnt
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    async with running(PreviewServer()) as server:
        stage = Stage(
            server, learnt.quick(), tmp_path, library=learnt.library, url=url, posted=True
        )
        stage.overrides = {
            "knowledge_dir": folder,
            "semantic_matching": False,
            "webhook_url": f"http://127.0.0.1:{port}{PATH}",
            "webhook_secret": SecretStr(WORD),
            "listen_port": port,
        }
        yield stage


async def test_posts_before_the_worker_is_ready_are_refused_quietly(
    posted: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reached, go = asyncio.Event(), asyncio.Event()
    migrate = Database.migrate

    async def held(database: Database) -> None:
        reached.set()
        await go.wait()
        await migrate(database)

    monkeypatch.setattr(Database, "migrate", held)
    caplog.set_level("INFO")
    starting = asyncio.create_task(posted.starts())
    await reached.wait()
    address = str(posted.overrides["webhook_url"])
    headers = {SECRET: WORD}
    async with httpx.AsyncClient(base_url=address.removesuffix(PATH), headers=headers) as client:
        for _ in range(3):
            refused = await client.post(PATH, json={"update_id": 7})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert (await client.post(PATH, headers={**headers, SECRET: "x"})).status_code == 403
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
        ours = [one for one in caplog.records if one.name == "bot.inbox.webhook"]
        assert [one.levelname for one in ours] == ["INFO"]
        go.set()
        await starting
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (await client.get("/readyz")).status_code != 200:
                await posted.messenger.changed_or(0.01)
        assert (await client.post(PATH, json={"update_id": 7})).status_code == 200
    await posted.stops()
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / last_served.name_of("0" * 16)
    path.parent.mkdir()
    return path


def kept_of(ours: Path, number: int, directory: Path, *, days: float = 0) -> Path:
    """Keep what another folder served, so many days ago."""
    path = ours.with_name(last_served.name_of(f"{number:016x}"))
    last_served.keep(path, directory, {})
    at = time.time() - days * 24 * 3600
    os.utime(path, (at, at))
    return path


def test_what_folders_that_are_gone_served_is_forgotten(ours: Path, tmp_path: Path) -> None:
    there, gone = tmp_path, tmp_path / "gone"
    old_but_there = kept_of(ours, 1, there, days=400)
    gone_of_late, gone_long_ago = kept_of(ours, 2, gone, days=3), kept_of(ours, 3, gone, days=40)
    foreign = ours.with_name("in-service-of-theirs.json")
    foreign.write_text("{}", "utf-8")
    os.utime(foreign, (0, 0))
    last_served.keep(ours, gone, {})
    os.utime(ours, (0, 0))
    last_served.forget_others(ours)
    assert set(ours.parent.iterdir()) == {ours, old_but_there, gone_of_late, foreign}
    assert not gone_long_ago.exists()


def test_many_folders_that_are_gone_do_not_fill_the_disk(
    ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune(monkeypatch, last_served, MOST_GONE=3)
    made = [kept_of(ours, number, tmp_path / "gone", days=number) for number in range(1, 9)]
    last_served.forget_others(ours)
    assert list(filter(Path.exists, made)) == made[:3]


@pytest.mark.parametrize("content", ["{}", "[1]", "", "\ud800"])
def test_what_names_no_folder_goes_once_it_is_old(ours: Path, content: str) -> None:
    made = []
    for number, at in ((1, 0.0), (2, time.time())):
        made.append(ours.with_name(last_served.name_of(f"{number:016x}")))
        made[-1].write_bytes(content.encode("utf-8", "surrogatepass"))
        os.utime(made[-1], (at, at))
    last_served.forget_others(ours)
    assert [path.exists() for path in made] == [False, True]


def test_what_a_former_version_kept_stays_in_service_since_then(ours: Path) -> None:
    ours.write_text("{}", "utf-8")
    os.utime(ours, (1000, 1000))
    last_served.keep(ours, ours.parent, {})
    assert (ours.stat().st_mtime, ours.read_text("utf-8") != "{}") == (1000, True)
    assert ours.stat().st_atime > 1000
