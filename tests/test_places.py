"""Where files are: full, read-only, mistaken for others, readable by others, spoilt."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest
from dialogue import inside
from small_library import small_folder
from test_run_modes import folder, learnt, refusal, settings  # noqa: F401 (fixtures)

from bot.cli import main
from bot.commands.doctor import examine, in_words
from bot.content.library import Library
from bot.run_modes import Learnt
from knowledge.loading import Compiling
from knowledge.ranking.model_store import ModelStore
from storage.database import Database
from storage.engine.error_codes import Fault
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.faults import fault_of
from storage.engine.places import files_of, make_private, open_to_others, place_fault
from storage.operations.inspect import inspect_database

TODAY = date(2026, 11, 23)
MODEL = "0" * 32


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@contextmanager
def mounted(place: Path) -> Iterator[Path]:
    """A small disk of its own; skips where this account may not mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("no disk can be mounted here: its tests are skipped")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as found:
        yield found


def fill(disk: Path) -> None:
    """Write until nothing more can be."""
    with suppress(OSError), (disk / "fill").open("wb", 0) as file:
        while True:
            file.write(b"x" * 4096)


def fill_names(disk: Path) -> None:
    """Make files until no more can be; the bytes are not used up."""
    subprocess.run(["mount", "-o", "remount,nr_inodes=4", str(disk)], check=True)  # noqa: S603, S607
    with suppress(OSError):
        for number in range(9):
            (disk / str(number)).touch()


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S603, S607


DISKS: dict[str, tuple[Callable[[Path], None], Fault, str]] = {
    "full": (fill, Fault.DISK_FULL, "Le disque de la base de données est plein"),
    "without names": (fill_names, Fault.DISK_FULL, "Le disque de la base de données est plein"),
    "read-only": (make_read_only, Fault.READ_ONLY_DISK, "ne permet que de lire"),
}


@pytest.fixture(params=[True, False], ids=["a database", "none yet"])
def file(request: pytest.FixtureRequest, disk: Path, blank_file: Path) -> Path:
    """The place of a database on the small disk, there or not."""
    if request.param:
        shutil.copy(blank_file, disk / "bot.db")
    return disk / "bot.db"


@pytest.mark.parametrize("state", DISKS)
async def test_a_start_says_what_the_disk_is(
    file: Path,
    learnt: Learnt,  # noqa: F811 (a fixture)
    folder: Path,  # noqa: F811 (a fixture)
    capsys: pytest.CaptureFixture[str],
    state: str,
) -> None:
    spoil, fault, words = DISKS[state]
    spoil(file.parent)
    assert [one.fault for one in await inspect_database(url_of(file))] == [fault]
    told = await refusal(settings(folder, database_url=url_of(file)), learnt, capsys)
    assert words in told
    assert "DATABASE_URL place" not in told


async def test_a_disk_that_fills_up_meanwhile_is_an_outage(disk: Path, blank_file: Path) -> None:
    database = disk / "bot.db"
    shutil.copy(blank_file, database)
    opened = Database(url_of(database))
    await opened.beat()
    fill(disk)

    async def add_many() -> None:
        for number in range(3000):
            async with opened.begin() as work:
                await work.people.seen(number)

    with pytest.raises(DatabaseUnavailableError) as raised:
        await add_many()
    assert fault_of(raised.value) is Fault.DISK_FULL
    (disk / "fill").unlink()
    async with opened.begin() as work:
        await work.people.seen(5000)
    await opened.close()


async def test_a_folder_is_no_file(
    tmp_path: Path,
    folder: Path,  # noqa: F811 (a fixture)
    learnt: Learnt,  # noqa: F811 (a fixture)
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    given = settings(folder, database_url=url_of(place))
    assert "est un dossier" in await refusal(given, learnt, capsys)
    assert [one.fault for one in await inspect_database(url_of(place))] == [Fault.IS_A_FOLDER]
    report = in_words(await examine(given, TODAY))
    assert "DATABASE_URL désigne un dossier" in report.partition("À corriger")[2]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_folder_is_neither_backed_up_nor_restored(
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "place").mkdir()
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///place")
    assert main([command, "copy.db"]) == 1
    assert "est un dossier" in capsys.readouterr().err


def test_what_a_command_writes_is_its_owners_alone(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    blank_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = small_folder(tmp_path_factory.mktemp("small") / "k")
    monkeypatch.chdir(tmp_path)
    shutil.copy(blank_file, "bot.db")
    os.chmod("bot.db", 0o644)  # noqa: PTH101 - brief
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///bot.db")
    monkeypatch.setenv("SEMANTIC_MATCHING", "false")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0o022)
    (tmp_path / "questions").write_text('{"q": "bonjour", "expect": []}\n', "utf-8")
    assert main(["backup", "copies/copy.db"]) == 0
    copied = [url_of(tmp_path / name) for name in ("copies/copy.db", "new/a.db")]
    assert main(["copy-db", *copied]) == 0
    assert main(["evaluate", "questions", "--html", "page.html", "--knowledge", str(small)]) == 0
    assert os.umask(before) == 0o022, "it is put back"
    written = [one for one in tmp_path.rglob("*") if one.name not in {"questions", "bot.db"}]
    assert {"copy.db", "a.db", "page.html", "cache"} <= {one.name for one in written}
    assert [one for one in written if stat.S_IMODE(one.stat().st_mode) & 0o077] == []


async def test_the_files_of_a_database_are_its_owners_alone(
    tmp_path: Path, blank_file: Path
) -> None:
    database = tmp_path / "bot.db"
    shutil.copy(blank_file, database)
    for file in files_of(database):
        file.touch()
        file.chmod(0o644)
    opened = Database(url_of(database))
    await opened.beat()
    modes = {stat.S_IMODE(one.stat().st_mode) for one in files_of(database) if one.exists()}
    await opened.close()
    assert modes == {0o600}


def test_a_device_keeps_its_rights(tmp_path: Path) -> None:
    device = tmp_path / "bot.db"
    os.mkfifo(device, 0o644)
    device.chmod(0o644)
    make_private(device)
    assert stat.S_IMODE(device.stat().st_mode) == 0o644
    assert place_fault(device) is Fault.NOT_A_DATABASE


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every account may enter, which pytest's own are not."""
    place = Path("/var/tmp") / f"shared-{os.getpid()}"  # noqa: S108 - a folder of its own there
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


async def test_the_doctor_names_what_others_may_read(
    shared: Path,
    folder: Path,  # noqa: F811 (a fixture)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = shared / "my data"
    data.mkdir()
    monkeypatch.chdir(shared)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
    given = settings(folder, database_url=url_of(data / "bot.db"))
    for name in (".env", "my data/bot.db", "my data/bot.db-wal", "my data/copy.db"):
        (shared / name).touch()
        (shared / name).chmod(0o644)
    report = in_words(await examine(given, TODAY)).replace("\xa0", " ")
    assert "peuvent lire 5 fichiers ou dossiers" in report
    assert f"chmod -R go-rwx {shared}/.env '{data}'" in report
    for name in (".env", "my data"):
        subprocess.run(["chmod", "-R", "go-rwx", str(shared / name)], check=True)  # noqa: S603, S607, ASYNC221 - what the doctor says
    assert open_to_others([shared / ".env", data]) == []
    assert "peuvent lire" not in in_words(await examine(given, TODAY))


def test_a_place_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert place_fault(tmp_path / "bot.db") is None
    assert place_fault(tmp_path / "not" / "yet" / "bot.db") is None
    assert place_fault(tmp_path / ("x" * 300)) is Fault.NO_PLACE


def _as_a_folder(file: Path) -> None:
    file.unlink(missing_ok=True)
    (file / "within").mkdir(parents=True)


def _as_a_file_for_the_folder(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.touch()


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])


def _wrong_bytes(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[::7] = b"\xff" * len(content[::7])
    file.write_bytes(content)


SPOILT = [_as_a_folder, _as_a_file_for_the_folder, _cut, _wrong_bytes]


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_cache_is_said_and_made_anew(
    folder: Path,  # noqa: F811 (a fixture)
    tmp_path: Path,
    spoil: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = ModelStore(tmp_path / "models" / "ours")
    kept = tmp_path / "models" / "ours" / "in-service.json"
    library = Library(folder, fictitious=False, compiling=lambda: Compiling(store=store), kept=kept)
    documents = library.read()

    def learn() -> Path:
        library.learn(documents)
        library.keep(documents)
        (model,) = inside(store, "folder").glob("*.npz")
        return Path(model)

    model = learn()
    whole, served = model.read_bytes(), kept.read_bytes()
    spoil(model)
    caplog.clear()
    assert learn().is_file()
    assert "the cache was spoilt" in caplog.text
    assert "not kept" not in caplog.text
    assert len(model.read_bytes()) == len(whole)
    if spoil is not _as_a_file_for_the_folder:
        spoil(kept)
        library.keep(documents)
    assert kept.read_bytes() == served


def test_any_wrong_byte_of_a_model_is_met(
    folder: Path,  # noqa: F811 (a fixture)
    tmp_path: Path,
) -> None:
    store = ModelStore(tmp_path / "models")
    library = Library(folder, fictitious=False, compiling=lambda: Compiling(store=store))
    library.learn(library.read())
    (file,) = (tmp_path / "models").glob("*.npz")
    whole = file.read_bytes()
    # The heads and the directory of the zip, where a byte has a meaning of its own.
    places = [*range(200), *range(len(whole) - 700, len(whole))]
    for place in places:
        content = bytearray(whole)
        content[place] ^= 0xFF
        file.write_bytes(content)
        store.get(file.stem)
