"""Files that facilitators send back: examined whole, put in place at once, kept when replaced.

A version is a content that was in service and was replaced: ``at`` says when. Who replaced it is
not written here, where no erasure would reach it. It is on disk before what replaces it, so that a
crash at any moment loses nothing.
"""

import fcntl
import hashlib
import json
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from knowledge.atomic_write import replacing
from knowledge.curation.check import check_whole
from knowledge.curation.diff import Difference, differences
from knowledge.curation.regression import Verdict, expectations, regressions, verdicts
from knowledge.files.problems import Problem
from knowledge.files.yaml_reader import Document, parse
from knowledge.knowledge import Knowledge
from knowledge.loading import (
    FAQ,
    LEXICON,
    PROJECTS,
    QUESTIONS,
    SMALL_TALK,
    VOICES,
    Compiling,
)

PUBLISHABLE: tuple[str, ...] = (FAQ, PROJECTS, SMALL_TALK, VOICES, LEXICON, QUESTIONS)
HISTORY = "history"
_ID = re.compile(r"(?P<at>\d{4}-\d{2}-\d{2}T\d{6})-(?P<name>[a-z]+)(?:-\d{1,3})?")
_STAMP = "%Y-%m-%dT%H%M%S"
_LOCK = ".lock"


class BaseChangedError(Exception):
    """The file is no longer the one that the change was made from."""


@dataclass(frozen=True, slots=True)
class Version:
    """A former content of a file: when (UTC) it was replaced, its fingerprint."""

    id: str
    file: str
    at: datetime
    sha: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A content that would replace a file, and all that it would change.

    ``base`` is the fingerprint of the file that it was compared with; ``knowledge`` is what would
    be in service, None where an error refuses it.
    """

    file: str
    content: bytes
    base: str
    problems: tuple[Problem, ...]
    changes: tuple[Difference, ...]
    regressions: tuple[Verdict, ...]
    knowledge: Knowledge | None


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of a content, in hexadecimal; that of nothing for a file not there yet."""
    return hashlib.sha256(content).hexdigest()


def examine(  # noqa: PLR0913 - each says another thing, and most are named
    directory: Path,
    file: str,
    content: bytes,
    current: Knowledge,
    *,
    compiling: Compiling,
    fictitious: bool,
    today: date,
) -> Candidate:
    """Say what a folder would be with one file replaced; takes seconds, and changes nothing.

    ValueError for a file that is not ``PUBLISHABLE``.
    """
    former = _content(_target(directory, file))
    checked = check_whole(
        directory,
        today=today,
        compiling=compiling,
        fictitious=fictitious,
        replacing={file: content},
    )
    before, _ = parse(former, file)
    after = checked.files.documents.get(file)
    return Candidate(
        file,
        content,
        fingerprint(former),
        checked.problems,
        differences({file: before} if before else {}, {file: after}) if after else (),
        _regressions(current, checked.knowledge, checked.files.documents.get(QUESTIONS)),
        checked.knowledge,
    )


def _regressions(
    current: Knowledge, new: Knowledge | None, questions: Document | None
) -> tuple[Verdict, ...]:
    if new is None:
        return ()
    expected = expectations(questions)
    return regressions(verdicts(current.matcher, expected), verdicts(new.matcher, expected))


def publish(
    directory: Path, candidate_file: str, content: bytes, *, base: str, now: datetime
) -> Version:
    """Put a content in place of a file, whole or not at all; return the version that it replaces.

    BaseChangedError where the file is no longer ``base``; ValueError for a file that is not
    ``PUBLISHABLE``; OSError where the folder cannot be written. ``now`` has a time zone.
    """
    target = _target(directory, candidate_file)
    with _alone(directory / HISTORY):
        former = _content(target)
        if fingerprint(former) != base:
            raise BaseChangedError(candidate_file)
        version = _keep(directory / HISTORY, candidate_file, former, now)
        _write(target, content)
    return version


def versions(directory: Path, file: str | None = None) -> tuple[Version, ...]:
    """Return what was replaced, of one file or of all, newest first."""
    found = map(_version, (directory / HISTORY).glob("*.yaml"))
    kept = [one for one in found if one is not None and file in {None, one.file}]
    return tuple(sorted(kept, key=lambda one: (one.at, one.id), reverse=True))


def content_of(directory: Path, version_id: str) -> bytes:
    """Return the content of a version; LookupError where there is none of that id."""
    path = directory / HISTORY / f"{version_id}.yaml"
    # The id is all that an outsider chooses: it must not lead anywhere else.
    if not _ID.fullmatch(version_id) or not path.is_file():
        raise LookupError(version_id)
    return path.read_bytes()


def _target(directory: Path, file: str) -> Path:
    """Return where a file really is: a link must keep leading to it."""
    if file not in PUBLISHABLE:
        raise ValueError(f"not a file that is published: {file!r}")
    return (directory / file).resolve()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@contextmanager
def _alone(history: Path) -> Iterator[None]:
    """Hold other publications off, of this process and of others, until this one is done."""
    history.mkdir(exist_ok=True)
    with (history / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(history: Path, file: str, content: bytes, now: datetime) -> Version:
    """Keep a content and its fingerprint, the latter last: it can be had from the former."""
    at = now.astimezone(UTC).replace(microsecond=0)
    version = Version(_free_id(history, file, at), file, at, fingerprint(content))
    _write(history / f"{version.id}.yaml", content)
    said = json.dumps({"file": file, "at": at.isoformat(), "sha": version.sha}, indent=2).encode()
    _write(history / f"{version.id}.json", said + b"\n")
    return version


def _free_id(history: Path, file: str, at: datetime) -> str:
    first = f"{at.strftime(_STAMP)}-{Path(file).stem}"
    number, free = 1, first
    while (history / f"{free}.yaml").exists():
        number += 1
        free = f"{first}-{number:03}"
    return free


def _version(path: Path) -> Version | None:
    named = _ID.fullmatch(path.stem)
    file = f"{named['name']}.yaml" if named else ""
    if named is None or file not in PUBLISHABLE:
        return None
    written = _written_down(path.with_suffix(".json"))
    try:
        at = datetime.strptime(named["at"], _STAMP).replace(tzinfo=UTC)
        sha = written.get("sha") or fingerprint(path.read_bytes())
    except (OSError, ValueError):
        return None
    return Version(path.stem, file, at, sha)


def _written_down(path: Path) -> dict[str, str]:
    """Return what is known of a version; nothing where a crash came before it was written down."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    said = found if isinstance(found, dict) else {}
    return {key: value for key, value in said.items() if isinstance(value, str)}


def _write(path: Path, content: bytes) -> None:
    with replacing(path, mode=_mode(path)) as part:
        part.write(content)


def _mode(path: Path) -> int:
    """Return the rights of the file that is replaced, or else those of any file of ours."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
