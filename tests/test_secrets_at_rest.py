"""Encryption at rest: what is stored, what is read, wrong and missing keys, and new ones."""

import asyncio
import logging
import shutil
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dialogue import inside
from sqlalchemy import JSON, LargeBinary, String, bindparam, select
from sqlalchemy.engine import make_url
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    START,
    TELEGRAM_ID,
    Clock,
    database_url,
    new_interest,
    person,
    rows,
    sqlite_url,
    stopped_clock,
    to_person,
)
from test_storage_export_and_erasure import NOT_FREE_TEXT, SECRET, SIRET, fill

from storage.database import Database
from storage.engine.errors import DatabaseLockedUpError, InUseError
from storage.engine.faults import Fault, fault_of
from storage.engine.file_lock import alone_on
from storage.engine.schema import JsonOf, Written, metadata
from storage.engine.secrets_at_rest import Sealed, Secret, SecretJson, sealed_columns
from storage.engine.vault import MARK, Vault, is_key
from storage.operations.backup import back_up, restore
from storage.operations.copy import copy_database
from storage.operations.keys import rotate
from storage.privacy.access import Section
from storage.privacy.sealing import CLEAR, SEALED_TABLES
from storage.queues.inbox import Received
from storage.queues.outbox import Audience
from storage.records.interests import EventKind, Interest
from storage.records.lifecycle import CLOCK

# The same in each process of a run: they are part of the names of tests.
OLD, NEW = (urlsafe_b64encode(sign * 32).decode() for sign in (b"o", b"n"))
ID_OF_OLD, ID_OF_NEW = Vault([OLD]).ids[0], Vault([NEW]).ids[0]
# Every text that is stored in clear, and why. A new column of text is encrypted, or is named here.
# The guide of operation says the same in a few lines.
IN_CLEAR = {
    "interests.company": "the administrators search by it",
    "interests.project_lead": "public",
    "interests.project_title": "public",
    "interests.contact_digest": "equality is searched; under a key, where there is one",
    "people.address_digest": "as above",
    "known_projects.title": "public",
    "known_projects.lead": "public",
    "subscriptions.territory": "a label of the public list of projects",
    "subscriptions.sector": "a label of the public list of projects",
    "questions.text": "masked when it arrives; grouped and searched",
    "publications.wording": "a masked question, until the change ends",
    "publications.content": "a file of the knowledge, which stands in clear in its folder",
    "publications.report": "the facilitators' own questions of control",
    "outbox.attachment": "a file of the knowledge; what is made of people's data is never stored",
    "outbox.filename": "the name of a file of ours",
    "outbox.lane": "an account's number, or a digest of an address; searched",
    "outbox.error": "why it failed, in Telegram's words or ours; never a mail server's",
    "rests.lane": "as above, for a minute",
    "contexts.options": "the buttons of one message, for ten minutes",
    "consent_wordings.text": "our own texts",
    "consent_wordings.digest": "of our own texts",
    "allowances.key": "a digest, for a day",
    "data_keys.sample": "a known text under a key, to recognise the key by",
    "conversations.closed_by_name": "who of the team did what",
    "conversation_messages.signature": "who of the team did what",
    "interest_events.actor_name": "who of the team did what",
    "interests.owner_name": "who of the team did what; requests are listed by it",
    "publications.actor_name": "who of the team did what",
    "publications.decided_by": "who of the team did what",
    "colleagues.name": "who of the team there is",
}
# Our own words, numbers and ids, of any table; none is written by people.
OF_OURS = {
    "alarms": {"name", "digest"},
    "alerts": {"name", "audience", "kind", "subject", "latest"},
    "contexts": {"topic", "offer"},
    "conversations": {"number", "opened_by"},
    "conversation_messages": {"side"},
    "counters": {"name"},
    "data_keys": {"id"},
    "deadlines": {"kind"},
    "drafts": {"form", "subject", "step", "changes", "reuses", "answered_step"},
    "inbox": {"state", "reference", "claimed_by"},
    "interests": {
        *("number", "project_id", "contact_kind", "role", "status", "outcome", "reason", "helped"),
    },
    "interest_events": {"kind", "status", "side"},
    "introductions": {"project_id", "state"},
    "known_projects": {"project_id"},
    "outbox": {
        *("audience", "method", "about", "state", "claimed_by", "makes", "makes_of", "quotes"),
    },
    "people": {"language"},
    "project_news": {"kind", "project_ids"},
    "publications": {
        *("kind", "state", "file", "subject", "about", "claimed_by", "base", "version_id"),
    },
    "questions": {"outcome", "shown", "chosen", "treated_how"},
    "recurrences": {"name"},
    "rests": {"sent"},
    "retention_register": {"day", "what"},
    "arrivals": {"source", "opened"},
    "tallies": {"outcome", "entry"},
    "workers": {"id"},
}


def test_every_text_is_encrypted_or_in_clear_for_a_reason() -> None:
    in_clear = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name not in sealed_columns(table)
        and isinstance(column.type, String | JSON | JsonOf | LargeBinary | Written)
    }
    ours = {f"{table}.{column}" for table, columns in OF_OURS.items() for column in columns}
    assert in_clear - ours == set(IN_CLEAR)
    assert ours <= in_clear


@pytest.fixture(name="database")
async def encrypted_database(url: str, clock: Clock, blank_file: Path) -> AsyncIterator[Database]:
    """A database with every table, no row, and a key."""
    database = Database(url, clock=clock, worker="here", keys=[OLD])
    if not database.is_shared:
        shutil.copy(blank_file, str(make_url(url).database))
    await database.migrate()
    await database.join()
    yield database
    await database.close()


def file_of(url: str) -> Path:
    return Path(str(make_url(url).database))


async def in_clear(database: Database) -> set[str]:
    """Where a text of the person can be read in the database."""
    return {
        f"{table}.{column}"
        for table in metadata.tables
        for row in await rows(database, table)
        for column, value in row.items()
        if SECRET in str(value) or SIRET in str(value)
    }


async def test_what_the_person_wrote_is_stored_encrypted(database: Database) -> None:
    await fill(database)
    assert await in_clear(database) <= set(IN_CLEAR)
    sealed = {f"{table.name}.{name}" for table in SEALED_TABLES for name in sealed_columns(table)}
    for table in SEALED_TABLES:
        filled = {
            f"{table.name}.{column}"
            for row in await rows(database, table.name)
            for column, value in row.items()
            if str(value).lstrip('"').startswith(f"{MARK}{ID_OF_OLD}:")
        }
        sealed -= filled
    # What the person of these tests leaves empty.
    assert sealed <= set(NOT_FREE_TEXT)


async def test_what_is_stored_encrypted_is_read_as_it_was(database: Database) -> None:
    someone = await person(database)
    given = new_interest(contact_note="after 5 pm", siret=SIRET)
    async with database.begin() as work:
        await work.interests.register(someone, given)
        work.outbox.owe(to_person(words="é\u2019😀"))
    async with database.begin() as work:
        (kept,) = await work.interests.of_person(someone)
        assert {name: getattr(kept, name) for name in given.__slots__} == {
            name: getattr(given, name) for name in given.__slots__
        }
        (call,) = await work.outbox.claim("here", [], 1, list(Audience))
        assert call.payload == {"text": "é\u2019😀"}


@pytest.mark.parametrize("text", ["", MARK, f"{MARK}:", f"{MARK}{ID_OF_OLD}:x", "plain", "\ud83d"])
@pytest.mark.parametrize("keys", [[], [OLD], [NEW, OLD]])
def test_every_text_comes_back(keys: list[str], text: str) -> None:
    vault = Vault(keys)
    assert vault.opened(vault.sealed(text)) == text


def test_the_same_text_is_never_stored_twice_alike() -> None:
    vault = Vault([OLD])
    assert vault.sealed("x") != vault.sealed("x")


async def test_no_secret_is_stored_beyond_its_limit(database: Database) -> None:
    async with inside(database, "engine").connect() as connection:
        given = bindparam("given", "x" * 100, type_=Secret(10))
        assert await connection.scalar(select(given)) == "x" * 9 + "\u2026"


async def test_an_erased_person_is_in_no_column(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        await work.rights.erase(someone)
    for table in SEALED_TABLES:
        for row in await rows(database, table.name):
            left = [name for name in sealed_columns(table) if MARK in str(row[name])]
            # What is left is about nobody, or of others' (see the tests of erasure).
            assert not left or table.name in {"outbox", "inbox", "conversation_messages"}
    (request,) = await rows(database, "interests")
    assert request["contact_digest"] is None


async def test_a_set_aside_update_that_names_the_person_is_erased_though_encrypted(
    database: Database,
) -> None:
    someone = await person(database)
    named, other = f'{{"id": {TELEGRAM_ID}, "x": 1}}', f'{{"id": {TELEGRAM_ID}0}}'
    async with database.begin() as work:
        await work.inbox.add([Received(1, -100, named), Received(2, -100, other)])
        for number in (1, 2):
            await work.inbox.set_aside(number, "E-1")
    async with database.begin() as work:
        await work.rights.erase(someone)
    assert [row["body"] is None for row in await rows(database, "inbox")] == [True, False]


async def test_a_database_with_encrypted_texts_does_not_open_without_its_key(
    database: Database, url: str
) -> None:
    await fill(database)
    for keys, fault in (([], Fault.NO_KEY), ([NEW], Fault.WRONG_KEY)):
        other = Database(url, keys=keys)
        with pytest.raises(DatabaseLockedUpError, match=ID_OF_OLD) as refused:
            await other.migrate()
        assert fault_of(refused.value) is fault
        await other.close()


async def test_both_keys_open_it_and_the_new_one_is_noted(database: Database, url: str) -> None:
    del database
    other = Database(url, keys=[NEW, OLD])
    await other.migrate()
    await other.join()
    assert {row["id"] for row in await rows(other, "data_keys")} == {ID_OF_OLD, ID_OF_NEW}
    await other.close()


async def test_one_row_that_no_key_reads_keeps_no_other_from_being_read(
    database: Database, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    someone = await fill(database)
    stranger = Database(url, keys=[NEW])
    async with stranger.begin() as work:
        await work.interests.register(someone, new_interest("other", message="mine"))
    with caplog.at_level(logging.ERROR):
        async with stranger.begin() as work:
            found: tuple[Interest, ...] = await work.interests.of_person(someone)
            page = await work.access.page(Section.REQUESTS, someone)
    messages = [one.message for one in found]
    assert messages.count("mine") == 1
    assert messages.count("") == len(found) - 1
    assert len(page) == len(found)
    (told,) = [record for record in caplog.records if "cannot be read" in record.getMessage()]
    assert SECRET not in told.getMessage()
    await stranger.close()


async def usage(url: str, *keys: str) -> dict[str, int]:
    database = Database(url, keys=keys)
    async with database.begin() as work:
        found = await work.sealing.usage()
    await database.close()
    return found


async def test_a_new_key_takes_over_and_the_old_one_is_needed_no_more(
    database: Database, url: str
) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        before = await work.interests.of_person(someone)
    await database.close()
    count = (await usage(url, OLD))[ID_OF_OLD]
    done = await rotate(url, [NEW, OLD])
    assert (done.unread, done.retired, done.is_scrubbed) == (0, (ID_OF_OLD,), True)
    assert await usage(url, NEW) == {ID_OF_NEW: count}
    after = Database(url, keys=[NEW])
    await after.migrate()
    async with after.begin() as work:
        assert await work.interests.of_person(someone) == before
    await after.close()
    # Begun again, it has nothing to do.
    assert (await rotate(url, [NEW])).rows == 0


async def test_a_bot_that_has_both_keys_goes_on_while_the_new_one_takes_over(
    database: Database, url: str
) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        before = await work.interests.of_person(someone)
    await database.close()
    running = Database(url, keys=[NEW, OLD])
    await running.migrate()

    async def goes_on() -> None:
        for number in range(30):
            async with running.begin() as work:
                assert await work.interests.of_person(someone) == before
                event = EventKind.NOTE
                await work.interests.record(before[0], event, CLOCK, note=f"{SECRET} {number}")

    done, _ = await asyncio.gather(rotate(url, [NEW, OLD]), goes_on())
    assert (done.unread, done.retired) == (0, (ID_OF_OLD,))
    async with running.begin() as work:
        assert await work.interests.of_person(someone) == before
    await running.close()
    # The old key can go: what was written meanwhile is under the new one.
    after = Database(url, keys=[NEW])
    await after.migrate()
    async with after.begin() as work:
        notes = {event.note for event in await work.interests.events(before[0].id)}
    assert {f"{SECRET} {number}" for number in range(30)} <= notes
    await after.close()


async def test_what_was_in_clear_is_encrypted_by_the_first_rotation(
    url: str, clock: Clock, blank_file: Path
) -> None:
    clear = Database(url, clock=clock)
    if not clear.is_shared:
        shutil.copy(blank_file, file_of(url))
    await clear.migrate()
    await fill(clear)
    await clear.close()
    before = await usage(url)
    assert set(before) == {CLEAR}
    await rotate(url, [OLD])
    assert await usage(url, OLD) == {ID_OF_OLD: before[CLEAR]}
    now = Database(url, keys=[OLD])
    assert await in_clear(now) <= set(IN_CLEAR)
    assert all(row["contact_digest"] for row in await rows(now, "interests"))
    await now.close()


@ON_SQLITE
async def test_what_stood_in_clear_is_in_no_file_after_that(
    url: str, clock: Clock, blank_file: Path
) -> None:
    clear = Database(url, clock=clock)
    shutil.copy(blank_file, file_of(url))
    await fill(clear)
    await clear.close()
    written = b"".join(path.read_bytes() for path in file_of(url).parent.iterdir())
    assert f"{SECRET} message".encode() in written
    await rotate(url, [OLD])
    written = b"".join(path.read_bytes() for path in file_of(url).parent.iterdir())
    assert f"{SECRET} message".encode() not in written
    assert f"{SECRET}@example.fr".encode() not in written


async def test_a_rotation_that_was_stopped_goes_on_where_it_was(
    database: Database, url: str
) -> None:
    someone = await person(database)
    async with database.begin() as work:
        for number in range(5):
            await work.interests.register(someone, new_interest(f"p{number}"))
    both = Database(url, keys=[NEW, OLD])
    table = metadata.tables["interests"]
    async with both.begin() as work:
        await work.sealing.check()
        first = await work.sealing.reseal(table, -1, 2)
    assert first.rows == 2
    assert set(await usage(url, NEW, OLD)) == {ID_OF_OLD, ID_OF_NEW}
    # Each key that something is under is needed.
    with_new = Database(url, keys=[NEW])
    with pytest.raises(DatabaseLockedUpError):
        await with_new.migrate()
    await with_new.close()
    async with both.begin() as work:
        assert (await work.sealing.reseal(table, -1, 10)).rows == 3
        assert len(await work.interests.of_person(someone)) == 5
    await both.close()


async def test_what_no_key_reads_stays_as_it_is(database: Database, url: str) -> None:
    await fill(database)
    await database.close()
    before = await usage(url, OLD)
    lost = Database(url, keys=[NEW])
    async with lost.begin() as work:
        batches = [await work.sealing.reseal(table, -1, 1000) for table in SEALED_TABLES]
        assert await work.sealing.retire() == ()
    await lost.close()
    assert sum(batch.unread for batch in batches) > 10
    assert (await usage(url, OLD))[ID_OF_OLD] == before[ID_OF_OLD]


@ON_SQLITE
async def test_no_key_is_put_on_under_a_bot_that_does_not_have_it(
    url: str, blank_file: Path
) -> None:
    file_of(url).parent.mkdir()
    shutil.copy(blank_file, file_of(url))
    with alone_on(file_of(url)), pytest.raises(InUseError):
        await rotate(url, [OLD])


@ON_SQLITE
async def test_a_backup_is_encrypted_and_opens_with_the_old_and_the_new_key(
    database: Database, url: str, tmp_path: Path
) -> None:
    someone = await fill(database)
    saved = tmp_path / "saved.db"
    back_up(file_of(url), saved)
    assert f"{SECRET} message".encode() not in saved.read_bytes()
    await database.close()
    await rotate(url, [NEW, OLD])
    again = sqlite_url(tmp_path / "again")
    restore(saved, file_of(again))
    refused = Database(again, keys=[NEW])
    with pytest.raises(DatabaseLockedUpError):
        await refused.migrate()
    await refused.close()
    opened = Database(again, keys=[NEW, OLD])
    await opened.migrate()
    async with opened.begin() as work:
        (first, *_) = await work.interests.of_person(someone)
    assert first.contact.startswith(SECRET)
    await opened.close()
    assert (await rotate(again, [NEW, OLD])).retired == (ID_OF_OLD,)


@pytest.mark.parametrize("keys", [[OLD], [NEW, OLD]])
async def test_a_copy_arrives_encrypted_under_the_first_key(
    database: Database, url: str, tmp_path: Path, keys: list[str]
) -> None:
    someone = await fill(database)
    await database.close()
    target = sqlite_url(tmp_path / "target")
    await copy_database(url, target, keys)
    arrived = Database(target, keys=keys)
    assert await in_clear(arrived) <= set(IN_CLEAR)
    await arrived.migrate()
    async with arrived.begin() as work:
        assert (await work.interests.of_person(someone))[0].contact.startswith(SECRET)
    await arrived.close()
    assert set(await usage(target, *keys)) == {Vault(keys).ids[0]}


async def test_a_copy_without_the_key_is_refused(
    database: Database, url: str, tmp_path: Path
) -> None:
    await fill(database)
    await database.close()
    with pytest.raises(DatabaseLockedUpError):
        await copy_database(url, sqlite_url(tmp_path / "target"))


async def test_two_databases_of_a_process_have_keys_of_their_own(tmp_path: Path) -> None:
    for name, key in (("a", OLD), ("b", NEW), ("c", None)):
        database = Database(sqlite_url(tmp_path / name), keys=[key] if key else [])
        await database.migrate()
        someone = await person(database)
        async with database.begin() as work:
            await work.interests.register(someone, new_interest())
            assert (await work.interests.of_person(someone))[0].contact == "jeanne@example.fr"
        (row,) = await rows(database, "interests")
        assert row["contact"].startswith(Vault([key]).prefix if key else "jeanne")
        await database.close()


def test_a_digest_tells_equal_texts_and_nothing_else() -> None:
    ours, theirs = Vault([NEW, OLD]), Vault([OLD])
    assert ours.digest(" Jeanne@Example.fr") == ours.digest("jeanne@example.fr")
    assert ours.digest("jeanne@example.fr") != ours.digest("jean@example.fr")
    assert theirs.digest("x") in ours.digests("x")
    assert ours.digest("x") not in theirs.digests("x")
    assert Vault().digest("x") is None


@pytest.mark.parametrize("text", ["", "x", OLD[:-2], OLD + "a", "é" * 44])
def test_only_a_key_is_a_key(text: str) -> None:
    assert not is_key(text)
    assert is_key(OLD)


def test_every_type_of_encrypted_column_is_walked() -> None:
    """A new type that encrypts would be missed by a rotation."""
    kinds = {
        type(column.type)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name in sealed_columns(table)
    }
    assert kinds == {Sealed, Secret, SecretJson}
