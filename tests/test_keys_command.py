"""``python -m bot keys``, and what the doctor and a start say of keys."""

import asyncio
import re
import shutil
from base64 import urlsafe_b64encode
from datetime import date
from pathlib import Path

import pytest
from small_library import small_folder
from storage_fixtures import blank_file, new_interest, person, sqlite_url  # noqa: F401 (a fixture)

from bot.cli import main
from bot.commands.doctor import Level, examine
from bot.settings import Settings, SettingsError
from storage.database import Database
from storage.engine.file_lock import alone_on
from storage.engine.vault import Vault, is_key
from storage.operations.keys import rotate

# The same in each process of a run: they are part of the names of tests.
OLD, NEW = (urlsafe_b64encode(sign * 32).decode() for sign in (b"o", b"n"))


async def _register(url: str, keys: list[str]) -> None:
    database = Database(url, keys=keys)
    someone = await person(database)
    async with database.begin() as work:
        await work.interests.register(someone, new_interest())
    await database.close()


@pytest.fixture(name="url")
def url_of_a_request_in_clear(
    tmp_path: Path,
    blank_file: Path,  # noqa: F811 (the fixture)
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    url = sqlite_url(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copy(blank_file, tmp_path / "data" / "bot.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("DATA_KEYS", raising=False)
    asyncio.run(_register(url, []))
    return url


def says(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    printed = capsys.readouterr()
    return (printed.out + printed.err).replace("\u00a0", " ")


def test_a_new_key_is_printed_and_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    printed = says(capsys, "keys", "new")
    assert is_key(printed.split()[0])
    assert f"DATA_KEYS={printed.split()[0]}" in printed


def test_from_clear_to_a_key_and_to_the_next_one(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "DATA_KEYS n'est pas réglé" in says(capsys, "keys", "check")
    assert "DATA_KEYS n'est pas réglé" in says(capsys, "keys", "rotate", code=1)
    monkeypatch.setenv("DATA_KEYS", OLD)
    assert "En clair : 4 textes" in says(capsys, "keys", "check", code=1)
    assert re.search(r"\b1 ligne chiffrée", says(capsys, "keys", "rotate"))
    assert f"Clé {Vault([OLD]).ids[0]}, la première : 4" in says(capsys, "keys", "check")
    monkeypatch.setenv("DATA_KEYS", NEW)
    assert "La clé ne correspond pas" in says(capsys, "keys", "rotate", code=1)
    monkeypatch.setenv("DATA_KEYS", f"{NEW}, {OLD}")
    assert Vault([OLD]).ids[0] in says(capsys, "keys", "rotate")
    monkeypatch.setenv("DATA_KEYS", NEW)
    assert f"Clé {Vault([NEW]).ids[0]}, la première : 4" in says(capsys, "keys", "check")
    monkeypatch.delenv("DATA_KEYS")
    refused = says(capsys, "keys", "check", code=1)
    assert "DATA_KEYS n'est pas réglé" in refused
    assert NEW not in refused


def test_a_bot_that_lacks_the_key_is_not_rotated_under(
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del url
    monkeypatch.setenv("DATA_KEYS", OLD)
    with alone_on(tmp_path / "data" / "bot.db"):
        assert "Redémarrez-le" in says(capsys, "keys", "rotate", code=1)


def test_without_a_database_the_bot_is_to_be_started_first(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del url
    (tmp_path / "data" / "bot.db").unlink()
    assert "démarrez d'abord" in says(capsys, "keys", "check", code=1)
    assert not (tmp_path / "data" / "bot.db").exists()


@pytest.mark.parametrize(
    ("stored", "given", "expected"),
    [
        ([], "", {"no_data_keys": Level.WARNING}),
        ([], OLD, {"texts_in_clear": Level.WARNING}),
        ([OLD], OLD, {"texts_encrypted": Level.FINE}),
        ([OLD], NEW, {"database_wrong_key": Level.ERROR}),
        ([OLD], "", {"no_data_keys": Level.WARNING, "database_no_key": Level.ERROR}),
    ],
)
def test_the_doctor_tells_whether_texts_are_encrypted(
    url: str, stored: list[str], given: str, expected: dict[str, Level], tmp_path: Path
) -> None:
    # To check the shipped files takes seconds.
    folder = small_folder(tmp_path / "knowledge")

    async def told() -> dict[str, Level]:
        if stored:
            database = Database(url, keys=stored)
            await database.migrate()
            await database.join()
            await database.close()

            await rotate(url, stored)
        settings = Settings.read(
            _env_file=None, database_url=url, data_keys=given or None, knowledge_dir=folder
        )
        found = await examine(settings, date(2026, 11, 23))
        names = {"no_data_keys", "database_no_key", "database_wrong_key"}
        return {
            one.name: one.level
            for one in found
            if one.name in names or one.name.startswith("texts_")
        }

    assert asyncio.run(told()) == expected


@pytest.mark.parametrize("wrong", ["x", f"{OLD},x", OLD[:-1], f"{OLD}{NEW}"])
def test_what_is_no_key_is_refused_and_not_quoted(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read(_env_file=None, data_keys=wrong)
    assert "keys new" in str(refused.value)
    assert OLD not in str(refused.value)


def test_keys_are_separated_as_people_do() -> None:
    assert Settings.read(_env_file=None, data_keys=f" {NEW} ,{OLD};").keys == (NEW, OLD)
    assert NEW not in repr(Settings.read(_env_file=None, data_keys=NEW))
