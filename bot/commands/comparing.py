"""``python -m bot diff FILE``: what a file would change in place of the folder's, in words."""

from pathlib import Path

from bot.commands.console import dumped, fail, say
from bot.messages import TEXT
from knowledge.curation.diff import differences
from knowledge.curation.told_changes import told
from knowledge.curation.versions import PUBLISHABLE
from knowledge.files.problems import Problem, Severity
from knowledge.files.yaml_reader import Document, read


def compare(directory: Path, path: Path, name: str | None, *, as_json: bool) -> int:
    """Print how a file differs from the one of its name in the folder; return 1 for an error.

    ``name`` is the file that it would replace, where its own name does not say it. Only the texts
    are compared, in no time; ``check`` tells what is wrong in them.
    """
    file = name or next((each for each in PUBLISHABLE if each == path.name), None)
    if file not in PUBLISHABLE:
        return fail(TEXT.label("diff_unknown", file=path.name, files=PUBLISHABLE))
    before, _ = read(directory / file, file)
    after, problems = read(path, str(path))
    if after is None or any(each.severity is Severity.ERROR for each in problems):
        return fail(_unreadable(problems))
    changes = told(differences(_only(before, file), {file: after}))
    if as_json:
        say(dumped([{"what": each.heading, "lines": list(each.lines)} for each in changes]))
    else:
        say(TEXT.label("diff", file=file, changes=changes))
    return 0


def _only(document: Document | None, file: str) -> dict[str, Document]:
    return {file: document} if document else {}


def _unreadable(problems: tuple[Problem, ...]) -> str:
    return TEXT.label("diff_unreadable", problems=problems)
