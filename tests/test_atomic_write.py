"""Files replaced at once: the former content or the new one, and nothing beside it."""

import stat
from pathlib import Path
from typing import IO

import pytest

from knowledge.atomic_write import replacing


@pytest.fixture(name="path")
def former_file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"former")
    return path


def left_beside(path: Path) -> list[Path]:
    return [one for one in path.parent.iterdir() if one != path]


@pytest.mark.parametrize("survives", [True, False])
def test_whoever_reads_meanwhile_finds_the_former(path: Path, *, survives: bool) -> None:
    with replacing(path, survives_power_cut=survives) as file:
        file.write(b"new")
        assert path.read_bytes() == b"former"
        assert [one.suffix for one in left_beside(path)] == [".part"]
    assert path.read_bytes() == b"new"
    assert left_beside(path) == []


def test_a_failure_on_the_way_leaves_the_former_alone(path: Path) -> None:
    def write_half(file: IO[bytes]) -> None:
        file.write(b"half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        write_half(file)
    assert path.read_bytes() == b"former"
    assert left_beside(path) == []


@pytest.mark.parametrize("name", ["replace", "os.fsync", "os.fchmod"])
def test_a_disk_that_fails_leaves_the_former_alone(
    path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "no space left on device")

    target = "pathlib.Path.replace" if name == "replace" else f"knowledge.atomic_write.{name}"
    monkeypatch.setattr(target, fail)
    with pytest.raises(OSError, match="no space"), replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"former"
    assert left_beside(path) == []


def test_only_its_owner_reads_it_unless_others_may(path: Path) -> None:
    path.chmod(0o644)
    with replacing(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with replacing(path, mode=0o640):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_both_the_file_and_its_name_are_on_the_disk_where_that_is_promised(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr("knowledge.atomic_write.os.fsync", flushed.append)
    with replacing(path, survives_power_cut=False):
        pass
    assert not flushed
    with replacing(path):
        pass
    assert len(flushed) == 2
