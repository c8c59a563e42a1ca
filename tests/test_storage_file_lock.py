"""A database file is kept to one process, until it ends, however it ends."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from storage_fixtures import names, sqlite_url

from storage.engine.errors import InUseError, NoPlaceError
from storage.engine.file_lock import alone_on, refuse_in_use
from storage.operations.backup import back_up, restore
from storage.operations.copy import copy_database
from storage.operations.inspect import inspect_file


def test_the_second_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    file = tmp_path / "data" / "bot.db"
    with alone_on(file):
        for attempt in (refuse_in_use, lambda path: alone_on(path).__enter__()):
            with pytest.raises(InUseError, match="bot"):
                attempt(file)
    with alone_on(file):
        pass
    assert names(file.parent) == ["bot.db.lock"]
    assert file.parent.stat().st_mode & 0o077 == 0
    assert (file.parent / "bot.db.lock").stat().st_mode & 0o077 == 0


def test_two_links_are_one_database(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "bot.db")
    with alone_on(tmp_path / "bot.db"), pytest.raises(InUseError):
        refuse_in_use(tmp_path / "link.db")


def test_a_hard_link_elsewhere_is_the_same_database(tmp_path: Path) -> None:
    """What a bind mount is too: another path, in another folder, to the same file."""
    file, link = tmp_path / "a" / "bot.db", tmp_path / "b" / "other.db"
    link.parent.mkdir()
    with alone_on(file, creates=True):
        link.hardlink_to(file)
        for attempt in (refuse_in_use, lambda path: alone_on(path).__enter__()):
            with pytest.raises(InUseError):
                attempt(link)
        assert names(link.parent) == ["other.db", "other.db.lock"]
    with alone_on(link), pytest.raises(InUseError):
        refuse_in_use(file)
    with alone_on(file):
        pass


def test_sqlite_works_in_a_file_that_is_locked(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    with alone_on(file, creates=True), closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE kept (id INTEGER)")
    assert file.stat().st_mode & 0o077 == 0
    with alone_on(file), closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_file_put_in_the_place_of_another_is_locked_all_the_same(tmp_path: Path) -> None:
    file, copy = tmp_path / "bot.db", tmp_path / "copy.db"
    copy.touch()
    with alone_on(file, creates=True):
        copy.replace(file)
        with pytest.raises(InUseError):
            refuse_in_use(file)


_HELD = """
import sys, time
from pathlib import Path
from storage.engine.file_lock import alone_on

with alone_on(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _HELD, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InUseError):
            refuse_in_use(file)
        process.kill()
        process.wait()
        refuse_in_use(file)


def test_a_file_system_without_locks_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_file: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("storage.engine.file_lock.fcntl.flock", refuse)
    with alone_on(tmp_path / "bot.db"):
        assert "cannot be kept to one process" in caplog.text


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for file in (tmp_path / "file" / "bot.db", Path("/proc/x/bot.db")):
        with pytest.raises(NoPlaceError), alone_on(file):
            pytest.fail("it went in")


async def test_who_looks_and_copies_does_not_mind_and_who_puts_back_does(
    blank_file: Path, tmp_path: Path
) -> None:
    with alone_on(blank_file):
        assert inspect_file(blank_file) == ()
        copy = back_up(blank_file, tmp_path / "copy.db").path
        with pytest.raises(InUseError):
            await copy_database(f"sqlite+aiosqlite:///{blank_file}", sqlite_url(tmp_path))
    gone = tmp_path / "gone.db"
    with alone_on(gone), pytest.raises(InUseError):
        restore(copy, gone)
    restore(copy, gone)
    assert names(tmp_path) == ["copy.db", "gone.db", "gone.db.lock"]
