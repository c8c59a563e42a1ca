"""Moving to another database keeps everything, and says at once where it does not."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dialogue import inside, tune
from postgres import Server
from sqlalchemy import text
from storage_fixtures import (
    START,
    names,
    new_interest,
    rows,
    sqlite_url,
    to_administrators,
    to_person,
)

from storage.database import Database
from storage.engine.errors import (
    DamagedError,
    DatabaseUnavailableError,
    ForeignDatabaseError,
    InUseError,
    NoDatabaseError,
    NotEmptyError,
)
from storage.engine.schema import TRANSIENT, metadata
from storage.operations import copy
from storage.operations.copy import CopiedTable, copy_database
from storage.queues.inbox import Received
from storage.records.drafts import Draft
from storage.subject import Kind, Subject

SOURCES = pytest.mark.parametrize(
    ("source_kind", "target_kind"),
    [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")],
)


@pytest.fixture
async def urls(
    source_kind: str, target_kind: str, tmp_path: Path, postgres: Server
) -> AsyncIterator[tuple[str, str]]:
    made = []
    for number, kind in enumerate((source_kind, target_kind)):
        is_file = kind == "sqlite"
        folder = tmp_path / str(number)
        made.append(sqlite_url(folder) if is_file else await postgres.create(migrated=True))
    yield made[0], made[1]
    for url in made:
        if url.startswith("postgresql"):
            await postgres.drop(url)


async def filled(url: str) -> Database:
    """A database with rows of many kinds, and an id given to a row that is gone."""
    database = Database(url, clock=lambda: START, worker="here")
    await database.migrate()
    await database.join()
    async with database.begin() as work:
        someone = (await work.people.seen(7)).id
        gone = (await work.people.seen(8)).id
        await work.questions.record(None, gone, "Qui ?", "answer", ["talents"])
        await work.rights.erase(gone)
        await work.inbox.add([Received(n, 7, f'{{"text": "\\u00e9 {n}"}}') for n in range(450)])
        await work.inbox.claim("here", (), 10)
        await work.inbox.postpone(1, START)
        work.drafts.save(Draft(someone, "interest", "step", "a", {"company": "\u00c9t\u00e9"}))
        await work.interests.register(someone, new_interest())
        await work.questions.record(1, someone, "Qu'est-ce ?", "answer", ["talents"])
        await work.outbox.add(to_person(7, attachment=b"\x00\xff" * 1000, filename="a.xlsx"))
        notice = await work.outbox.add(to_administrators(about=Subject(Kind.INTEREST, 1)))
        await work.outbox.sent(notice, -100, 5)
        await work.outbox.moved(-5, -1005)
    return database


@SOURCES
async def test_everything_arrives_and_goes_on_from_there(urls: tuple[str, str]) -> None:
    source, target = urls
    await (await filled(source)).close()
    before = Database(source, clock=lambda: START, worker="here")
    copied = {one.name: one for one in await copy_database(source, target)}
    assert copied["inbox"].rows == 450
    assert copied["people"].rows == 1
    after = Database(target, clock=lambda: START, worker="there")
    names = [name for name, table in metadata.tables.items() if not table.info.get(TRANSIENT)]
    assert set(copied) == set(names)
    for name in names:
        assert len(await rows(after, name)) == copied[name].rows
    await after.join()
    async with before.begin() as old, after.begin() as new:
        assert await new.access.account(7) == await old.access.account(7)
        # Ids in old buttons name nobody else; numbers go on; what was claimed is free.
        assert (await new.people.seen(9)).id == 3
        registered = await new.interests.register(1, new_interest("other"))
        assert (registered.interest.id, registered.interest.number) == (2, "TI-2026-0002")
        assert len(await new.inbox.claim("there", (), 10)) == 1
    await before.close()
    await after.close()


@SOURCES
async def test_a_target_that_holds_anything_is_left_alone(urls: tuple[str, str]) -> None:
    source, target = urls
    await (await filled(source)).close()
    taken = Database(target)
    await taken.migrate()
    async with taken.begin() as work:
        await work.people.seen(42)
    with pytest.raises(NotEmptyError, match="people"):
        await copy_database(source, target)
    assert [row["telegram_id"] for row in await rows(taken, "people")] == [42]
    assert await rows(taken, "inbox") == []
    await taken.close()


@SOURCES
async def test_what_arrives_otherwise_is_not_kept(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = urls
    await (await filled(source)).close()
    advance = inside(copy, "advance")

    async def spoil(table: Any, source: Any, target: Any) -> None:
        await advance(table, source, target)
        if table.name == "interests":
            await target.execute(text("UPDATE interests SET company = 'other'"))

    tune(monkeypatch, copy, advance=spoil)
    with pytest.raises(DamagedError, match="interests"):
        await copy_database(source, target)
    after = Database(target)
    for name in metadata.tables:
        assert await rows(after, name) == []
    await after.close()


async def test_a_server_whose_workers_live_is_not_copied(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await postgres.create(migrated=True)
    dead, alive = Database(url, worker="dead"), Database(url, worker="alive")

    async def nobody_beats(_seconds: float) -> None:
        pass

    async def one_beats(_seconds: float) -> None:
        await alive.beat()

    try:
        await dead.beat()
        # Whoever left a row there beats no more.
        monkeypatch.setattr(copy, "asyncio", SimpleNamespace(sleep=nobody_beats))
        await copy_database(url, sqlite_url(tmp_path / "first"))
        monkeypatch.setattr(copy, "asyncio", SimpleNamespace(sleep=one_beats))
        with pytest.raises(InUseError, match="another process uses postgresql"):
            await copy_database(url, sqlite_url(tmp_path / "second"))
    finally:
        await alive.close()
        await dead.close()
        await postgres.drop(url)


async def test_a_server_that_is_not_there_is_said(blank_file: Path) -> None:
    source = f"sqlite+aiosqlite:///{blank_file}"
    with pytest.raises(DatabaseUnavailableError):
        await copy_database(source, "postgresql+asyncpg://bot@127.0.0.1:1/bot")


async def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoDatabaseError, match="bot"):
        await copy_database(sqlite_url(tmp_path / "a"), sqlite_url(tmp_path / "b"))
    assert names(tmp_path) == []


async def test_a_source_that_is_not_the_bots_is_left_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(ForeignDatabaseError, match="empty"):
        await copy_database(f"sqlite+aiosqlite:///{empty}", sqlite_url(tmp_path / "b"))
    assert empty.stat().st_size == 0
    assert names(tmp_path) == ["empty.db"]


async def test_an_empty_database_is_copied_too(blank_file: Path, tmp_path: Path) -> None:
    source = f"sqlite+aiosqlite:///{blank_file}"
    copied = await copy_database(source, sqlite_url(tmp_path))
    assert CopiedTable("people", 0, copied[0].digest) in copied
    assert {one.rows for one in copied} == {0}
