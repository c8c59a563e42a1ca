"""Replaces several files as one: after a crash at any moment, all are old or all become new.

The new contents are staged, then listed in a journal, then put in place one by one. Whoever reads
or publishes next finishes what a journal lists. Only one process does so at a time.
"""

import fcntl
import hashlib
import json
import logging
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from knowledge.atomic_write import replacing

logger = logging.getLogger(__name__)
# The folder of former versions, of the lock and of the journal, in the folder of the files.
HISTORY = "history"
_LOCK = ".lock"
_JOURNAL = ".publication.json"


@dataclass(frozen=True, slots=True)
class _Replacement:
    """One file to replace: its real path, and the fingerprints before and after."""

    path: str
    before: str
    after: str


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of a content, in hexadecimal; a missing file counts as empty."""
    return hashlib.sha256(content).hexdigest()


def content_at(path: Path) -> bytes:
    """Return the content of a file; empty where it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@contextmanager
def alone(directory: Path) -> Iterator[Path]:
    """Hold an exclusive lock on publishing to a folder, and give its history.

    What a crash cut short is finished first.
    """
    history = directory / HISTORY
    rights = stat.S_IMODE(directory.stat().st_mode)
    # Whoever writes the folder may publish to it: an editor's command and the bot alike.
    if not history.exists():
        history.mkdir(exist_ok=True)
        history.chmod(rights)
    is_new = not (history / _LOCK).exists()
    with (history / _LOCK).open("ab") as lock:
        if is_new:
            (history / _LOCK).chmod(rights & 0o666)
        fcntl.flock(lock, fcntl.LOCK_EX)
        _finish(history)
        yield history


def finish(directory: Path) -> None:
    """Finish a publication that is under way or was cut short; without one, this costs a look."""
    if (directory / HISTORY / _JOURNAL).exists():
        with alone(directory):
            pass


def replace_all(history: Path, contents: Mapping[Path, bytes]) -> None:
    """Replace files (by their real paths); call it within ``alone``.

    OSError if one cannot be written: the others are then as they were.
    """
    if len(contents) == 1:
        write(*next(iter(contents.items())))
        return
    former = {path: content_at(path) for path in contents}
    steps = [
        _Replacement(str(path), fingerprint(former[path]), fingerprint(content))
        for path, content in contents.items()
    ]
    try:
        for step, content in zip(steps, contents.values(), strict=True):
            write(_staged(history, step), content)
        write(history / _JOURNAL, json.dumps([asdict(step) for step in steps]).encode())
        for path, content in contents.items():
            write(path, content)
    except OSError:
        for path, content in former.items():
            _restore(path, content)
        _clear(history, steps)
        raise
    _clear(history, steps)


def write(path: Path, content: bytes) -> None:
    """Replace one file, with the rights that it has, or else those of any file of ours."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    with replacing(path, mode=mode) as part:
        part.write(content)


def _restore(path: Path, content: bytes) -> None:
    if content_at(path) == content:
        return
    if content:
        write(path, content)
    else:
        path.unlink()


def _finish(history: Path) -> None:
    steps = _listed(history)
    for step in steps:
        path, staged = Path(step.path), content_at(_staged(history, step))
        # A file that somebody changed meanwhile stays as they made it.
        if fingerprint(content_at(path)) == step.before and fingerprint(staged) == step.after:
            write(path, staged)
    if steps:
        logger.warning("a publication of %d files, cut short, is finished", len(steps))
    if (history / _JOURNAL).exists():
        _clear(history, steps)


def _listed(history: Path) -> list[_Replacement]:
    try:
        # What cannot be read now (OSError) must not be taken for nothing: it would be forgotten.
        listed = json.loads((history / _JOURNAL).read_text("utf-8"))
        return [_Replacement(**each) for each in listed]
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return []


def _clear(history: Path, steps: Sequence[_Replacement]) -> None:
    # The journal first: without it, what is staged means nothing.
    (history / _JOURNAL).unlink(missing_ok=True)
    for step in steps:
        _staged(history, step).unlink(missing_ok=True)


def _staged(history: Path, step: _Replacement) -> Path:
    # By its content: files of one name may lie in two folders, behind links.
    return history / f".{step.after}.staged"
