"""What was tested of the pages' accessibility, and when: a dated file that tests keep true."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

_ROOM = Path(__file__).parent
FILE = _ROOM / "accessibility.yaml"


@dataclass(frozen=True, slots=True)
class Tested:
    """One run of the tests in a browser; ``state`` is what the templates were then."""

    tested_on: date
    tool: str
    browser: str
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    state: str


def tested() -> Tested:
    """Return what the file says."""
    raw = yaml.safe_load(FILE.read_text("utf-8"))
    return Tested(**raw | {"rules": tuple(raw["rules"]), "kinds": tuple(raw["kinds"])})


def state(*further: Path) -> str:
    """Return a digest of all that decides how a page reads and looks.

    ``further`` are the folders of templates that others add to those of this room.
    """
    folders = [_ROOM / "templates", *further]
    files = [each for folder in folders for each in sorted(folder.glob("*.html"))]
    digest = hashlib.sha256()
    for file in (*files, _ROOM / "style.css"):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
