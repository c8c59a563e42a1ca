"""What goes of the cache's folder, and what stays: of others, and of what is still used."""

import os
import time
from pathlib import Path

import pytest

from knowledge.ranking import kept_files
from knowledge.ranking.kept_files import forget_unused, mark_used

DAY = 24 * 3600


def file(folder: Path, name: str, *, days: float = 0) -> Path:
    """Write a file that was used last so many days ago."""
    path = folder / name
    path.write_bytes(b"x")
    at = time.time() - days * DAY
    os.utime(path, (at, at))
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_of_others_stay_however_old(tmp_path: Path) -> None:
    others = {"notes.txt", "x.npz", "e.11.views.old", "in-service-0.json", "data.part", "e.vector"}
    for name in others:
        file(tmp_path, name, days=4000)
    (tmp_path / f"{0:032x}.npz").mkdir()
    (tmp_path / "e.1.views").symlink_to(tmp_path / "notes.txt")
    before = names(tmp_path)
    for number in range(20):
        file(tmp_path, f"{number + 1:032x}.npz")
    forget_unused(tmp_path)
    assert before < names(tmp_path)
    assert len(names(tmp_path)) == len(before) + kept_files.MODELS_KEPT


def test_the_models_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_files, "MODELS_KEPT", 2)
    made = [file(tmp_path, f"{number:032x}.npz", days=number) for number in range(1, 5)]
    mark_used(made[3])
    forget_unused(tmp_path)
    assert [path.exists() for path in made] == [True, False, False, True]


def test_of_each_encoder_the_last_used_edition_stays_and_another_for_a_week(
    tmp_path: Path,
) -> None:
    def workings(edition: int, days: float, encoder: str = "e-3") -> set[str]:
        kinds = ("views", "pairs", "pairs_last", "factor", "factor_last")
        parts = [f"{encoder}.{edition}-0a1b2c3d.{part}" for part in kinds]
        for name in parts:
            file(tmp_path, name, days=days)
        return set(parts)

    own = workings(12, 300) | workings(9, 300, "letters")
    workings(11, 310)
    forget_unused(tmp_path)
    assert names(tmp_path) == own
    own |= workings(13, 3) | workings(14, 2)
    forget_unused(tmp_path)
    assert names(tmp_path) == own - workings(12, 300)


def test_what_an_encoder_no_longer_uses_and_what_was_left_half_written(tmp_path: Path) -> None:
    for name in ("e-2.vectors", "e-2.projects.vectors", "e-2.table", ".x1y2z3ab.part"):
        file(tmp_path, name, days=61)
    stays = {file(tmp_path, f"e-3.{part}", days=59).name for part in ("vectors", "table")}
    stays.add(file(tmp_path, ".a1b2c3d4.part").name)
    forget_unused(tmp_path)
    assert names(tmp_path) == stays


def test_marking_never_makes_a_file_older_nor_fails(tmp_path: Path) -> None:
    path = file(tmp_path, "a", days=-1)
    before = path.stat().st_mtime
    mark_used(path)
    mark_used(tmp_path / "none")
    forget_unused(tmp_path / "none")
    assert path.stat().st_mtime == before
