"""A copy of a living database is whole or is not; what is wrong with one is found."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dialogue import inside
from postgres import Server
from sqlalchemy import text
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    Clock,
    database_url,
    migrated_database,
    names,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.errors import (
    AlreadyExistsError,
    DamagedError,
    DatabaseUnavailableError,
    ForeignDatabaseError,
    NoDatabaseError,
    NoPlaceError,
    NotSqliteError,
)
from storage.engine.faults import Fault, fault_of
from storage.engine.file_lock import refuse_in_use
from storage.operations.backup import back_up, restore
from storage.operations.inspect import FoundFault, inspect_database, inspect_file, sqlite_file


@pytest.fixture(name="file")
def database_file(database: Database, url: str) -> Path:
    """The file of the database."""
    return sqlite_file(url)


async def fill(database: Database, count: int = 50) -> None:
    async with database.begin() as work:
        for number in range(count):
            await work.people.seen(number)


def people_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM people").fetchone()[0])


@ON_SQLITE
async def test_a_copy_is_put_back_elsewhere_and_sound(
    database: Database, file: Path, tmp_path: Path
) -> None:
    await fill(database)
    copied = back_up(file, tmp_path / "copy.db")
    assert copied.size == copied.path.stat().st_size > 0
    restored = tmp_path / "elsewhere" / "bot.db"
    restore(copied.path, restored)
    url = f"sqlite+aiosqlite:///{restored}"
    assert await inspect_database(url) == ()
    again = Database(url)
    assert await rows(again, "people") == await rows(database, "people")
    await again.close()


@ON_SQLITE
async def test_a_copy_is_one_file_for_its_owner_only(
    database: Database, file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    path = back_up(file, folder / "copy.db").path
    assert path.stat().st_mode & 0o077 == 0
    assert people_in(path) == 0
    assert names(folder) == ["copy.db"]
    del database


@ON_SQLITE
async def test_a_database_is_copied_as_it_is_at_one_moment(
    database: Database, file: Path, tmp_path: Path
) -> None:
    """Each unit of work adds ten people: a copy holds all ten of one, or none."""
    ended = asyncio.Event()

    async def write() -> None:
        number = 0
        while not ended.is_set():
            async with database.begin() as work:
                for _ in range(10):
                    number += 1
                    await work.people.seen(number)

    writing = asyncio.create_task(write())
    try:
        for number in range(5):
            copy = await asyncio.to_thread(back_up, file, tmp_path / f"{number}.db")
            assert people_in(copy.path) % 10 == 0
    finally:
        ended.set()
        await writing
    assert people_in(tmp_path / "4.db") > people_in(tmp_path / "0.db")


@ON_SQLITE
async def test_nothing_is_ever_overwritten(database: Database, file: Path, tmp_path: Path) -> None:
    await fill(database)
    copy = back_up(file, tmp_path / "copy.db").path
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    for attempt in (back_up, restore):
        with pytest.raises(AlreadyExistsError):
            attempt(copy, taken)
    assert taken.read_text() == "mine"
    beside = tmp_path / "new.db-wal"
    beside.write_text("of a former database")
    with pytest.raises(AlreadyExistsError):
        restore(copy, tmp_path / "new.db")
    with pytest.raises(AlreadyExistsError):
        restore(copy, file)
    assert names(tmp_path) == ["copy.db", "data", "new.db-wal", "taken.db"]


@ON_SQLITE
async def test_what_appeared_meanwhile_stays(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "copy.db"

    def interfere(_copy: Path) -> tuple[FoundFault, ...]:
        taken.write_text("mine")
        return ()

    monkeypatch.setattr("storage.operations.backup.inspect_file", interfere)
    with pytest.raises(AlreadyExistsError):
        back_up(file, taken)
    assert taken.read_text() == "mine"
    assert names(tmp_path) == ["copy.db", "data"]


def test_a_copy_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError):
        back_up(tmp_path / "missing.db", tmp_path / "copy.db")
    with pytest.raises(DatabaseUnavailableError):
        back_up(tmp_path / "missing.db", tmp_path / "no folder" / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_copy_goes_to_a_folder_that_is_made(blank_file: Path, tmp_path: Path) -> None:
    copied = back_up(blank_file, tmp_path / "copies" / "copy.db")
    assert people_in(copied.path) == 0
    assert (tmp_path / "copies").stat().st_mode & 0o077 == 0
    for file in (tmp_path / "copies" / "copy.db" / "no folder" / "copy.db", Path("/proc/copy.db")):
        with pytest.raises(NoPlaceError):
            back_up(blank_file, file)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be entered, even by root, who is somebody else meanwhile."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    account = os.geteuid()
    if account == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(account)
    folder.chmod(0o700)


def test_what_this_account_may_not_see_is_said(blank_file: Path, closed: Path) -> None:
    (found,) = inspect_file(closed / "bot.db")
    assert found.fault is Fault.NO_PLACE
    for attempt in (
        lambda: back_up(closed / "bot.db", closed / "copy.db"),
        lambda: restore(blank_file, closed / "bot.db"),
        lambda: refuse_in_use(closed / "bot.db"),
    ):
        with pytest.raises(NoPlaceError):
            attempt()


class FullDisk(sqlite3.Connection):
    """A database whose copy finds no room."""

    def backup(self, *_: object, **__: object) -> None:
        """Fail as SQLite does."""
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error


def test_a_copy_on_a_full_disk_leaves_nothing(
    blank_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("storage.operations.backup.os.fsync", no_room)
        with pytest.raises(DatabaseUnavailableError) as refusal:
            back_up(blank_file, tmp_path / "copy.db")
        assert fault_of(refusal.value) is Fault.DISK_FULL
    monkeypatch.setattr(
        "storage.operations.backup.open_read_only",
        lambda path: sqlite3.connect(path, factory=FullDisk),
    )
    with pytest.raises(DatabaseUnavailableError) as refusal:
        back_up(blank_file, tmp_path / "copy.db")
    assert fault_of(refusal.value) is Fault.DISK_FULL
    assert names(tmp_path) == []


def spoil(path: Path) -> None:
    """Overwrite the middle of every page but the first."""
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page + 8 : page + 200] = b"\xff" * 192
    path.write_bytes(content)


@ON_SQLITE
async def test_damage_is_found_and_not_put_back(
    database: Database, file: Path, tmp_path: Path
) -> None:
    await fill(database, 500)
    copy = back_up(file, tmp_path / "copy.db").path
    spoil(copy)
    found = await inspect_database(f"sqlite+aiosqlite:///{copy}")
    assert {one.fault for one in found} <= {Fault.DAMAGED, Fault.NOT_A_DATABASE}
    assert found
    with pytest.raises((DamagedError, DatabaseUnavailableError)):
        restore(copy, tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for attempt in (back_up, restore):
        with pytest.raises(NoDatabaseError, match="folder"):
            attempt(tmp_path / "folder", tmp_path / "new.db")
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("tables", [[], ["t"], ["alembic_version"]])
def test_what_is_not_the_bots_is_neither_put_back_nor_copied(
    tmp_path: Path, tables: list[str]
) -> None:
    foreign = tmp_path / "foreign.db"
    foreign.touch()
    with closing(sqlite3.connect(foreign)) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (version_num)")
    for attempt in (back_up, restore):
        with pytest.raises(ForeignDatabaseError, match="foreign"):
            attempt(foreign, tmp_path / "new.db")
    assert names(tmp_path) == ["foreign.db"]


@pytest.mark.parametrize(
    ("content", "fault"), [(None, Fault.MISSING), (b"a letter" * 1000, Fault.NOT_A_DATABASE)]
)
async def test_what_is_no_database_is_said(
    tmp_path: Path, content: bytes | None, fault: Fault
) -> None:
    path = tmp_path / "bot.db"
    if content:
        path.write_bytes(content)
    (found,) = await inspect_database(f"sqlite+aiosqlite:///{path}")
    assert found.fault is fault
    assert path.exists() == bool(content)


@ON_SQLITE
async def test_rows_that_refer_to_nobody_are_found(database: Database, url: str) -> None:
    del database
    with closing(sqlite3.connect(sqlite_file(url))) as connection, connection:
        connection.execute(
            "INSERT INTO drafts (person_id, form, subject, step, answers, updated_at)"
            " VALUES (404, 'a', 'b', 'c', '{}', '2026-01-01')"
        )
    assert await inspect_database(url) == (FoundFault(Fault.ORPHANS, "drafts"),)


async def test_a_sound_database_has_no_faults(database: Database, url: str) -> None:
    await fill(database)
    assert await inspect_database(url) == ()


@pytest.mark.parametrize(
    ("revision", "fault"), [("0001", Fault.OUTDATED), ("9999", Fault.TOO_NEW), (None, Fault.EMPTY)]
)
async def test_another_revision_is_found(
    database: Database, url: str, revision: str | None, fault: Fault
) -> None:
    async with inside(database, "engine").begin() as connection:
        if revision is None:
            await connection.execute(text("DROP TABLE alembic_version"))
        else:
            await connection.execute(
                text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
            )
    assert await inspect_database(url) == (FoundFault(fault, revision or ""),)


@pytest.mark.parametrize("place", ["file/bot.db", "/proc/x/bot.db", "/proc/bot.db"])
async def test_where_nothing_can_be_made_is_not_only_missing(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (found,) = await inspect_database(f"sqlite+aiosqlite:///{tmp_path / place}")
    assert found.fault is Fault.NO_PLACE
    assert names(tmp_path) == ["file"]


async def test_a_server_without_that_database_is_told_from_one_that_is_away(
    postgres: Server,
) -> None:
    (found,) = await inspect_database(postgres.url("nowhere"))
    assert found == FoundFault(Fault.NO_DATABASE, "InvalidCatalogNameError")
    (away,) = await inspect_database("postgresql+asyncpg://bot@127.0.0.1:1/bot")
    assert away.fault is Fault.UNREACHABLE


def test_a_server_is_no_file() -> None:
    with pytest.raises(NotSqliteError):
        sqlite_file("postgresql+asyncpg://bot@localhost/bot")
