"""Names that stand for one of the files: the copies that Windows, phones and editors make."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from knowledge.files.problems import Place, Problem, problem

_COPY_OF = re.compile(r"(?:copie de|copy of)\s+", re.IGNORECASE)
_ENDING = re.compile(
    r"(?P<stem>.*?)(?P<ending>(?:\.(?:ya?ml|txt|bak|old|orig|save|sav|copie|docx?|odt|rtf|json))+~?|~)",
    re.IGNORECASE,
)


def file_meant(name: str, files: Iterable[str]) -> str | None:
    """Return the file of ``files`` ("faq.yaml"…) that a name stands for; None for another name.

    "faq (1).yaml", "faq - Copie.yaml", "faq.yml", "FAQ.yaml.txt" and "faq.yaml.bak" are faq.yaml.
    """
    found = _ENDING.fullmatch(_COPY_OF.sub("", name.strip()))
    if found is None:
        return None
    stem = found["stem"].casefold()
    for file in files:
        known = Path(file).stem
        rest = stem.removeprefix(known)
        if stem.startswith(known) and not rest[:1].isalpha():
            return file
    return None


def found_instead(directory: Path, name: str) -> str | None:
    """Return the name under which a missing file may be there: "faq.yaml.txt", "faq.yml"."""
    return next((other for other, file in _beside(directory, (name,)) if file == name), None)


def check_names(directory: Path, files: Iterable[str]) -> Iterator[Problem]:
    """Find the files beside ours that look like one of them and are not read."""
    for name, file in _beside(directory, tuple(files)):
        if (directory / file).exists():
            yield problem("stray_file", Place(name), name=file)


def _beside(directory: Path, files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    try:
        names = sorted(path.name for path in directory.iterdir() if path.is_file())
    except OSError:
        return
    for name in names:
        file = file_meant(name, files)
        if file is not None and name != file:
            yield name, file
