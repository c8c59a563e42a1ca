"""One change of the files, from what was asked to what stands in the folder. Slow: for threads."""

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
# Older versions than these are hardly anybody's starting point.
_STARTING_POINTS = 10


class NotPossibleError(Exception):
    """A change that ends here: ``text`` says why, as Telegram HTML."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class ExaminedChange:
    """A change that was examined: the content of a file, what it would replace, what is told."""

    file: str
    content: bytes
    base: str
    told: Examined


def examined(
    library: Library, services: Services, change: ChangeRequest, upload: bytes
) -> ExaminedChange:
    """Examine what a row asks for; NotPossibleError where there is nothing to examine.

    ``upload`` is the file that was sent, where one was.
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
    known = [one for one in (candidate.knowledge, services.knowledge) if one is not None]

    def title(entry_id: str) -> str:
        found = (one.entry(entry_id) for one in known)
        return next((entry.title for entry in found if entry), entry_id)

    by_us = change.kind in {ChangeKind.PHRASING, ChangeKind.OUT_OF_SCOPE}
    lines = added_lines(_text(former), _text(content)) if by_us else ()
    stale = _stale(library.directory, file, content) if change.kind is ChangeKind.UPLOAD else None
    told = report.examined(candidate, title, lines=lines, stale=stale)
    return ExaminedChange(file, content, candidate.base, told)


def _wanted(directory: Path, change: ChangeRequest, upload: bytes) -> tuple[str, bytes]:
    """Return the file that a row is about, and what it would be."""
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
    """Say what a return to a version would change."""
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
    found = next((one for one in versions(directory) if one.id == change.subject), None)
    try:
        if found is not None:
            return found, content_of(directory, found.id)
    except (LookupError, OSError):
        pass
    raise NotPossibleError(TEXT("entry_gone"))


def _stale(directory: Path, file: str, content: bytes) -> Version | None:
    """Return the version that a content seems to be made from, where it is not the present one.

    Fewer lines differ from it than from the present file: to publish would undo what came since.
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


def _distance(one: bytes, two: bytes) -> int:
    """Count the lines that only one of two contents has."""
    left, right = Counter(one.splitlines()), Counter(two.splitlines())
    return (left - right).total() + (right - left).total()


def stored(library: Library, file: str, content: bytes, base: str, *, now: datetime) -> Version:
    """Put a content in the folder; done before a crash, it is not done again.

    BaseChangedError where the file is another by now, or would no longer go with the others.
    """
    directory = library.directory
    if fingerprint(_bytes(directory / file)) == fingerprint(content):
        done = (one for one in versions(directory, file) if one.sha == base)
        if version := next(done, None):
            return version
    files = read_files(directory, fictitious=library.fictitious, replacing={file: content})
    if any(found.severity is Severity.ERROR for found in files.problems):
        raise BaseChangedError(file)
    return publish(directory, file, content, base=base, now=now)


def superseded_by(library: Library, change: ChangeRequest) -> bool:
    """Tell whether our file is the one that a publication of another process replaced.

    Never twice: a file that an editor brought back afterwards stays as it is.
    """
    if change.file not in PUBLISHABLE or change.published_at is None:
        return False
    if fingerprint(_bytes(library.directory / change.file)) != change.base:
        return False
    ours = versions(library.directory, change.file)
    return not any(one.sha == change.base and one.at == change.published_at for one in ours)


def written(library: Library, change: ChangeRequest, content: bytes) -> Version:
    """Put what was published elsewhere in our folder, under the same name and moment."""
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
