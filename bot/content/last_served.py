"""The file of what a folder of knowledge last served, for a start when the folder cannot be used.

Its modification time tells since when that is in service, and its access time when an installation
last wrote or confirmed it. Each folder has a file of its own; those of folders that are gone, as
those of trials and previews, are removed after a while.
"""

import contextlib
import json
import os
import re
import time
from pathlib import Path

from bot.runtime import json_text
from knowledge.atomic_write import replacing
from knowledge.files.yaml_reader import Document

_NAME = re.compile(r"in-service-[0-9a-f]{16}\.json")
# Beside the names of files, none of which is this one: the folder that they were read from.
_FOLDER = "folder"
# A folder that is gone may be on a disk that comes back: its file stays for so long, and for so
# many of them.
_GONE_SECONDS = 30 * 24 * 3600
_MOST_GONE = 20


def name_of(key: str) -> str:
    """Return the name of the file, for 16 hexadecimal digits that tell one folder from others."""
    return f"in-service-{key}.json"


def keep(path: Path, directory: Path, documents: dict[str, Document]) -> None:
    """Write what a folder serves, unless it is written; OSError where that cannot be."""
    contents = {name: document.data for name, document in documents.items()}
    content = _dumped(contents | {_FOLDER: str(directory.absolute())})
    former, since = (path.read_bytes(), path.stat().st_mtime_ns) if path.exists() else (b"", 0)
    if former != content:
        with replacing(path) as file:
            file.write(content)
    # Former versions named no folder: what they wrote is in service since then.
    if former in (content, _dumped(contents)):
        os.utime(path, ns=(time.time_ns(), since))


def forget_others(own: Path) -> None:
    """Remove the files of folders that are gone, but for the most recent ones."""
    found: list[tuple[float, Path]] = []
    for path in own.parent.iterdir():
        if path != own and _NAME.fullmatch(path.name):
            # Another process removes the same files.
            with contextlib.suppress(OSError):
                found.append((path.stat().st_atime, path))
    limit = time.time() - _GONE_SECONDS
    for number, (used_at, path) in enumerate(sorted(found, reverse=True)):
        with contextlib.suppress(OSError):
            if (number >= _MOST_GONE or used_at < limit) and _is_gone(path, limit):
                path.unlink()


def _is_gone(path: Path, limit: float) -> bool:
    """Tell whether the folder of a file is gone; where the file names none, whether it is old."""
    written_at = path.stat().st_mtime
    try:
        folder = json_text.read(path.read_bytes())[_FOLDER]
        return not Path(folder).is_dir()
    except (ValueError, TypeError, KeyError):
        return written_at < limit


def _dumped(contents: dict[str, object]) -> bytes:
    return json.dumps(contents, ensure_ascii=False).encode("utf-8", "surrogatepass")
