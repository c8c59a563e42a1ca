"""What was erased stands nowhere in the folder of the database any more, byte for byte."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from sqlalchemy.engine import make_url
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    TELEGRAM_ID,
    Clock,
    database_url,
    migrated_database,
    stopped_clock,
    to_person,
)
from test_damage import damage
from test_dialogue_interest import registers
from test_storage_export_and_erasure import SECRET, fill

from storage.database import Database
from storage.engine import scrubbing
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.scrubbing import Scrubber
from storage.engine.vault import new_key
from storage.privacy.retention import Durations
from storage.queues.inbox import Received
from storage.queues.outbox import Audience
from storage.records.drafts import Draft
from storage.records.questions import QuestionLimits

# As SQLite stores an integer of this size, in tables and in indexes.
NUMBER = TELEGRAM_ID.to_bytes(6, "big")
MANY = QuestionLimits(length=10_000, a_day=10_000)


def folder_of(url: str) -> Path:
    return Path(str(make_url(url).database)).parent


def stands_in(folder: Path, *words: bytes) -> list[str]:
    """Where one of these words can be read, in the names and bytes of all files."""
    return [
        f"{path.name}: {word!r}"
        for path in folder.iterdir()
        for word in words
        if word in path.read_bytes()
    ]


async def crowd(database: Database, seed: int) -> None:
    """Let nine people write texts of many lengths in turn, so that SQLite moves their rows."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(1000, 1200):
        who = chance.choice([TELEGRAM_ID, *range(1, 9)])
        size = chance.choice([5, 40, 300, 1500, 4000, 9000])
        words = (SECRET if who == TELEGRAM_ID else "other") + "x" * size
        async with database.begin() as work:
            someone = (await work.people.seen(who)).id
            await work.questions.record(number, someone, words, "answer", ["a"], MANY)
            work.drafts.save(Draft(someone, "interest", "name", "a", {"company": words}))
            await work.inbox.add([Received(number, who, words)])
            await work.inbox.done([number - chance.randrange(9)])
            await work.outbox.add(to_person(who, words))
            for one in await work.outbox.claim("here", [], 1, list(Audience)):
                await work.outbox.sent(one.id, one.chat_id or 0, 1)


@ON_SQLITE
async def test_nothing_of_an_erased_person_stands_in_the_folder_of_a_database_with_a_key(
    url: str, clock: Clock
) -> None:
    database = Database(url, clock=clock, worker="here", keys=[new_key()])
    await database.migrate()
    someone = await fill(database)
    await crowd(database, 7)
    async with database.begin() as work:
        (found,) = await work.lookup.by_contact(f"{SECRET}@example.fr")
        await work.rights.erase(someone)
    assert found.person_id == someone
    assert await database.scrub()
    # The digest of a contact would tell whoever has the key that the person was here.
    digest = database.vault.digest(f"{SECRET}@example.fr") or ""
    assert stands_in(folder_of(url), SECRET.encode(), NUMBER, digest.encode()) == []
    await database.close()


@ON_SQLITE
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_of_an_erased_person_stands_in_the_folder(
    database: Database, url: str, seed: int
) -> None:
    someone = await fill(database)
    await crowd(database, seed)
    assert stands_in(folder_of(url), SECRET.encode(), NUMBER)
    async with database.begin() as work:
        await work.rights.erase(someone)
    assert await database.scrub()
    assert stands_in(folder_of(url), SECRET.encode(), NUMBER) == []
    assert stands_in(folder_of(url), b"other")


@ON_SQLITE
async def test_nothing_that_was_kept_long_enough_stands_in_the_folder(
    database: Database, url: str, clock: Clock
) -> None:
    await fill(database)
    await crowd(database, 4)
    async with database.begin() as work:
        waiting = await work.inbox.claim("here", [], 100)
        while waiting:
            await work.inbox.done([one.update_id for one in waiting])
            waiting = await work.inbox.claim("here", [], 100)
        while calls := await work.outbox.claim("here", [], 100, list(Audience)):
            for one in calls:
                await work.outbox.sent(one.id, one.chat_id or -100, 30)
    clock.advance(days=366)
    for _ in range(2):
        async with database.begin() as work:
            await work.retention.apply(Durations())
        clock.advance(days=366)
    assert await database.scrub()
    assert stands_in(folder_of(url), SECRET.encode(), NUMBER) == []


@ON_SQLITE
async def test_a_reader_delays_the_scrubbing_and_nobody_waits(database: Database, url: str) -> None:
    someone = await fill(database)
    path = str(make_url(url).database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM people").fetchall()
        async with database.begin() as work:
            await work.rights.erase(someone)
        going_on = asyncio.create_task(database.keep_scrubbed())
        assert not await database.scrub()
        async with database.begin() as work:
            await work.people.seen(8)
        assert stands_in(folder_of(url), SECRET.encode())
        reader.execute("COMMIT")
        await until_gone(folder_of(url), SECRET)
    going_on.cancel()
    await asyncio.gather(going_on, return_exceptions=True)


@ON_SQLITE
async def test_the_journal_does_not_grow_while_another_program_reads(
    database: Database, url: str
) -> None:
    """Each rewriting adds the whole file to it: a long backup would fill the disk."""
    someone = await fill(database)
    await crowd(database, 6)
    path = Path(str(make_url(url).database))
    async with database.begin() as work:
        await work.rights.erase(someone)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM people").fetchall()
        sizes = []
        for _ in range(4):
            assert not await database.scrub()
            sizes.append(path.with_name(f"{path.name}-wal").stat().st_size)
        assert sizes == sizes[:1] * 4
        reader.execute("COMMIT")
    assert await database.scrub()


async def test_an_outage_delays_the_scrubbing_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scrubbing, "_PAUSE_AFTER_OUTAGE", 0.0)
    outcomes: list[Exception | bool] = [DatabaseUnavailableError("the disk is full"), False, True]
    done = asyncio.Event()

    async def scrub_once() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome:
            done.set()
        return outcome

    scrubber = Scrubber(scrub_once)
    scrubber.demand()
    running = asyncio.create_task(scrubber.run())
    async with asyncio.timeout(10):
        await done.wait()
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@ON_SQLITE
async def test_damage_that_a_rewriting_meets_is_noted(database: Database, url: str) -> None:
    await fill(database)
    assert await database.scrub()
    damage(Path(str(make_url(url).database)), "questions")
    with pytest.raises(DatabaseUnavailableError):
        await database.scrub()
    assert database.is_damaged


@ON_SQLITE
async def test_damage_that_opening_meets_is_noted(database: Database, url: str) -> None:
    del database
    await asyncio.to_thread(Path(str(make_url(url).database)).write_bytes, b"a letter" * 1000)
    opening = Database(url)
    with pytest.raises(DatabaseUnavailableError):
        async with opening.begin() as work:
            await work.people.seen(8)
    assert opening.is_damaged
    await opening.close()


async def until_gone(folder: Path, *words: str) -> None:
    """Wait until these words stand nowhere in the folder."""
    async with asyncio.timeout(10):
        while stands_in(folder, *(word.encode() for word in words)):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)


async def test_the_folder_forgets_while_the_bot_goes_on(sme: Speaker, stage: Stage) -> None:
    folder = stage.database.parent
    await sme.says("une question marquante")
    await registers(sme, stage)
    assert stands_in(folder, b"Samira", b"marquante")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    sme.sees("Tout est effac")
    await until_gone(folder, "Samira", "marquante")
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")


@ON_SQLITE
async def test_the_file_is_rewritten_and_not_only_its_journal(database: Database, url: str) -> None:
    """Copies in half-empty pages are rare and depend on SQLite; free pages show the rewriting."""
    someone = await fill(database)
    await crowd(database, 5)
    async with database.begin() as work:
        await work.rights.erase(someone)
    with closing(sqlite3.connect(str(make_url(url).database))) as reader:
        (free,) = reader.execute("PRAGMA freelist_count").fetchone()
    assert free > 10
    assert await database.scrub()
    with closing(sqlite3.connect(str(make_url(url).database))) as reader:
        assert reader.execute("PRAGMA freelist_count").fetchone() == (0,)
