"""Files that are replaced at once: whoever reads one finds all of it, or what was there before."""

import os
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
    """Give a file to write to, which takes the place of ``path`` once it is written.

    Where anything fails, what was there stays and nothing is left beside it; OSError where the
    folder, which must exist, cannot be written. A crash may leave a ``.part`` file. ``mode`` is
    what the file may be used for, and by whom. Without ``survives_power_cut``, which costs a wait
    for the disk, a power cut may leave an empty file under the new name.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        temporary = Path(part.name)
        try:
            yield part
            part.flush()
            os.fchmod(part.fileno(), mode)
            if survives_power_cut:
                os.fsync(part.fileno())
            # rename(2) replaces at once, and follows no link: callers give the real path.
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if survives_power_cut:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Have the new name itself on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
