"""The wheel has all that it needs: installed elsewhere, it answers from an empty folder."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from conftest import SHIPPED

from knowledge.knowledge import Knowledge
from knowledge.loading import material_of

ROOT = Path(__file__).parent.parent
HOUSES = ("bot", "handlers", "knowledge", "storage", "website")


def done(*command: object, folder: Path = ROOT) -> str:
    """Run a command that must end well; return what it prints."""
    # As on a machine of its own: no folder of ours is looked into.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=folder,
        env=environment | {"SEMANTIC_MATCHING": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    done(sys.executable, "-m", "pip", "wheel", ROOT, *offline, "--wheel-dir", folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment: the wheel is its own, dependencies are looked up in ours."""
    folder = tmp_path_factory.mktemp("environment")
    done(sys.executable, "-m", "venv", "--without-pip", folder)
    found = folder / "bin" / "python"
    say_place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    place = Path(done(found, "-c", say_place).strip())
    # Files of this kind that stand in a folder named by one are not read: ours, which names the
    # tree that is edited, leads nowhere there.
    (place / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    offline = ("--no-deps", "--no-index", "--quiet")
    done(sys.executable, "-m", "pip", "--python", found, "install", *offline, wheel)
    return found


def test_every_file_that_is_kept_is_in_the_wheel(wheel: Path) -> None:
    kept = {name for name in done("git", "ls-files", *HOUSES).split("\n") if name}
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert kept - packed == set()
    assert {name for name in packed - kept if ".dist-info/" not in name} == set()
    # Not Python alone: the files of the page, of the messages, of the knowledge.
    assert {Path(name).suffix for name in kept} >= {".py", ".yaml", ".json", ".js", ".css", ".html"}


@pytest.mark.parametrize("house", HOUSES)
def test_what_is_imported_is_what_was_installed(python: Path, tmp_path: Path, house: str) -> None:
    file = done(python, "-c", f"import {house}; print({house}.__file__)", folder=tmp_path).strip()
    assert Path(file).is_relative_to(python.parent.parent)


def test_it_answers_from_an_empty_folder(python: Path, tmp_path: Path, shipped: Knowledge) -> None:
    entry = next(one for one in shipped.entries if one.phrasings)
    said = done(python, "-m", "bot", "ask", entry.phrasings[0], folder=tmp_path)
    assert entry.question.removesuffix(" ?") in said


@pytest.mark.usefixtures("shipped")
def test_it_finds_its_knowledge_right_but_what_letters_cannot_tell(
    python: Path, tmp_path: Path
) -> None:
    found = json.loads(done(python, "-m", "bot", "check", "--json", folder=tmp_path))
    assert {one["severity"] for one in found} <= {"warning"}
    # What the whole of the files says when it is tried on the matcher: a phrasing that another
    # entry takes, a question of control with a wrong answer.
    # Letters alone cannot tell some of them: fewer than three in a thousand.
    taken = [one for one in found if one["code"] == "taken_phrasing"]
    assert len(taken) < 0.003 * len(material_of(SHIPPED).examples)
    assert len([one for one in found if one["code"] == "wrong_question"]) <= 5
