"""Writing what a command makes to the file that somebody named."""

import stat
from pathlib import Path

from knowledge.atomic_write import PRIVATE, replacing


def write_output(path: Path, content: bytes) -> None:
    """Write a file whole or leave the former one; OSError where that fails.

    A link stays a link, a file keeps its permissions; what is no file, such as ``/dev/stdout``, is
    written to as it is.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        path.write_bytes(content)
        return
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else PRIVATE
    with replacing(place, mode=mode, survives_power_cut=False) as file:
        file.write(content)
