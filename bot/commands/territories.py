"""``import-territories``: puts the official list of communes into the knowledge folder."""

from datetime import date
from pathlib import Path

from bot.commands.console import fail, say
from bot.messages import TEXT
from knowledge.files.problems import KnowledgeError
from knowledge.territories.town_list import OLD_DAYS, ReadList, import_list, read_list, towns_file


def import_territories(file: Path, directory: Path, *, today: date, listed_on: date | None) -> int:
    """Read, check and store a list; print what it holds, or why it is refused, and return 1."""
    if listed_on is not None and listed_on > today:
        return fail(TEXT.label("import_future", day=listed_on))
    if not file.is_file():
        return fail(TEXT.label("import_no_file", file=file))
    if not directory.is_dir():
        return fail(TEXT.label("import_no_folder", directory=directory))
    try:
        read = import_list(file, directory, today=today, listed_on=listed_on)
    except KnowledgeError as error:
        return fail(TEXT.label("import_refused", file=file, problems=error.problems))
    say(
        TEXT.label("imported", facts=in_words(read), target=towns_file(directory, fictitious=False))
    )
    if read.list.listed_on is None:
        say(TEXT.label("import_not_dated"))
    elif read.list.is_old_on(today):
        say(TEXT.label("import_old", days=OLD_DAYS))
    return 0


def in_words(read: ReadList) -> str:
    """Return what a list holds, with its dates, in one line of French."""
    towns = read.list.towns
    return TEXT.label(
        "town_list",
        list=read.list,
        towns=f"{len(towns):,}".replace(",", " "),
        inside=f"{towns.in_a_territory:,}".replace(",", " "),
        territories=len(towns.territories),
        has_codes=towns.has_codes,
    )


def list_in(directory: Path) -> ReadList:
    """Read the imported list of a folder."""
    return read_list(towns_file(directory, fictitious=False))
