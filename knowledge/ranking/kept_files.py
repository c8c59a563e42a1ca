"""Which files of the cache's folder are still of use, and which may go.

Several installations of one account may share the folder, also of different versions. A file that
is read is marked as used; the files that nobody has used for long go, and no others. Losing one
costs a learning from nothing, never an answer.
"""

import contextlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

_DAY = 24 * 3600
# The most recently used models that stay; a model takes some 30 MB.
MODELS_KEPT = 6
_MODEL = re.compile(r"[0-9a-f]{32}\.npz")
# What the last learning left, of one encoder and one edition of the learning: up to 130 MB. Beside
# that of one edition stays that of another one, for as long as an installation may still use it.
_WORKINGS = re.compile(r"(?P<encoder>.+)\.(?P<edition>[^.]+)\.(?:views|(?:pairs|factor)(?:_last)?)")
_FORMER_EDITION_SECONDS = 7 * _DAY
_EDITIONS_KEPT = 2
# An encoder's table and vectors take seconds to make anew, and their names change once a year.
_OF_ENCODER = re.compile(r".+\.(?:table|vectors)")
_ENCODER_SECONDS = 60 * _DAY
# What a process that was killed left half written.
_PART = re.compile(r"\..+\.part")
_PART_SECONDS = _DAY


def mark_used(path: Path) -> None:
    """Note that a file was of use now, unless it says later, or cannot be changed."""
    now = time.time()
    with contextlib.suppress(OSError):
        if path.stat().st_mtime < now:
            os.utime(path, (now, now))


def workings_name(encoder: str, edition: str, name: str) -> str:
    """Return the name of a file that one learning leaves for the next."""
    return f"{encoder}.{edition}.{name}"


def forget_unused(folder: Path) -> None:
    """Remove the files of ours that nobody uses; whatever else stands in the folder stays."""
    used = _last_used(folder)
    now = time.time()
    for path in (*_former_models(used), *_former_workings(used, now), *_long_unused(used, now)):
        # Another process removes the same files.
        with contextlib.suppress(OSError):
            path.unlink()


def _last_used(folder: Path) -> dict[Path, float]:
    """Return the files of a folder, with the time when each was used last; the newest first."""
    found: dict[Path, float] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            # It may be gone by now.
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    found[Path(entry.path)] = entry.stat(follow_symlinks=False).st_mtime
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _former_models(used: Iterable[Path]) -> list[Path]:
    return [path for path in used if _MODEL.fullmatch(path.name)][MODELS_KEPT:]


def _former_workings(used: dict[Path, float], now: float) -> Iterator[Path]:
    """Yield what editions that nobody uses left; of each encoder the last used one stays."""
    by_edition: defaultdict[str, dict[str, list[Path]]] = defaultdict(dict)
    for path in used:
        if match := _WORKINGS.fullmatch(path.name):
            by_edition[match["encoder"]].setdefault(match["edition"], []).append(path)
    for editions in by_edition.values():
        for number, paths in enumerate(editions.values()):
            is_old = used[paths[0]] < now - _FORMER_EDITION_SECONDS
            if number >= _EDITIONS_KEPT or (number and is_old):
                yield from paths


def _long_unused(used: dict[Path, float], now: float) -> Iterator[Path]:
    for path, at in used.items():
        age = now - at
        if _OF_ENCODER.fullmatch(path.name) and age > _ENCODER_SECONDS:
            yield path
        if _PART.fullmatch(path.name) and age > _PART_SECONDS:
            yield path
