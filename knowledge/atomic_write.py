"""Atomic file replacement: a reader finds either the whole new file or the old one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

PRIVATE = 0o600


@contextmanager
def replacing(
    path: Path, *, mode: int = PRIVATE, survives_power_cut: bool = True
) -> Iterator[IO[bytes]]:
    """Yield a temporary file, which replaces ``path`` when the block ends.

    If anything fails, the old file stays and the temporary one is removed; raises OSError if the
    folder, which must exist, cannot be written. A crash may leave a ``.part`` file. ``mode`` holds
    the permission bits of the file. ``survives_power_cut`` costs a wait for the disk; without it, a
    power cut may leave an empty file under the new name.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        temporary = Path(part.name)
        try:
            yield part
            part.flush()
            os.fchmod(part.fileno(), mode)
            if survives_power_cut:
                os.fsync(part.fileno())
            # rename(2) is atomic and does not follow links: callers give the real path.
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if survives_power_cut:
        _flush_folder(path.parent)


def clear_way(file: Path) -> bool:
    """Make the folder of a cache's file, and remove what stands where either must be.

    Only for a cache, which can be made anew. Returns whether anything was removed; raises OSError
    where that cannot be.
    """
    removed = False
    if file.parent.is_file():
        file.parent.unlink()
        removed = True
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
        removed = True
    return removed


def _flush_folder(folder: Path) -> None:
    """Flush the folder, so that the new name itself is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
