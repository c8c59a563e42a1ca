"""The place of a database file: whether it can be written there, and who may read it."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from storage.engine.error_codes import Fault
from storage.engine.errors import DatabaseUnavailableError

# What SQLite calls only a file that cannot be opened, read or written.
_OF_PLACE = {Fault.NO_PLACE, Fault.DISK_FAILS}
NO_FILE = {Fault.IS_A_FOLDER, Fault.NOT_A_DATABASE}
_PRIVATE = 0o600
# SQLite writes whole pages, and a file with its write-ahead log needs a few.
_LEAST_BYTES = 64 * 1024
_BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
_MOST_FILES = 2000


def place_fault(database: Path) -> Fault | None:
    """Return what keeps a database file from being written; None where nothing is seen."""
    try:
        if database.is_dir():
            return Fault.IS_A_FOLDER
        if database.exists() and not database.is_file():
            return Fault.NOT_A_DATABASE
        folder = next(each for each in database.absolute().parents if each.is_dir())
        disk = os.statvfs(folder)
    except OSError:
        return Fault.NO_PLACE
    if disk.f_flag & os.ST_RDONLY:
        return Fault.READ_ONLY_DISK
    # Some file systems count no files, or no blocks, and say 0.
    has_files = disk.f_favail > 0 or disk.f_files == 0
    has_room = disk.f_bavail * disk.f_frsize >= _LEAST_BYTES or disk.f_blocks == 0
    return None if has_files and has_room else Fault.DISK_FULL


def at_place(fault: Fault, database: Path) -> Fault:
    """Return what is behind a fault that may be of a file's place; otherwise the fault itself."""
    return (place_fault(database) or fault) if fault in _OF_PLACE else fault


def refuse_what_is_no_file(database: Path) -> None:
    """Raise DatabaseUnavailableError where a folder or a device is in a database's place."""
    if (fault := place_fault(database)) in NO_FILE:
        raise DatabaseUnavailableError(f"{database} is no file", fault)


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; False where this account may not look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def files_of(database: Path) -> tuple[Path, ...]:
    """Return the files that SQLite and this bot keep for a database, there or not."""
    # Symbolic links are resolved: SQLite puts its other files beside the real one.
    file = database.resolve()
    return tuple(file.with_name(f"{file.name}{end}") for end in _BESIDE)


def make_private(database: Path) -> None:
    """Let a database's files be read by their owner only, where this account may say so."""
    for file in files_of(database):
        # A file of another account stays as it is: `doctor` names it.
        with contextlib.suppress(OSError):
            mode = file.stat().st_mode
            # Never a device: its rights are those of the whole machine.
            if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
                file.chmod(_PRIVATE)


def open_to_others(paths: list[Path]) -> list[Path]:
    """Return which of these files, and of those in these folders, other accounts may read."""
    seen = dict.fromkeys(each for path in paths for each in _within(path))
    return [path for path in seen if _is_open(path)]


def _within(path: Path) -> Iterator[Path]:
    yield path
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for count, inner in enumerate(path.rglob("*")):
                if count >= _MOST_FILES:
                    return
                yield inner


def _is_open(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
        # A folder that others may not enter keeps what is in it.
        ways = [folder.stat().st_mode for folder in path.absolute().parents]
    except OSError:
        return False
    by_group = mode & stat.S_IRGRP and all(way & (stat.S_IXGRP | stat.S_IXOTH) for way in ways)
    return bool(by_group or (mode & stat.S_IROTH and all(way & stat.S_IXOTH for way in ways)))
