"""``python -m bot diff``: what a file would change, from an editor's side."""

import json
from pathlib import Path

import pytest

import knowledge
from bot.cli import main

SHIPPED = Path(knowledge.__file__).parent


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Return a copy of projets.yaml in which one thing is known more."""
    path = tmp_path / "projets.yaml"
    text = (SHIPPED / "projets.yaml").read_text("utf-8")
    path.write_text(text.replace("    etape: idée", "    etape: en montage", 1), "utf-8")
    return path


def test_the_words_that_change_are_told(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(changed)]) == 0
    told = capsys.readouterr().out.replace("\xa0", " ")
    assert "Modifié, projet « Partage d'équipements et de ressources », étape" in told
    assert "[idée → en montage]" in told
    assert main(["diff", str(changed), "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert only["lines"] == ["[idée → en montage]"]


def test_what_cannot_be_compared_is_told(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(SHIPPED / "faq.yaml")]) == 0
    assert "Rien ne change dans faq.yaml" in capsys.readouterr().out
    other = changed.rename(changed.with_name("copie.yaml"))
    assert main(["diff", str(other)]) == 1
    assert "--as" in capsys.readouterr().err
    assert main(["diff", str(other), "--as", "projets.yaml"]) == 0
    assert "étape" in capsys.readouterr().out
    other.write_text("projets: [", "utf-8")
    assert main(["diff", str(other), "--as", "projets.yaml"]) == 1
    assert "ne peut pas être comparé" in capsys.readouterr().err
    assert main(["diff", str(changed), "--as", "projets.yaml"]) == 1
