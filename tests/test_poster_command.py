"""``python -m bot poster``: the files it writes, and what it says where it cannot."""

from datetime import date
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import pytest
import zxingcpp
from test_project_codes import folder_of, two

from bot.cli import main
from bot.commands import posters
from bot.settings import Settings
from knowledge.text.project_codes import code_of_id

TODAY = date(2026, 11, 23)


def writes(folder: Path, *named: str, bot: str | None = "ti_bot", **settings: object) -> int:
    read = Settings.read(_env_file=None, knowledge_dir=folder, **settings)
    return posters.write_posters(read, named, folder / "out", TODAY, bot)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    closed = "id: clos\n    retire_le: 2026-11-01"
    return folder_of(tmp_path, two("id: ouvert", closed))


def test_all_open_projects_get_their_four_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert writes(folder) == 0
    name = f"affiche-{code_of_id('ouvert')}-ouvert"
    told = capsys.readouterr().out.split()
    assert told == [
        str(folder / "out" / f"{name}-{sheet}.{ending}")
        for sheet in ("A4", "A5")
        for ending in ("pdf", "svg")
    ]
    page = pypdfium2.PdfDocument(Path(told[0]))[0]
    (read,) = zxingcpp.read_barcodes(page.render(scale=1.5).to_pil().convert("L"))
    assert read.text == "https://t.me/ti_bot?start=p_ouvert_a"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("ouverd", "Vouliez-vous dire ouvert"),
        ("partage", "Vouliez-vous dire ouvert"),
        ("P1", "Les projets ouverts : ouvert"),
        ("clos", "ne prend plus de demande"),
        (code_of_id("clos"), "ne prend plus de demande"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], named: str, said: str
) -> None:
    assert writes(folder, named) == 1
    assert said in capsys.readouterr().err.replace("\N{NO-BREAK SPACE}", " ")
    assert not (folder / "out").exists()


def test_a_project_is_named_by_its_code_too(folder: Path) -> None:
    assert writes(folder, code_of_id("ouvert").lower(), "ouvert") == 0
    assert len(list((folder / "out").iterdir())) == 4


def test_without_the_name_of_the_bot_nothing_is_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert writes(folder, bot=None) == 1
    assert "--bot @nom_du_bot" in capsys.readouterr().err
    away = {"telegram_bot_token": "1:abc", "telegram_api_url": "http://127.0.0.1:1/"}
    assert writes(folder, bot=None, **away) == 1
    assert "Telegram ne répond pas" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_folder_without_open_project_and_one_with_faults_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert writes(folder_of(tmp_path, "projets: []\n")) == 1
    assert "Aucun projet n'est ouvert" in capsys.readouterr().err
    assert writes(folder_of(tmp_path, "projets: [\n")) == 1
    assert "projets.yaml" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").write_text("a file")
    assert writes(folder) == 1
    assert "--out" in capsys.readouterr().err


def test_what_is_no_name_of_a_bot_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["poster", "--bot", "mon bot !"])
    assert "@mon_bot" in capsys.readouterr().err
