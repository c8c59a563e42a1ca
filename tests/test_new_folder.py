"""``python -m bot new``: the folder that it writes is right, and a bot that speaks for nobody."""

import errno
from itertools import chain
from pathlib import Path

import pytest
import yaml
from test_check import TODAY

from bot.cli import main
from bot.commands import new_folder
from bot.commands.new_folder import NAMES, STARTER
from knowledge.curation.check import check, check_whole
from knowledge.files.problems import Severity
from knowledge.loading import Compiling, read_files


def made(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it prints."""
    code = main(["new", str(folder)])
    said = capsys.readouterr()
    return code, said.out, said.err


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_folder_is_written_and_the_next_steps_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "un dossier" / "ma-faq"
    code, out, err = made(folder, capsys)
    assert (code, err) == (0, "")
    assert files_of(folder) == set(NAMES)
    for step in (f"KNOWLEDGE_DIR={folder}", "python -m bot check", "python -m bot preview"):
        assert step in out
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_it_has_no_error_and_reminds_of_all_that_is_to_be_written(tmp_path: Path) -> None:
    new_folder.begin(tmp_path, today=TODAY)
    problems = check(tmp_path, today=TODAY)
    assert {each.code for each in problems} == {"left_to_write", "draft"}
    assert {each.severity for each in problems} == {Severity.WARNING}
    raw = yaml.safe_load((tmp_path / "faq.yaml").read_text("utf-8"))
    texts = [*raw["initiative"].values(), *chain(*(entry.values() for entry in raw["entrees"]))]
    marked = [text for text in texts if "[à compléter" in str(text)]
    told = [each for each in problems if each.code == "left_to_write"]
    assert len({each.line for each in told}) == len(marked) > 0
    # Letters alone mistake a phrasing for its neighbour's; nothing else is found by trying.
    checked = check_whole(tmp_path, today=TODAY, compiling=Compiling())
    assert {each.code for each in checked.problems} <= {"left_to_write", "draft", "taken_phrasing"}
    assert checked.knowledge is not None
    assert checked.knowledge.projects == ()
    assert checked.knowledge.initiative.name == ""


def test_every_date_of_it_is_the_day_on_which_it_is_made(tmp_path: Path) -> None:
    new_folder.begin(tmp_path, today=TODAY)
    raw = yaml.safe_load((tmp_path / "faq.yaml").read_text("utf-8"))
    assert {str(entry["verifie_le"]) for entry in raw["entrees"]} == {TODAY.isoformat()}
    assert "2026-01-01" not in "".join(path.read_text("utf-8") for path in tmp_path.iterdir())


def test_nothing_of_it_is_about_the_shipped_initiative() -> None:
    for path in STARTER.iterdir():
        text = path.read_text("utf-8").lower()
        for word in ("industrie", "table ronde", "round table", "bouches", "entreprise"):
            assert word not in text, (path.name, word)


def test_its_acts_are_the_shipped_ones() -> None:
    """A new phrasing, or a new act, is to come to new folders too."""
    shipped, own = (
        {each["id"]: each for each in yaml.safe_load(path.read_text("utf-8"))["actes"]}
        for path in (STARTER.parent / "actes.yaml", STARTER / "actes.yaml")
    )
    assert shipped.keys() - own.keys() == {"partager", "mener", "interesse"}
    left_out = {
        phrasing
        for id_, act in own.items()
        for phrasing in set(shipped[id_]["variantes"]) ^ set(act["variantes"])
    }
    # Without the phrasings of formulations.yaml, it would lead to a person.
    assert left_out == {"je veux parler à un responsable"}
    assert {each.get("action") for each in own.values()} >= {"contact", "rappel", "demandes"}


@pytest.mark.parametrize("content", ["faq.yaml", ".cachee"])
def test_a_folder_that_is_not_empty_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    folder = tmp_path / "ma-faq"
    folder.mkdir()
    (folder / content).write_text("à moi", "utf-8")
    code, out, err = made(folder, capsys)
    assert (code, out) == (1, "")
    assert f"{folder}-2" in err
    assert files_of(folder) == {content}
    assert (folder / content).read_text("utf-8") == "à moi"


def test_a_file_in_its_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ma-faq").write_text("à moi", "utf-8")
    code, _, err = made(tmp_path / "ma-faq", capsys)
    assert code == 1
    assert "est un fichier" in err


@pytest.mark.parametrize("is_there", [False, True])
def test_where_one_file_cannot_be_written_none_is_left(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_there: bool,
) -> None:
    folder = tmp_path / "loin" / "ma-faq"
    if is_there:
        folder.mkdir(parents=True)
    genuine = Path.open

    def full(self: Path, mode: str = "r", **how: str) -> object:
        if self.name == NAMES[-1] and mode == "x":
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return genuine(self, mode, **how)  # type: ignore[call-overload]  # as Path.open takes it

    monkeypatch.setattr(Path, "open", full)
    code, _, err = made(folder, capsys)
    assert code == 1
    assert "Vérifiez la place sur le disque" in err
    assert folder.exists() is is_there
    assert not is_there or files_of(folder) == set()
    assert (tmp_path / "loin").exists() is is_there


def test_the_list_of_projects_may_be_empty_and_never_absent(tmp_path: Path) -> None:
    new_folder.begin(tmp_path, today=TODAY)
    projects = tmp_path / "projets.yaml"
    for content in ("projets:\n", "", "# rien\n", "autre: []\n"):
        projects.write_text(content, "utf-8")
        problems = check(tmp_path, today=TODAY)
        (found,) = [each for each in problems if each.severity is Severity.ERROR]
        assert found.file == "projets.yaml"
        assert "projets: []" in found.remedy


def test_a_project_below_the_brackets_is_told_and_read_all_the_same(tmp_path: Path) -> None:
    new_folder.begin(tmp_path, today=TODAY)
    projects = tmp_path / "projets.yaml"
    text = projects.read_text("utf-8")
    own = text.replace("\n#   ", "\n  ")
    assert own != text
    projects.write_text(own, "utf-8")
    problems = check(tmp_path, today=TODAY)
    (found,) = [each for each in problems if each.file == "projets.yaml"]
    assert (found.code, found.severity) == ("empty_then_more", Severity.ERROR)
    projects.write_text(own.replace("projets: []", "projets:"), "utf-8")
    assert [each for each in check(tmp_path, today=TODAY) if each.file == "projets.yaml"] == []
    read = read_files(tmp_path, fictitious=False).documents["projets.yaml"].data
    assert [each["id"] for each in read["projets"]] == ["jardin-partage"]
