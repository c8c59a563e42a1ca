"""``erase`` and ``export-person``: the rights of who writes a letter, while the bot works."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, number_in, staged
from pydantic import SecretStr
from small_library import small_folder
from sqlalchemy import func, select, update
from test_dialogue_interest import registers

from bot.cli import main
from handlers.requests import notification
from knowledge.knowledge import Knowledge
from storage.engine.schema import interests, people
from storage.engine.vault import new_key

KEY = new_key()
PHONE = "+33 6 12 34 56 78"


@pytest.fixture(name="files", scope="module")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge folder that is read in no time."""
    return small_folder(tmp_path_factory.mktemp("letters") / "files")


@pytest.fixture(name="run")
def command_beside(
    stage: Stage, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> "Run":
    monkeypatch.setenv("DATABASE_URL", stage.database_url)
    monkeypatch.setenv("KNOWLEDGE_DIR", str(files))
    return Run(capsys)


class Run:
    """Runs a command in a thread: it has an event loop of its own, as a process has."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        assert await asyncio.to_thread(main, arguments) == code
        printed = self._capsys.readouterr()
        return (printed.out + printed.err).replace("\u00a0", " ")


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def left(stage: Stage) -> int:
    ((count,),) = await stage.rows(select(func.count()).select_from(people))
    return int(count)


@pytest.mark.parametrize("how", ["number", "copied", "phone", "link", "labelled", "account"])
async def test_somebody_is_erased_as_by_the_command_of_the_chat(
    sme: Speaker, administrator: Speaker, stage: Stage, run: Run, how: str
) -> None:
    number = await registers(sme, stage)
    who = {
        "number": number.lower(),
        "copied": f"\u00a0{number}\u200b".replace("-", "\u2011"),
        "phone": "06.12.34.56.78",
        "link": "tel:+33612345678",
        "labelled": "T\u00e9l.\u00a0: 06\u00a012\u00a034\u00a056\u00a078",
        "account": str(sme.user.id),
    }[how]
    told = await run("erase", who, code=1)
    for shown in (number, "Mécanique du Delta", "Samira Costa", PHONE, "--yes"):
        assert shown in told
    assert await left(stage) == 1
    told = await run("erase", who, "--yes")
    assert "Tout est effacé" in told
    assert await left(stage) == 0
    ((company, contact),) = await stage.rows(select(interests.c.company, interests.c.contact))
    assert (company, contact) == ("", "")
    # What stands in the group is blanked by the bot, which goes on working.
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    blanked = notification.TEXT("erased", number=number)
    administrator.received(blanked.replace("\u00a0", " "))
    await sme.says("/mesdemandes")
    assert number not in sme.text


async def test_an_overseas_number_that_an_earlier_version_kept_is_found(
    sme: Speaker, stage: Stage, run: Run
) -> None:
    await registers(sme, stage)
    before = {"contact": "+33 6 92 11 22 33", "contact_digest": None}
    await stage.rows(update(interests).values(before).returning(interests.c.id))
    assert "Tout est effacé" in await run("erase", "0692 11 22 33", "--yes")
    assert await left(stage) == 0


async def test_nothing_of_who_was_erased_by_a_letter_stands_in_the_folder(
    sme: Speaker, stage: Stage, run: Run
) -> None:
    number = await registers(sme, stage)
    assert b"Samira" in everything_in(stage.database.parent)
    assert "garde des traces" not in await run("erase", number, "--yes")
    assert b"Samira" not in everything_in(stage.database.parent)


async def test_a_page_for_a_letter_is_that_of_the_chat(
    sme: Speaker, stage: Stage, run: Run, tmp_path: Path
) -> None:
    number = await registers(sme, stage)
    page = tmp_path / "page.html"
    assert "--yes" in await run("export-person", number, "--out", str(page), code=1)
    assert not page.exists()
    await run("export-person", number, "--out", str(page), "--yes")
    written = page.read_text("utf-8")
    for held in (number, "Samira Costa", PHONE, "vous acceptez que ces informations", "</html>"):
        assert held in written
    assert page.stat().st_mode & 0o077 == 0
    assert "existe déjà" in await run("export-person", number, "--out", str(page), "--yes", code=1)


@pytest.mark.parametrize("who", ["TI-2026-9999", "06 99 99 99 99", "x@exemple.fr", "123456", "%"])
async def test_who_is_not_known_is_told_so(sme: Speaker, stage: Stage, run: Run, who: str) -> None:
    await registers(sme, stage)
    assert "Rien n'est gardé à ce nom" in await run("erase", who, "--yes", code=1)
    assert await left(stage) == 1


async def test_a_contact_that_several_gave_erases_nobody(
    sme: Speaker, other_sme: Speaker, stage: Stage, run: Run
) -> None:
    numbers = [await registers(firm, stage) for firm in (sme, other_sme)]
    told = await run("erase", PHONE, "--yes", code=1)
    assert "2 comptes ont donné ce contact" in told
    for shown in (*numbers, str(sme.user.id), str(other_sme.user.id)):
        assert shown in told
    assert await left(stage) == 2


async def test_with_a_key_a_contact_is_found_and_nothing_is_readable(
    shipped: Knowledge,
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    async with staged(shipped, tmp_path / "bot.db", data_keys=SecretStr(KEY)) as stage:
        sme = stage.person()
        number = await registers(sme, stage)
        monkeypatch.setenv("DATABASE_URL", stage.database_url)
        monkeypatch.setenv("KNOWLEDGE_DIR", str(files))
        monkeypatch.setenv("DATA_KEYS", KEY)
        content = everything_in(tmp_path)
        for secret in (b"Samira", b"12 34 56", b"fraiseurs", b"73282932"):
            assert secret not in content
        with closing(sqlite3.connect(stage.database)) as file:
            assert file.execute("SELECT count(*) FROM data_keys").fetchone() == (1,)
        run = Run(capsys)
        assert number in await run("erase", "+33612345678", "--yes")
        assert number_in(sme.messages()[-1]["text"]) == number
        assert await left(stage) == 0
