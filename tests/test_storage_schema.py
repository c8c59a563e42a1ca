"""The migrations lead to the schema, once, in order, and never backwards by surprise."""

import asyncio
import io
import logging
import re
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dialogue import inside
from sqlalchemy import (
    JSON,
    Connection,
    LargeBinary,
    MetaData,
    Text,
    bindparam,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    START,
    database_url,
    migrated_database,
    other_process,
    person,
    rows,
    stopped_clock,
)

from storage.database import Database
from storage.engine.claims import Which
from storage.engine.errors import DatabaseTooNewError, DatabaseUnavailableError
from storage.engine.revision import MIGRATIONS, NEWEST
from storage.engine.schema import (
    JsonOf,
    Written,
    drafts,
    inbox,
    metadata,
    outbox,
    people,
    publications,
)
from storage.engine.secrets_at_rest import Sealed, Secret, SecretJson
from storage.engine.upgrade import configuration
from storage.privacy.retention import Durations
from storage.queues.outbox import Audience, Delivery
from storage.records.drafts import Draft
from storage.subject import Kind, Subject


async def in_database(url: str, function: Callable[[Connection], Any]) -> Any:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        result = await connection.run_sync(function)
    await engine.dispose()
    return result


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_the_migrations_make_the_schema_that_the_code_knows(
    database: Database, url: str
) -> None:
    del database
    assert await in_database(url, differences) == []


def definitions(path: str) -> dict[str, list[str]]:
    """What SQLite was told, word by word, without order or layout."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    connection.close()
    return {name: sorted(re.findall(r"[^\s,()]+|[()]", sql)) for name, sql in found}


@ON_SQLITE
async def test_the_migrations_and_the_schema_say_the_same_word_by_word(
    database: Database, url: str, tmp_path: Path
) -> None:
    """What autogenerate does not compare: AUTOINCREMENT, ON DELETE, the names of constraints."""
    del database
    direct = create_engine(f"sqlite:///{tmp_path}/direct.db")
    metadata.create_all(direct)
    direct.dispose()
    migrated = definitions(str(make_url(url).database))
    migrated.pop("alembic_version")
    assert migrated == definitions(f"{tmp_path}/direct.db")


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await person(database, 7)
    await database.migrate()
    assert [row["telegram_id"] for row in await rows(database, "people")] == [7]


async def test_two_processes_starting_at_once_migrate_once(url: str) -> None:
    both = (Database(url), Database(url))
    await asyncio.gather(*(one.migrate() for one in both))
    found = await rows(both[0], "alembic_version")
    for one in both:
        await one.close()
    assert found == [{"version_num": NEWEST}]


def move_back_to(revision: str) -> Callable[[Connection], None]:
    def move_back(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    return move_back


async def test_every_migration_can_be_undone(database: Database, url: str) -> None:
    del database

    def tables(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    await in_database(url, move_back_to("base"))
    assert await in_database(url, tables) == ["alembic_version"]


def revision_before(name: str) -> str:
    """Return the revision that a migration goes on from; its file is known by its name."""
    scripts = ScriptDirectory.from_config(configuration())
    (found,) = (one for one in scripts.walk_revisions() if one.path.endswith(f"{name}.py"))
    assert isinstance(found.down_revision, str)
    return found.down_revision


ANSWERS = {"company": "\u00c7a <b> \u2019 \U0001f600", "contact": "x", "role": None}
# What stood among the answers, and what it is now.
FLAGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"reused": "TI-2026-0001"}, {"reuses": "TI-2026-0001"}),
    ({"changes": "TI-2026-2", "leaving": "1"}, {"changes": "TI-2026-2", "leaving": True}),
    ({"reminded": "1"}, {"reminded": True}),
    ({"unsure": "l'\u00e9t\u00e9"}, {"unsure": "l'\u00e9t\u00e9"}),
]


def begin_forms(connection: Connection) -> None:
    """Keep forms as the first version did; columns that came later are not named."""
    for number, (flags, _) in enumerate(FLAGS, 1):
        someone = {"id": number, "telegram_id": number, "created_at": START, "last_seen_at": START}
        connection.execute(insert(people).values(someone))
        form = {"person_id": number, "form": "interest", "step": "role", "subject": "a"}
        kept = {"answers": flags | ANSWERS, "updated_at": START}
        connection.execute(insert(drafts).values(form | kept))


def kept_answers(connection: Connection) -> list[Any]:
    return list(connection.scalars(select(drafts.c.answers).order_by(drafts.c.person_id)))


async def test_a_form_in_progress_outlives_the_move_of_its_flags_out_of_its_answers(
    database: Database, url: str
) -> None:
    former = revision_before("draft_flags")
    await in_database(url, move_back_to(former))
    await in_database(url, begin_forms)
    await database.migrate()
    async with database.begin() as work:
        for number, (_, fields) in enumerate(FLAGS, 1):
            form = Draft(number, "interest", "role", "a", ANSWERS, updated_at=START)
            found = await work.drafts.of(number)
            assert found == replace(form, **fields)
            assert found
            assert list(found.answers) == list(ANSWERS)
    await in_database(url, move_back_to(former))
    assert await in_database(url, kept_answers) == [flags | ANSWERS for flags, _ in FLAGS]


def owe_as_before(connection: Connection) -> None:
    """Keep an update, calls and a change as the former version did; no later column is named."""
    waiting = {"state": "waiting", "created_at": START, "method": "sendMessage"}
    group = {"lane": "administrators", "audience": "administrators"}
    chat = {"lane": "person:-100", "audience": "person", "chat_id": -100}
    sent = {"state": "sent", "sent_at": START, "sent_chat_id": -100, "message_id": 9}
    update = {"update_id": 1, "chat_id": 7, "body": "{}", "received_at": START, "state": "waiting"}
    change = {"kind": "upload", "state": "asked", "chat_id": -100, "asked_at": START}
    connection.execute(insert(inbox).values(update | {"claimed_by": "here"}))
    call = {"payload": {"text": "x"}, "about": "interest:1"}
    connection.execute(insert(outbox).values(waiting | group | call))
    connection.execute(insert(outbox).values(waiting | chat | sent | {"about": "gap:3"}))
    connection.execute(insert(publications).values(change))


async def test_what_the_former_version_left_is_taken_up(database: Database, url: str) -> None:
    await in_database(url, move_back_to("0008"))
    await in_database(url, owe_as_before)
    await database.migrate()
    await database.join()
    async with database.begin() as work:
        (update,) = await work.inbox.claim("here", [], 10, Which.SUSPECT)
        assert update.crashes == 1
        (call,) = await work.outbox.claim("here", [], 10, list(Audience))
        assert (call.crashes, call.is_final, call.makes, call.quotes) == (0, False, None, ())
        change = await work.change_requests.claim("here")
        assert change is not None
        assert (change.crashes, change.topic_id) == (0, None)
        assert await work.outbox.delivery(Subject(Kind.GAP, 3)) == Delivery(-100, 9)
        erased = await work.rights.erase((await work.people.seen(7)).id)
        assert erased.deliveries == ()
        await work.retention.apply(Durations())


# Requests of the version before they had a life, by status: those that each went through.
FORMER_LIVES = {
    "received": ("received",),
    "taken": ("received", "taken", "received", "taken"),
    "introduced": ("received", "taken", "introduced"),
    "closed": ("received", "taken", "closed"),
    "refused": ("received", "refused"),
    "withdrawn": ("received", "withdrawn", "received", "withdrawn"),
}
KINDS_NOW = {
    "received": ["declare", "changed"],
    "taken": ["declare", "changed", "take", "return", "take"],
    "introduced": ["declare", "changed", "take", "introduce"],
    "closed": ["declare", "changed", "take", "close"],
    "refused": ["declare", "changed", "refuse"],
    "withdrawn": ["declare", "changed", "withdraw", "declare_again", "withdraw"],
}


def live_as_before(connection: Connection) -> None:
    """Keep a request in each status, and one that is anonymous, as revision 0017 did."""
    before = MetaData()
    before.reflect(connection, only=("people", "interests", "interest_events", "outbox"))
    old = before.tables
    for number, (status, steps) in enumerate([*FORMER_LIVES.items(), ("taken", ())], 1):
        moment = {"created_at": START, "updated_at": START + timedelta(days=number)}
        someone = {"telegram_id": 100 + number, "created_at": START, "last_seen_at": START}
        connection.execute(insert(old["people"]).values(someone))
        values: dict[str, Any] = {
            "project_id": "hydrogen",
            "project_title": "Hydrogen",
            "company": f"C{number}",
        }
        values |= {"contact_name": "Ada", "contact_kind": "phone", "contact": "1", "siret": "732"}
        values |= {"number": f"TI-2026-000{number}", "status": status, "consent_at": START}
        values |= {"person_id": number if steps else None} | moment
        if status not in {"received", "taken", "introduced"}:
            values["closed_at"] = START
        connection.execute(insert(old["interests"]).values(values))
        for at, step in enumerate(steps):
            event: dict[str, Any] = {
                "interest_id": number,
                "status": step,
                "at": START + timedelta(hours=at),
            }
            is_ours = step in {"taken", "introduced", "closed", "refused"}
            actor = {"actor_id": 50 + at, "actor_name": f"Ada {at}"} if is_ours else {}
            connection.execute(insert(old["interest_events"]).values(event | actor))
            if not at:
                changed = {"changes": [["company", "x", "y"]], "status": step}
                connection.execute(insert(old["interest_events"]).values(event | changed))
        call: dict[str, Any] = {
            "lane": "administrators",
            "audience": "administrators",
            "method": "sendMessage",
        }
        call |= {"state": "waiting", "created_at": START, "about": f"interest:{number}"}
        connection.execute(insert(old["outbox"]).values(call | {"payload": {"text": "x"}}))


async def test_requests_of_the_former_version_go_on_with_their_history_and_in_somebody_s_charge(
    database: Database, url: str
) -> None:
    await in_database(url, move_back_to("0017"))
    await in_database(url, live_as_before)
    await database.migrate()
    async with database.begin() as work:
        found = [await work.interests.get(number) for number in range(1, len(FORMER_LIVES) + 2)]
        requests = [one for one in found if one is not None]
        kinds = {
            one.status.value: [event.kind.value for event in await work.interests.events(one.id)]
            for one in requests[:-1]
        }
        due_now = {one.status.value for one in await work.request_lists.without_deadline(10)}
        known = [one.telegram_id for one in await work.colleagues.latest(10)]
        waiting = await work.outbox.waiting_count()
    assert kinds == KINDS_NOW
    assert [(one.company, one.siret) for one in requests] == [
        (f"C{number}", "732") for number in range(1, len(requests) + 1)
    ]
    taken = requests[1]
    assert (taken.owner_id, taken.owner_name) == (53, "Ada 3")
    assert taken.taken_at == taken.touched_at == START + timedelta(hours=3)
    # Whoever is put in touch is asked whether it helped, as from now on.
    introduced = requests[2]
    assert (introduced.owner_id, introduced.introduced_at) == (51, START + timedelta(hours=2))
    closed = requests[3]
    assert (closed.owner_id, closed.introduced_at, closed.closed_at) == (51, None, START)
    # Nothing is planned for them yet: the clock does that, for what is open and somebody's.
    assert due_now == {"received", "taken", "introduced"}
    assert requests[-1].is_anonymous
    assert set(known) == {51, 52, 53}
    assert waiting == len(requests)
    await in_database(url, move_back_to("0017"))
    await database.migrate()
    async with database.begin() as work:
        assert (await work.interests.get(2)) == taken


async def test_a_database_of_a_later_version_is_refused_and_left_alone(
    database: Database, url: str
) -> None:
    def come_from_the_future(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await person(database, 7)
    await in_database(url, come_from_the_future)
    with pytest.raises(DatabaseTooNewError, match="9999"):
        await database.migrate()
    assert await rows(database, "alembic_version") == [{"version_num": "9999"}]
    assert len(await rows(database, "people")) == 1


async def expect_unusable(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseUnavailableError):
        await database.migrate()
    await database.close()
    # The driver's thread, which has nothing to close, ends by itself.
    for thread in threading.enumerate():
        if "_connection_worker" in thread.name:
            await asyncio.to_thread(thread.join)


async def test_what_cannot_be_opened_is_an_error_of_the_storage(tmp_path: Path) -> None:
    await expect_unusable(tmp_path)


async def test_what_is_no_database_is_an_error_of_the_storage(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_text("a letter, not a database" * 100)
    await expect_unusable(tmp_path / "bot.db")


async def test_the_log_tells_the_revision_and_nothing_of_alembic(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    database = Database(url)
    await database.migrate()
    await database.close()
    assert [record.getMessage() for record in caplog.records] == [f"database at revision {NEWEST}"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_migrations_can_be_written_out_for_an_administrator(dialect: str) -> None:
    written = io.StringIO()
    config = configuration()
    config.output_buffer = written
    config.attributes["dialect"] = dialect
    command.upgrade(config, "head", sql=True)
    for table in metadata.tables:
        assert f"CREATE TABLE {table} " in written.getvalue()
    assert ("BIGSERIAL" in written.getvalue()) == (dialect == "postgresql")
    assert ("AUTOINCREMENT" in written.getvalue()) == (dialect == "sqlite")


def test_migrations_follow_one_another() -> None:
    files = sorted(path.stem for path in (MIGRATIONS / "versions").glob("*.py"))
    assert [name[:4] for name in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    assert ScriptDirectory.from_config(configuration()).get_heads() == [NEWEST]


# Texts without a limit of their own, and what limits them.
LIMITED_ELSEWHERE = {
    "inbox.body": "Telegram: one update; INBOX_LIMIT, FLOOD_LIMIT; erased once handled",
    "outbox.payload": "Telegram: one call of the Bot API; erased once sent",
    "outbox.attachment": "files of the knowledge only; what a person can fill is `makes`",
    "drafts.answers": "the step's check of each answer; one form a person",
    "interest_events.changes": "the answers of a request, each limited; CHANGES a day",
    "conversations.before": "two questions as they are kept, and titles of entries",
    "contexts.options": "the buttons of one message of ours: 100 of 128 signs; one row a person",
    "project_news.project_ids": "ids of the projects of one morning",
    "outbox.quotes": "ids of the few questions that a list quotes",
    "alerts.latest": "the latest five references",
    "questions.shown": "ids of the few entries that a decision shows",
    "publications.content": "LARGEST_BYTES of a file",
    "publications.report": "our own findings on a file",
    "rests.sent": "send times of a minute",
}


def test_every_text_has_a_limit_that_is_stated() -> None:
    unlimited = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Text | JSON | JsonOf | LargeBinary | SecretJson)
        or type(column.type) is Sealed
    }
    assert unlimited == set(LIMITED_ELSEWHERE)


async def test_no_text_is_stored_beyond_its_limit(database: Database) -> None:
    """Whatever a handler lets through, in every column that a person may fill."""
    written = [
        column.type
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Written | Secret)
    ]
    assert len(written) > 15
    async with inside(database, "engine").connect() as connection:
        for kind in written:
            longest = kind.longest
            for length in (longest, longest + 1, 10 * longest):
                given = bindparam("given", "x" * length, type_=kind)
                stored = await connection.scalar(select(given))
                assert len(stored) == min(length, longest)
                assert stored.endswith("x" if length <= longest else "\u2026")
