"""One change of the knowledge files, from request to publication. Slow: runs in threads."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from bot.content.library import Library
from handlers.core.keyboards import button, column
from handlers.core.services import Services
from handlers.curation import report
from handlers.curation.publish_buttons import ReturnTo
from handlers.curation.report import Examined, Notice
from handlers.messages import Catalogue
from knowledge import file_set
from knowledge.curation.check import check_served
from knowledge.curation.diff import differences
from knowledge.curation.removal import hidden, named_in_texts, removed, shown
from knowledge.curation.versions import (
    PUBLISHABLE,
    BaseChangedError,
    Version,
    VersionSet,
    content_of,
    examine,
    publish,
    version_sets,
    versions,
)
from knowledge.curation.yaml_edit import EditError, added_lines, with_out_of_scope, with_phrasing
from knowledge.file_set import content_at, fingerprint
from knowledge.files.problems import Severity
from knowledge.files.yaml_reader import LARGEST_BYTES, Document, parse
from knowledge.knowledge import Knowledge
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
    """An examined change: the new contents of files, what they replace, and the report.

    ``knowledge``: what would be in service; None with errors.
    """

    contents: Mapping[str, bytes]
    bases: Mapping[str, str]
    findings: Examined
    knowledge: Knowledge | None = None

    @property
    def prints(self) -> dict[str, tuple[str, str]]:
        """The fingerprints of each file before and after."""
        pairs = self.contents.items()
        return {file: (self.bases[file], fingerprint(content)) for file, content in pairs}


def examined(
    library: Library, services: Services, change: ChangeRequest, uploads: Mapping[str, bytes]
) -> ExaminedChange:
    """Examine a requested change; NotPossibleError where there is nothing to examine.

    ``uploads`` holds the contents of the files that were sent, or those of the change that this one
    extends. Where those that were sent before are wrong, and the last one is right without them, it
    goes alone.
    """
    wanted = _wanted(library.directory, change, uploads, services.today())
    contents = _changed(library.directory, wanted)
    result = _examined(library, services, change, contents, extends=_is_extension(change, uploads))
    last = {change.file: contents[change.file]} if change.file in contents else {}
    if change.kind is not ChangeKind.UPLOAD or not result.findings.errors or last in ({}, contents):
        return result
    alone = _examined(library, services, change, last)
    if alone.findings.errors:
        return result
    left_out = tuple(file for file in contents if file != change.file)
    return replace(alone, findings=replace(alone.findings, left_out=left_out))


def _is_extension(change: ChangeRequest, uploads: Mapping[str, bytes]) -> bool:
    return change.kind is not ChangeKind.UPLOAD and bool(uploads)


def _changed(directory: Path, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out the files that are in service as they are."""
    contents = {
        file: content for file, content in wanted.items() if content != content_at(directory / file)
    }
    if not contents:
        raise NotPossibleError(TEXT("same_content", files=tuple(wanted)))
    return contents


def _examined(
    library: Library,
    services: Services,
    change: ChangeRequest,
    contents: Mapping[str, bytes],
    *,
    extends: bool = False,
) -> ExaminedChange:
    candidate = examine(
        library.directory,
        contents,
        services.knowledge,
        compiling=library.compiling(),
        fictitious=library.fictitious,
        today=services.today(),
    )
    sources = [each for each in (candidate.knowledge, services.knowledge) if each is not None]

    def title(entry_id: str) -> str:
        entries = (source.entry(entry_id) for source in sources)
        return next((entry.title for entry in entries if entry), entry_id)

    is_sent = change.kind is ChangeKind.UPLOAD
    findings = report.examined(
        candidate,
        title,
        # What somebody else wrote, and the bot only added to, is theirs.
        lines=() if extends else _lines_added(library.directory, change, contents),
        stale=_oldest_start(library.directory, contents) if extends or is_sent else None,
        named_in=_named_in(library.directory, change),
    )
    return ExaminedChange(contents, candidate.bases, findings, candidate.knowledge)


def _lines_added(
    directory: Path, change: ChangeRequest, contents: Mapping[str, bytes]
) -> tuple[str, ...]:
    """Return the lines that the bot itself adds; none where somebody else wrote the file."""
    if change.kind not in {ChangeKind.PHRASING, ChangeKind.OUT_OF_SCOPE}:
        return ()
    ((file, content),) = contents.items()
    return added_lines(_text(content_at(directory / file)), _text(content))


def _oldest_start(directory: Path, contents: Mapping[str, bytes]) -> Version | None:
    """Return the oldest version from which one of the sent files seems to have been made."""
    stale = (_stale(directory, file, content) for file, content in contents.items())
    return min((each for each in stale if each), key=lambda each: each.at, default=None)


def _named_in(directory: Path, change: ChangeRequest) -> tuple[str, ...]:
    """Return where the texts of other answers name the one that goes, which nobody rewrites."""
    if change.kind not in {ChangeKind.HIDE, ChangeKind.REMOVE} or change.file != FAQ:
        return ()
    return named_in_texts(_texts(directory), change.subject or "")


def _wanted(
    directory: Path, change: ChangeRequest, uploads: Mapping[str, bytes], today: date
) -> Mapping[str, bytes]:
    """Return the new contents of the files that a change is about, by name."""
    if change.kind is ChangeKind.ROLLBACK:
        return _former(directory, change)[1]
    if change.kind is not ChangeKind.UPLOAD:
        return {**uploads, **_edited(directory, change, uploads, today)}
    for file, content in uploads.items():
        if file not in PUBLISHABLE:
            raise NotPossibleError(TEXT("upload_unknown", name=file, files=PUBLISHABLE))
        if len(content) > LARGEST_BYTES:
            size, limit = -(-len(content) // _MEGABYTE), LARGEST_BYTES // _MEGABYTE
            raise NotPossibleError(TEXT("upload_too_large", size=size, limit=limit))
    return uploads


def _edited(
    directory: Path, change: ChangeRequest, extended: Mapping[str, bytes], today: date
) -> dict[str, bytes]:
    try:
        texts = _texts(directory) | {file: one.decode() for file, one in extended.items()}
        edited = _edit(texts, change, today)
    except (EditError, UnicodeError) as error:
        raise NotPossibleError(TEXT("not_possible", reason=str(error))) from error
    return {file: text.encode() for file, text in edited.items()}


def _edit(texts: Mapping[str, str], change: ChangeRequest, today: date) -> Mapping[str, str]:
    """Return the texts that a change asked for by a tap gives, by file name."""
    file, subject, wording = change.file or FAQ, change.subject or "", change.wording or ""
    match change.kind:
        case ChangeKind.PHRASING:
            return {FAQ: with_phrasing(texts.get(FAQ, ""), subject, wording)}
        case ChangeKind.OUT_OF_SCOPE:
            return {VOICES: with_out_of_scope(texts.get(VOICES, ""), wording)}
        case ChangeKind.HIDE:
            return hidden(texts, file, subject)
        case ChangeKind.UNHIDE:
            return shown(texts, file, subject)
        case _:
            return removed(texts, file, subject, today)


def _texts(directory: Path) -> dict[str, str]:
    """Return the texts of the files that there are; UnicodeError where one is no text."""
    contents = {file: content_at(directory / file) for file in PUBLISHABLE}
    return {file: content.decode() for file, content in contents.items() if content}


def compared(library: Library, change: ChangeRequest) -> Notice:
    """Describe what a return to how files were before a publication would change."""
    versions, contents = _former(library.directory, change)
    now = {file: content_at(library.directory / file) for file in contents}
    if contents == now:
        return Notice(TEXT("compared_same", versions=versions))
    changes = differences(_documents(now), _documents(contents))
    back = button(TEXT.label("button_return"), ReturnTo(versions.id))
    return report.difference(versions, changes, column([back]))


def reviewed(library: Library, services: Services) -> Notice:
    """Tell what the check finds in the files in service; takes seconds."""
    found = check_served(
        library.directory,
        services.knowledge,
        today=services.today(),
        compiling=library.compiling(),
        fictitious=library.fictitious,
    )
    # Errors keep the files out of service: the group was told of them when they were saved.
    return report.reviewed([each for each in found if each.severity is not Severity.ERROR])


def _documents(contents: Mapping[str, bytes]) -> dict[str, Document]:
    read = {file: parse(content, file)[0] for file, content in contents.items()}
    return {file: document for file, document in read.items() if document}


def _former(directory: Path, change: ChangeRequest) -> tuple[VersionSet, dict[str, bytes]]:
    """Return the files that one publication replaced, as they were before it."""
    sets = version_sets(directory)
    found = next((each for each in sets if each.id == change.subject), None)
    try:
        if found is not None:
            return found, {each.file: content_of(directory, each.id) for each in found.versions}
    except (LookupError, OSError):
        pass
    raise NotPossibleError(TEXT("entry_gone"))


def _stale(directory: Path, file: str, content: bytes) -> Version | None:
    """Return the version that a content seems to be based on, unless that is the present one.

    It differs from that version in fewer lines than from the present file: publishing would undo
    the changes made since.
    """
    distance = _distance(content, content_at(directory / file))
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


def stored(
    library: Library,
    contents: Mapping[str, bytes],
    bases: Mapping[str, str],
    *,
    now: datetime,
) -> VersionSet:
    """Write contents to the folder; does nothing where they were written before a crash.

    BaseChangedError where a file has changed since, or no longer fits the other files.
    """
    directory = library.directory
    file_set.finish(directory)
    if all(content_at(directory / file) == content for file, content in contents.items()):
        done = (each for each in version_sets(directory) if _bases_of(each) == bases)
        if found := next(done, None):
            return found
    files = read_files(directory, fictitious=library.fictitious, replacing=contents)
    if any(problem.severity is Severity.ERROR for problem in files.problems):
        raise BaseChangedError(*contents)
    return publish(directory, contents, bases=bases, now=now)


def _bases_of(versions: VersionSet) -> dict[str, str]:
    return {version.file: version.sha for version in versions.versions}


def superseded_by(library: Library, change: ChangeRequest) -> bool:
    """Return whether ours are the files that a publication of another process replaced.

    False once they were replaced here: a file that an editor restored afterwards stays.
    """
    bases = {file: before for file, (before, _) in change.prints.items()}
    if not bases or not bases.keys() <= set(PUBLISHABLE) or change.published_at is None:
        return False
    if any(fingerprint(content_at(library.directory / f)) != bases[f] for f in bases):
        return False
    ours = version_sets(library.directory)
    return not any(_bases_of(each) == bases and each.at == change.published_at for each in ours)


def written(library: Library, change: ChangeRequest, contents: Mapping[str, bytes]) -> VersionSet:
    """Copy another process's publication to our folder, under the same name and time."""
    bases = {file: before for file, (before, _) in change.prints.items()}
    if change.published_at is None or bases.keys() != contents.keys():
        raise BaseChangedError(*contents)
    return publish(library.directory, contents, bases=bases, now=change.published_at)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
