"""What a command writes is whole, or what was there before."""

from pathlib import Path

import pytest

from bot.commands.output import write_output


def test_a_new_file_is_its_owner_s_alone_and_a_former_one_keeps_its_permissions(
    tmp_path: Path,
) -> None:
    file = tmp_path / "page.html"
    write_output(file, b"one")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"one", 0o600)
    file.chmod(0o644)
    write_output(file, b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o644)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "page.html", tmp_path / "link.html"
    link.symlink_to(file)
    for content in (b"one", b"two"):
        write_output(link, content)
        assert link.is_symlink()
        assert file.read_bytes() == content


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    null = Path("/dev/null")
    write_output(null, b"one")
    assert null.is_char_device()
    with pytest.raises(IsADirectoryError):
        write_output(tmp_path, b"one")


def test_a_write_that_fails_leaves_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.html"
    write_output(file, b"one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fchmod", full)
    with pytest.raises(OSError, match="No space"):
        write_output(file, b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert file.read_bytes() == b"one"
