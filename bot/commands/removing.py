"""``remove`` and ``hide``: what an editor of the files asks for in one command.

The difference is shown first, and written once it is confirmed: all files or none, with the former
versions kept as for a publication from Telegram.
"""

import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from bot.commands.console import fail, say
from bot.messages import TEXT
from knowledge.curation.removal import file_of, hidden, named_in_texts, removed, shown
from knowledge.curation.versions import PUBLISHABLE, BaseChangedError, publish
from knowledge.curation.yaml_edit import EditError
from knowledge.file_set import content_at, fingerprint, finish
from knowledge.files.problems import Problem, Severity
from knowledge.loading import FAQ, read_files

# What a terminal shows of the lines of one file; the count of all is told.
_MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class _FileChange:
    """What changes in one file: its lines as ``diff`` writes them, and how many there are."""

    file: str
    lines: tuple[str, ...]
    removed: int
    added: int

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return self.removed + self.added - len(self.lines)


def remove(directory: Path, item_id: str, *, today: date, sure: bool) -> int:
    """Remove an answer from all files, or close a project; return the exit code."""
    return _change(directory, item_id, "remove", today, sure=sure)


def hide(directory: Path, item_id: str, *, undo: bool, today: date, sure: bool) -> int:
    """Hide an answer or a project, or put it back in service; return the exit code."""
    return _change(directory, item_id, "unhide" if undo else "hide", today, sure=sure)


def _change(directory: Path, item_id: str, act: str, today: date, *, sure: bool) -> int:
    finish(directory)
    former = {file: content_at(directory / file) for file in PUBLISHABLE}
    try:
        texts = {file: content.decode() for file, content in former.items() if content}
        edited = _edited(texts, item_id, act, today)
        named_in = () if act == "unhide" else named_in_texts(texts, item_id)
    except EditError as error:
        return fail(TEXT.label("edit_impossible", reason=error))
    except UnicodeDecodeError:
        return fail(TEXT.label("edit_unreadable"))
    contents = {file: text.encode() for file, text in edited.items()}
    if errors := _new_errors(directory, contents):
        return fail(TEXT.label("edit_refused", problems=errors))
    changes = [_file_change(file, texts[file], text) for file, text in edited.items()]
    say(TEXT.label("edit_shown", act=act, id=item_id, changes=changes, named_in=named_in))
    if not (sure or _confirms()):
        return fail(TEXT.label("edit_unconfirmed"))
    return _written(directory, contents, {file: fingerprint(former[file]) for file in contents})


def _edited(texts: Mapping[str, str], item_id: str, act: str, today: date) -> Mapping[str, str]:
    # An answer that was taken out of its file by hand may still have its rest removed.
    file = file_of(texts, item_id) or FAQ
    if act == "remove":
        return removed(texts, file, item_id, today)
    return hidden(texts, file, item_id) if act == "hide" else shown(texts, file, item_id)


def _new_errors(directory: Path, contents: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Return the errors that the change would bring; those there were are not its own."""
    known = {(each.file, each.message) for each in _errors(directory, {})}
    found = _errors(directory, contents)
    return tuple(each for each in found if (each.file, each.message) not in known)


def _errors(directory: Path, contents: Mapping[str, bytes]) -> Iterator[Problem]:
    files = read_files(directory, fictitious=False, replacing=contents)
    return (each for each in files.problems if each.severity is Severity.ERROR)


def _file_change(file: str, before: str, after: str) -> _FileChange:
    lines = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0)
        if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}
    ]
    gone = sum(line.startswith("-") for line in lines)
    return _FileChange(file, tuple(lines[:_MOST_LINES]), gone, len(lines) - gone)


def _written(directory: Path, contents: Mapping[str, bytes], bases: Mapping[str, str]) -> int:
    try:
        publish(directory, contents, bases=bases, now=datetime.now(UTC))
    except BaseChangedError:
        return fail(TEXT.label("edit_overtaken"))
    say(TEXT.label("edit_done", files=tuple(contents)))
    return 0


def _confirms() -> bool:
    """Ask in a terminal; where there is none, only the option confirms."""
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    say(TEXT.label("edit_confirm"))
    return sys.stdin.readline().strip().casefold() == "oui"
