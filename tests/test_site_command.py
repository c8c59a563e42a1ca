"""``python -m bot site``: the public pages as a folder."""

import shutil
import stat
from pathlib import Path

import pytest
from conftest import SHIPPED

from bot.cli import main
from knowledge.text.project_codes import code_of_id


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of knowledge of its own, and no settings but these."""
    copy = tmp_path / "savoir"
    copy.mkdir()
    for name in ("faq.yaml", "projets.yaml", "actes.yaml"):
        shutil.copy(SHIPPED / name, copy)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KNOWLEDGE_DIR", str(copy))
    monkeypatch.setenv("SITE_URL", "https://projets.exemple.fr/ti/")
    return copy


def test_the_pages_are_written_for_a_host_to_read(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site", "public", "--bot", "@essai_bot"]) == 0
    said = capsys.readouterr().out
    assert "fichiers écrits, 0 déjà à jour" in said
    assert "PUBLICATION_DIRECTOR" in said
    folder = tmp_path / "public"
    for path in (folder, folder / "projets", folder / "en", folder / "index.html"):
        others = stat.S_IMODE(path.stat().st_mode) & 0o007
        assert others == (0o5 if path.is_dir() else 0o4), path
    home = (folder / "index.html").read_text("utf-8")
    assert "https://t.me/essai_bot?start=h_w" in home
    assert '<link rel="canonical" href="https://projets.exemple.fr/ti/">' in home
    # A host shows it anywhere below the address.
    assert 'href="/ti/projets.html"' in (folder / "404.html").read_text("utf-8")
    assert "Disallow: /ti/demande/" in (folder / "robots.txt").read_text("utf-8")


def test_only_what_changed_is_written_again(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site", "public", "--bot", "essai_bot"]) == 0
    home = tmp_path / "public/index.html"
    before = home.stat()
    capsys.readouterr()
    assert main(["site", "public", "--bot", "essai_bot"]) == 0
    assert "0 fichier écrit" in capsys.readouterr().out
    assert home.stat().st_ino == before.st_ino


def test_what_the_files_no_longer_have_keeps_a_page(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site", "public", "--bot", "essai_bot"]) == 0
    own = tmp_path / "public/projets/notre-page.txt"
    own.write_text("à nous")
    file = texts / "projets.yaml"
    head, first, *others = file.read_text("utf-8").split("\n  - id: ")
    file.write_text("\n  - id: ".join([head, *others]), "utf-8")
    capsys.readouterr()
    assert main(["site", "public", "--bot", "essai_bot"]) == 0
    assert "4 pages disent que ce qui était là n'y est plus" in capsys.readouterr().out
    gone = first.partition("\n")[0]
    page = (tmp_path / f"public/projets/{gone}.html").read_text("utf-8")
    assert "ne figure plus au recensement" in page
    assert 'href="../projets.html"' in page
    for code in (code_of_id(gone).lower(), f"en/{code_of_id(gone).lower()}"):
        page = (tmp_path / f"public/{code}.html").read_text("utf-8")
        assert "ne figure plus" in page or "no longer" in page
    assert own.read_text() == "à nous"


def test_files_with_errors_change_nothing(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (texts / "projets.yaml").write_text("projets: 3", "utf-8")
    assert main(["site", "public", "--bot", "essai_bot"]) == 1
    assert "projets.yaml" in capsys.readouterr().err
    assert not (tmp_path / "public").exists()


def test_without_an_address_or_a_name_the_command_says_what_is_missing(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SITE_URL")
    assert main(["site", "public"]) == 0
    said = capsys.readouterr().out
    assert "SITE_URL" in said
    assert "--bot" in said
    assert not (tmp_path / "public/projets.atom").exists()
    assert "t.me" not in (tmp_path / "public/index.html").read_text("utf-8")
