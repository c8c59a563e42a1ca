"""Examines and publishes files that facilitators send back, and keeps the former versions.

A version is a content that was in service and was replaced; ``at`` is the time of that. Who
replaced it is not written here, because erasing a person's data does not reach these files. A
version is on disk before its replacement is, so that a crash at any moment loses nothing. Files
that were published together have a version each, of one set.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from knowledge.curation.check import CheckResult, check_served, check_whole
from knowledge.curation.diff import Difference, DifferenceKind, differences
from knowledge.curation.finding import Finding
from knowledge.curation.regression import (
    Verdict,
    expectations,
    in_common,
    regressions,
    verdicts,
    without_hidden,
)
from knowledge.file_set import HISTORY, alone, content_at, fingerprint, replace_all, write
from knowledge.files.problems import Problem, Severity, standing
from knowledge.files.yaml_reader import Document, parse
from knowledge.knowledge import Knowledge
from knowledge.loading import (
    ACTS,
    FAQ,
    LEXICON,
    PROJECTS,
    QUESTIONS,
    VOICES,
    Compiling,
    Parsed,
)

PUBLISHABLE: tuple[str, ...] = (FAQ, PROJECTS, ACTS, VOICES, LEXICON, QUESTIONS)
# The fields of an entry that it is found by; none for an entry that is added.
_FOUND_BY = frozenset({"", "question", "titre", "reponse", "brouillon"})
_ID = re.compile(r"(?P<at>\d{4}-\d{2}-\d{2}T\d{6})-(?P<name>[a-z]+)(?:-\d{1,3})?")
_STAMP = "%Y-%m-%dT%H%M%S"


class BaseChangedError(Exception):
    """Raised when the file has changed since the change to it was prepared."""


@dataclass(frozen=True, slots=True)
class Version:
    """A former content of a file; ``at`` is when (UTC) it was replaced, ``sha`` its fingerprint.

    ``set_id`` is the id of the first version of those that were replaced together.
    """

    id: str
    file: str
    at: datetime
    sha: str
    set_id: str = ""


@dataclass(frozen=True, slots=True)
class VersionSet:
    """The versions that one publication replaced, in the order of the files."""

    versions: tuple[Version, ...]

    @property
    def id(self) -> str:
        """The id by which the set is found again."""
        return self.versions[0].id

    @property
    def at(self) -> datetime:
        """When (UTC) they were replaced."""
        return self.versions[0].at

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(version.file for version in self.versions)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Contents that would replace files, and all that they would change.

    ``bases`` holds the fingerprints of the files that they would replace; ``knowledge`` is what
    would be in service, None if an error refuses it. ``stood`` are those of the problems that the
    files in service have too. ``findings``: how often the entries that they add or change would be
    found, weakest first.
    """

    contents: Mapping[str, bytes]
    bases: Mapping[str, str]
    problems: tuple[Problem, ...]
    changes: tuple[Difference, ...]
    regressions: tuple[Verdict, ...]
    knowledge: Knowledge | None
    stood: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()


def examine(
    directory: Path,
    contents: Mapping[str, bytes],
    current: Knowledge,
    *,
    compiling: Compiling,
    fictitious: bool,
    today: date,
) -> Candidate:
    """Return what would change if contents replaced files; takes seconds, changes nothing.

    ValueError for a file that is not ``PUBLISHABLE``.
    """
    former = {file: content_at(_target(directory, file)) for file in contents}
    parsed: dict[str, Parsed] = {}
    checked = check_whole(
        directory,
        today=today,
        compiling=compiling,
        fictitious=fictitious,
        replacing=contents,
        parsed=parsed,
    )
    served = _as_served(parsed, former)
    asked = verdicts(current.matcher, [each.expectation for each in checked.asked])
    earlier: tuple[Problem, ...] = ()
    if any(each.severity is not Severity.ERROR for each in checked.problems):
        earlier = check_served(
            directory,
            current,
            today=today,
            compiling=compiling,
            fictitious=fictitious,
            asked=in_common(asked, expectations(_document(served, QUESTIONS))),
            parsed=served,
        )
    changes = _differences(checked.files.documents, served, contents)
    touched = frozenset(each.id for each in changes if _may_be_found_otherwise(each))
    return Candidate(
        contents,
        {file: fingerprint(content) for file, content in former.items()},
        checked.problems,
        changes,
        _regressions(checked, asked),
        checked.knowledge,
        tuple(standing(checked.problems, earlier)),
        tuple(each for each in checked.findings if each.id in touched),
    )


def _differences(
    documents: Mapping[str, Document], served: Mapping[str, Parsed], contents: Iterable[str]
) -> tuple[Difference, ...]:
    """Return what new documents of these files would change of the served ones."""
    read = {file: _document(served, file) for file in contents}
    before = {file: document for file, document in read.items() if document and file in documents}
    after = {file: documents[file] for file in contents if file in documents}
    return differences(before, after)


def _may_be_found_otherwise(change: Difference) -> bool:
    """Tell whether a change is one of what an entry is found by."""
    if change.what == "entry":
        return change.kind is not DifferenceKind.REMOVED and change.field in _FOUND_BY
    return change.what == "phrasing"


def _as_served(parsed: Mapping[str, Parsed], former: Mapping[str, bytes]) -> dict[str, Parsed]:
    """Return what is parsed of the files in service: those that stay, and the former contents."""
    kept = {file: each for file, each in parsed.items() if file not in former}
    return kept | {file: parse(content, file) for file, content in former.items() if content}


def _document(parsed: Mapping[str, Parsed], file: str) -> Document | None:
    return parsed[file][0] if file in parsed else None


def _regressions(checked: CheckResult, before: Iterable[Verdict]) -> tuple[Verdict, ...]:
    if checked.knowledge is None:
        return ()
    # A question for an answer that is hidden asks for nothing.
    return regressions(before, without_hidden(checked.asked, checked.knowledge))


def publish(
    directory: Path, contents: Mapping[str, bytes], *, bases: Mapping[str, str], now: datetime
) -> VersionSet:
    """Replace files by contents, all or none of them; return the versions of what they were.

    BaseChangedError if a file's fingerprint is no longer its base; ValueError for a file that is
    not ``PUBLISHABLE``; OSError if the folder cannot be written. ``now`` has a time zone.
    """
    targets = {_target(directory, file): content for file, content in contents.items()}
    with alone(directory) as history:
        former = {file: content_at(_target(directory, file)) for file in contents}
        for file, content in former.items():
            if fingerprint(content) != bases[file]:
                raise BaseChangedError(file)
        kept = _keep(history, former, now)
        replace_all(history, targets)
    return kept


def versions(directory: Path, file: str | None = None) -> tuple[Version, ...]:
    """Return the versions of one file or of all, newest first."""
    in_history = map(_version, (directory / HISTORY).glob("*.yaml"))
    wanted = [each for each in in_history if each is not None and file in {None, each.file}]
    return tuple(sorted(wanted, key=lambda each: (each.at, each.id), reverse=True))


def version_sets(directory: Path) -> tuple[VersionSet, ...]:
    """Return the versions by the publication that replaced them, newest first."""
    sets: dict[str, list[Version]] = {}
    for version in versions(directory):
        sets.setdefault(version.set_id or version.id, []).append(version)
    return tuple(
        VersionSet(tuple(sorted(each, key=lambda one: PUBLISHABLE.index(one.file))))
        for each in sets.values()
    )


def content_of(directory: Path, version_id: str) -> bytes:
    """Return the content of a version; LookupError if no version has that id."""
    path = directory / HISTORY / f"{version_id}.yaml"
    # The id comes from outside: it must not lead out of the history folder.
    if not _ID.fullmatch(version_id) or not path.is_file():
        raise LookupError(version_id)
    return path.read_bytes()


def _target(directory: Path, file: str) -> Path:
    """Return the real path of a file, so that a symbolic link to it stays a link."""
    if file not in PUBLISHABLE:
        raise ValueError(f"not a file that is published: {file!r}")
    return (directory / file).resolve()


def _keep(history: Path, former: Mapping[str, bytes], now: datetime) -> VersionSet:
    """Write each content, then its fingerprint: after a crash, the latter can be computed again."""
    at = now.astimezone(UTC).replace(microsecond=0)
    files = sorted(former, key=PUBLISHABLE.index)
    ids = {file: _free_id(history, file, at) for file in files}
    set_id = ids[files[0]] if len(files) > 1 else ""
    kept = [Version(ids[file], file, at, fingerprint(former[file]), set_id) for file in files]
    for version in kept:
        write(history / f"{version.id}.yaml", former[version.file])
        facts = {"file": version.file, "at": at.isoformat(), "sha": version.sha}
        facts |= {"set": set_id} if set_id else {}
        write(history / f"{version.id}.json", json.dumps(facts, indent=2).encode() + b"\n")
    return VersionSet(tuple(kept))


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
    set_id = written.get("set", "")
    return Version(path.stem, file, at, sha, set_id if _ID.fullmatch(set_id) else "")


def _written_down(path: Path) -> dict[str, str]:
    """Return the facts written about a version; none after a crash before they were written."""
    try:
        written = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    facts = written if isinstance(written, dict) else {}
    return {key: value for key, value in facts.items() if isinstance(value, str)}
