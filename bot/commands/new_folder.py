"""``new``: a folder of knowledge to begin with, for another territory or another initiative."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import knowledge
from bot.commands.console import fail, say
from bot.messages import TEXT
from knowledge.loading import ACTS, FAQ, LEXICON, PROJECTS, QUESTIONS

STARTER = Path(knowledge.__file__).parent / "starter"
# In the order in which they are read and written in.
NAMES = (FAQ, QUESTIONS, PROJECTS, LEXICON, ACTS)
# The day of reading over that the starter's files have: a new folder has its own.
_DAY = "2026-01-01"
# The service reads the folder from another account than its writer's: no secret is in it.
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


def begin(directory: Path, *, today: date) -> int:
    """Write the starter's files into a new or empty folder, all or none; return the exit code."""
    directory = directory.expanduser()
    if directory.exists() and not directory.is_dir():
        return fail(TEXT.label("new_is_file", directory=directory))
    if directory.exists() and any(directory.iterdir()):
        return fail(TEXT.label("new_not_empty", directory=directory, other=_free_name(directory)))
    _write(directory, _contents(today))
    say(TEXT.label("new_done", directory=directory, place=directory.resolve(), files=NAMES))
    return 0


def _contents(today: date) -> Mapping[str, str]:
    texts = {name: (STARTER / name).read_text("utf-8") for name in NAMES}
    return {name: text.replace(_DAY, today.isoformat()) for name, text in texts.items()}


def _free_name(directory: Path) -> Path:
    """Return a name like this one that nothing has yet."""
    plain = directory.resolve()
    numbered = (plain.with_name(f"{plain.name}-{number}") for number in range(2, 1000))
    return next((each for each in numbered if not each.exists()), plain.with_name("faq"))


def _write(directory: Path, contents: Mapping[str, str]) -> None:
    """Write the files; where one cannot be written, leave nothing of the others."""
    made = [each for each in (directory, *directory.parents) if not each.exists()]
    written: list[Path] = []
    try:
        for folder in reversed(made):
            folder.mkdir()
            folder.chmod(_FOLDER_MODE)
        for name, text in contents.items():
            file = directory / name
            # Never over a file that somebody has put there meanwhile.
            with file.open("x", encoding="utf-8", newline="\n") as opened:
                written.append(file)
                opened.write(text)
            file.chmod(_FILE_MODE)
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        for folder in made:
            if folder.exists():
                folder.rmdir()
        raise
