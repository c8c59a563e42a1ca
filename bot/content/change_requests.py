"""One change of the knowledge files, from request to publication. Slow: runs in threads."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.content.library import Library
from handlers.core.keyboards import button, column
from handlers.core.services import Services
from handlers.curation import report
from handlers.curation.publish_buttons import ReturnTo
from handlers.curation.report import Examined, Notice
from handlers.messages import Catalogue
from knowledge.curation.diff import differences
from knowledge.curation.versions import (
    PUBLISHABLE,
    BaseChangedError,
    Version,
    content_of,
    examine,
    fingerprint,
    publish,
    versions,
)
from knowledge.curation.yaml_edit import EditError, added_lines, with_out_of_scope, with_phrasing
from knowledge.files.problems import Severity
from knowledge.files.yaml_reader import LARGEST_BYTES, parse
from knowledge.loading import FAQ, VOICES, read_files
from storage.records.change_requests import ChangeKind, ChangeRequest

TEXT = Catalogue.of("publication")
_MEGABYTE = 1_000_000
# How many recent versions are searched: older ones are hardly anybody's starting point.
_STARTING_POINTS = 10


class NotPossibleError(Exception):
    """The change is impossible and ends here; ``text`` says why, as Telegram HTML."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class ExaminedChange:
    """An examined change: the new content of a file, the version it replaces, and the report."""

    file: str
    content: bytes
    base: str
    findings: Examined


def examined(
    library: Library, services: Services, change: ChangeRequest, upload: bytes
) -> ExaminedChange:
    """Examine a requested change; NotPossibleError where there is nothing to examine.

    ``upload`` is the content of the file that was sent, if one was.
    """
    file, content = _wanted(library.directory, change, upload)
    former = _bytes(library.directory / file)
    if content == former:
        raise NotPossibleError(TEXT("same_content", file=file))
    candidate = examine(
        library.directory,
        file,
        content,
        services.knowledge,
        compiling=library.compiling(),
        fictitious=library.fictitious,
        today=services.today(),
    )
    sources = [each for each in (candidate.knowledge, services.knowledge) if each is not None]

    def title(entry_id: str) -> str:
        entries = (source.entry(entry_id) for source in sources)
        return next((entry.title for entry in entries if entry), entry_id)

    by_us = change.kind in {ChangeKind.PHRASING, ChangeKind.OUT_OF_SCOPE}
    lines = added_lines(_text(former), _text(content)) if by_us else ()
    stale = _stale(library.directory, file, content) if change.kind is ChangeKind.UPLOAD else None
    findings = report.examined(candidate, title, lines=lines, stale=stale)
    return ExaminedChange(file, content, candidate.base, findings)


def _wanted(directory: Path, change: ChangeRequest, upload: bytes) -> tuple[str, bytes]:
    """Return the file that a change is about, and its new content."""
    if change.kind is ChangeKind.PHRASING:
        return FAQ, _edited(directory, change)
    if change.kind is ChangeKind.OUT_OF_SCOPE:
        return VOICES, _edited(directory, change)
    if change.file not in PUBLISHABLE:
        raise NotPossibleError(TEXT("upload_unknown", name=change.file or "", files=PUBLISHABLE))
    if change.kind is ChangeKind.ROLLBACK:
        return change.file, _version(directory, change)[1]
    if len(upload) > LARGEST_BYTES:
        size, limit = -(-len(upload) // _MEGABYTE), LARGEST_BYTES // _MEGABYTE
        raise NotPossibleError(TEXT("upload_too_large", size=size, limit=limit))
    return change.file, upload


def _edited(directory: Path, change: ChangeRequest) -> bytes:
    wording = change.wording or ""
    try:
        if change.kind is ChangeKind.PHRASING:
            faq = _text(_bytes(directory / FAQ))
            return with_phrasing(faq, change.subject or "", wording).encode()
        return with_out_of_scope(_text(_bytes(directory / VOICES)), wording).encode()
    except (EditError, UnicodeError) as error:
        raise NotPossibleError(TEXT("not_possible", reason=str(error))) from error


def compared(library: Library, change: ChangeRequest) -> Notice:
    """Describe what a return to a version would change."""
    version, content = _version(library.directory, change)
    now = _bytes(library.directory / version.file)
    if content == now:
        return Notice(TEXT("compared_same", file=version.file, version=version))
    before, _ = parse(now, version.file)
    after, _ = parse(content, version.file)
    changes = differences(
        {version.file: before} if before else {}, {version.file: after} if after else {}
    )
    back = button(TEXT.label("button_return"), ReturnTo(version.id))
    return report.difference(version, changes, column([back]))


def _version(directory: Path, change: ChangeRequest) -> tuple[Version, bytes]:
    version = next((each for each in versions(directory) if each.id == change.subject), None)
    try:
        if version is not None:
            return version, content_of(directory, version.id)
    except (LookupError, OSError):
        pass
    raise NotPossibleError(TEXT("entry_gone"))


def _stale(directory: Path, file: str, content: bytes) -> Version | None:
    """Return the version that a content seems to be based on, unless that is the present one.

    It differs from that version in fewer lines than from the present file: publishing would undo
    the changes made since.
    """
    distance = _distance(content, _bytes(directory / file))
    nearest = None
    for version in versions(directory, file)[:_STARTING_POINTS]:
        try:
            other = _distance(content, content_of(directory, version.id))
        except (LookupError, OSError):
            continue
        if other < distance:
            nearest, distance = version, other
    return nearest


def _distance(first: bytes, second: bytes) -> int:
    """Count the lines that only one of the two contents has."""
    left, right = Counter(first.splitlines()), Counter(second.splitlines())
    return (left - right).total() + (right - left).total()


def stored(library: Library, file: str, content: bytes, base: str, *, now: datetime) -> Version:
    """Write a content to the folder; does nothing where it was written before a crash.

    BaseChangedError where the file has changed since, or no longer fits the other files.
    """
    directory = library.directory
    if fingerprint(_bytes(directory / file)) == fingerprint(content):
        done = (each for each in versions(directory, file) if each.sha == base)
        if version := next(done, None):
            return version
    files = read_files(directory, fictitious=library.fictitious, replacing={file: content})
    if any(problem.severity is Severity.ERROR for problem in files.problems):
        raise BaseChangedError(file)
    return publish(directory, file, content, base=base, now=now)


def superseded_by(library: Library, change: ChangeRequest) -> bool:
    """Return whether our file is the one that a publication of another process replaced.

    False once it was replaced here: a file that an editor restored afterwards stays.
    """
    if change.file not in PUBLISHABLE or change.published_at is None:
        return False
    if fingerprint(_bytes(library.directory / change.file)) != change.base:
        return False
    ours = versions(library.directory, change.file)
    return not any(each.sha == change.base and each.at == change.published_at for each in ours)


def written(library: Library, change: ChangeRequest, content: bytes) -> Version:
    """Copy another process's publication to our folder, under the same name and time."""
    if change.file is None or change.base is None or change.published_at is None:
        raise BaseChangedError(change.file)
    base, now = change.base, change.published_at
    return publish(library.directory, change.file, content, base=base, now=now)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
