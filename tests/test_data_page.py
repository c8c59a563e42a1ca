"""The page of /mesdonnees: every column of every personal table is in it, however long it is."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dialogue import inside
from sqlalchemy import JSON, Boolean, DateTime, Integer, LargeBinary, String, insert
from sqlalchemy.types import TypeDecorator
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_SQLITE,
    TELEGRAM_ID,
    database_url,
    migrated_database,
    person,
    stopped_clock,
)

from bot.outbox.made_files import in_parts, made
from handlers.core.services import Identity, Services
from handlers.general.data_page import DataPage
from handlers.messages import LANGUAGES, Catalogue, moment, speaking
from storage.database import Database
from storage.engine.schema import interests, metadata
from storage.privacy.access import Access
from storage.queues.outbox import Audience, Making, Outgoing, Pending
from storage.records.deadlines import DeadlineKind
from storage.records.lifecycle import Ending, EventKind, Reason, Status
from storage.records.questions import QuestionLimits

TEXT = Catalogue.of("rights")
PERSON, CONVERSATION, INTEREST = 71, 72, 73
# The tables that a person fills, and how each row names them or what is theirs.
PERSONAL: dict[str, dict[str, Any]] = {
    "people": {"id": PERSON, "telegram_id": TELEGRAM_ID},
    "drafts": {"person_id": PERSON},
    "contexts": {"person_id": PERSON},
    "interests": {"id": INTEREST, "person_id": PERSON},
    "deadlines": {"interest_id": INTEREST},
    "introductions": {"interest_id": INTEREST},
    "interest_events": {"interest_id": INTEREST, "actor_id": TELEGRAM_ID, "status": "closed"},
    "subscriptions": {"person_id": PERSON},
    "questions": {"person_id": PERSON, "treated_by": TELEGRAM_ID, "publication_id": None},
    "conversations": {
        "id": CONVERSATION,
        "person_id": PERSON,
        "question_id": None,
        "closed_by": TELEGRAM_ID,
    },
    "conversation_messages": {"conversation_id": CONVERSATION, "author_id": TELEGRAM_ID},
    "signatures": {"telegram_id": TELEGRAM_ID},
    "colleagues": {"telegram_id": TELEGRAM_ID},
    "inbox": {"chat_id": TELEGRAM_ID, "state": "aside"},
    "outbox": {"chat_id": TELEGRAM_ID, "state": "parked", "makes": None},
    "publications": {"actor_id": TELEGRAM_ID, "decided_by_id": TELEGRAM_ID},
}
NOT_PERSONAL = {"counters", "chat_moves", "workers", "rests", "recurrences", "alarms"}
NOT_PERSONAL |= {"known_projects", "project_news"}
# Counts of a day at most, under a digest; and what happened to the bot.
NOT_PERSONAL |= {"allowances", "alerts"}
# How many questions and openings a day had, of nobody in particular.
NOT_PERSONAL |= {"tallies", "arrivals"}
# Our own texts, keys and counts.
NOT_PERSONAL |= {"consent_wordings", "data_keys", "retention_register"}
# What the page does not show: each is no thing said by or about the person.
NOT_SHOWN = {
    "draft's and rows' ids, which only the database knows": {
        *(f"{table}.id" for table in PERSONAL),
        *(f"{table}.person_id" for table in PERSONAL),
        "interest_events.interest_id",
        "deadlines.interest_id",
        "introductions.interest_id",
        "conversation_messages.conversation_id",
        "questions.update_id",
        "questions.publication_id",
        "conversations.question_id",
        "conversations.interest_id",
        "inbox.update_id",
        "outbox.update_id",
    },
    "how the queues work": {
        *(
            f"{table}.{column}"
            for table in ("inbox", "outbox", "publications")
            for column in ("claimed_by", "attempts", "crashes", "not_before", "state")
        ),
        "inbox.done_at",
        "outbox.lane",
        "outbox.audience",
        "outbox.about",
        "outbox.priority",
        "outbox.keeps_hours",
        "outbox.makes",
        "outbox.makes_of",
        "outbox.attachment",
        "outbox.message_id",
        "outbox.sent_at",
        "outbox.sent_chat_id",
        "conversation_messages.message_id",
        "conversation_messages.stale",
        "drafts.editing",
        "drafts.leaving",
        "drafts.reminded",
    },
    "a digest of the contact, which is shown": {
        "interests.contact_digest",
        "people.address_digest",
    },
    "the account's number, shown once": {
        "interest_events.actor_id",
        "questions.treated_by",
        "conversations.closed_by",
        "conversation_messages.author_id",
        "conversation_messages.chat_id",
        "signatures.telegram_id",
        "colleagues.telegram_id",
        "inbox.chat_id",
        "outbox.chat_id",
        "publications.actor_id",
        "publications.decided_by_id",
        "publications.chat_id",
    },
    "who of the team does what, and whom they write to": {
        "interests.owner_id",
        "interests.owner_name",
        "outbox.address",
        "introductions.email",
    },
    "which message an edit or a reply is about": {
        "inbox.message_id",
        "inbox.checksum",
        "drafts.answered_step",
        "drafts.answered_in",
        "questions.message_id",
        "conversations.typed_in",
        "conversations.offered_in",
        "interest_events.reply_chat_id",
        "interest_events.reply_message_id",
        "outbox.quotes",
        "outbox.is_final",
        "publications.topic_id",
    },
    "told in words": {
        "people.language_chosen",
        "conversation_messages.side",
        "conversations.opened_by",
        "questions.helpful",
        "interest_events.status",
        "interest_events.kind",
        "interest_events.side",
        "outbox.parked_at",
    },
    "a change of the public files": {
        f"publications.{column}"
        for column in (
            "kind",
            "subject",
            "about",
            "base",
            "content",
            "report",
            "version_id",
            "published_at",
            "ended_at",
        )
    },
}
HIDDEN = set().union(*NOT_SHOWN.values())


def services() -> Services:
    class Nothing:
        def title_of(self, _shown: str, _language: str) -> None:
            return None

    identity = Identity("l'équipe", "", "", "", "")
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    return Services(Nothing(), identity, lambda: start)  # type: ignore[arg-type]  # asked for titles only


class Marks:
    """A value for each column that is found nowhere else, and how the page writes it."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, column: Any) -> tuple[Any, str]:
        self.count += 1
        kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
        word = f"m{self.count}m"
        match kind:
            case DateTime():
                at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=self.count)
                return at, moment(at)
            case JSON():
                shapes: dict[str, Any] = {
                    "shown": [word],
                    "options": [[word, "data"]],
                    "before": [[word, ""]],
                    "changes": [["message", None, word]],
                }
                return shapes.get(column.name, {"company": word}), word
            case LargeBinary():
                return word.encode(), word
            case Boolean():
                return True, word
            case String():
                return word[: kind.length], word
            case Integer():
                return 9_000_000 + self.count, str(9_000_000 + self.count)
        raise TypeError(column)


async def fill(database: Database) -> dict[str, str]:
    """Insert a row in every personal table; return what the page must show, by column."""
    marks, expected = Marks(), dict[str, str]()
    async with inside(database, "engine").begin() as connection:
        for table in metadata.sorted_tables:
            if table.name not in PERSONAL:
                continue
            row: dict[str, Any] = {}
            for column in table.columns:
                row[column.name], mark = marks.of(column)
                expected[f"{table.name}.{column.name}"] = mark
            given = PERSONAL[table.name]
            if "id" in table.c and "id" not in given:
                row["id"] = 1
            await connection.execute(insert(table), row | given)
            expected |= {
                f"{table.name}.{name}": str(value) for name, value in given.items() if value
            }
    return expected


async def page_of(database: Database, telegram_id: int = TELEGRAM_ID) -> str:
    page = DataPage(database.begin, services(), telegram_id)
    return "\n".join([piece async for piece in page.pieces()])


def test_every_table_is_personal_or_not() -> None:
    assert set(PERSONAL) | NOT_PERSONAL == set(metadata.tables)
    columns = {f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns}
    assert {name for name in HIDDEN if name.split(".")[1] not in {"id", "person_id"}} <= columns | {
        "publications.attempts",
        "publications.not_before",
    }


async def test_the_page_shows_every_column(database: Database) -> None:
    expected = await fill(database)
    page = await page_of(database)
    missing = {
        column
        for column, mark in expected.items()
        if column not in HIDDEN and mark not in page.replace("\u00a0", " ")
    }
    assert missing == set()


def raw_words(language: str, name: str, **values: Any) -> list[str]:
    """Return what a part of the page says after each moment."""
    with speaking(language):
        said = TEXT(name, **values).replace("\u00a0", " ")
    return [line.partition(": ")[2] or line for line in re.findall(r"<li>(.*?)</li>", said)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_stored_by_a_word_of_ours_is_told_in_words(language: str) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    events: list[Any] = [
        {"kind": kind, "at": at, "changes": [], "note": None} for kind in EventKind
    ]
    told = raw_words(language, "data_events", rows=events)
    assert len(set(told)) == len(EventKind)
    assert set(told).isdisjoint(EventKind)
    due = [{"kind": kind, "due_at": at} for kind in DeadlineKind]
    told = raw_words(language, "data_deadlines", rows=due)
    assert len(set(told)) == len(DeadlineKind)
    assert [one for one in told if one.split(",")[0] in set(DeadlineKind)] == []
    with speaking(language):
        pages = [
            TEXT(
                "data_request",
                row=dict.fromkeys([*interests.c.keys(), "consent_wording"], at) | {field: word},
            )
            for field, words in (("outcome", Ending), ("reason", Reason), ("status", Status))
            for word in words
        ]
    assert [word for word in (*Ending, *Reason) if f", {word}<" in str(pages)] == []
    assert [word for word in (*Ending, *Reason) if f">{word}" in str(pages)] == []


async def test_the_page_of_a_stranger_is_nothing(database: Database) -> None:
    await fill(database)
    assert await page_of(database, 8) == ""


async def test_the_page_of_another_person_tells_nothing_of_this_one(database: Database) -> None:
    expected = await fill(database)
    await person(database, 8)
    page = await page_of(database, 8)
    words = [mark for mark in expected.values() if re.fullmatch(r"m\d+m", mark)]
    assert [word for word in words if word in page] == []


async def ask_many(database: Database, count: int, text: str = "texte") -> None:
    someone = await person(database)
    limits = QuestionLimits(a_day=count)
    async with database.begin() as work:
        for number in range(count):
            words = f"q{number}q {text}"
            await work.questions.record(number, someone, words, "answer", ["a"], limits)


@pytest.fixture
async def many(database: Database) -> int:
    await ask_many(database, 173)
    return 173


def pending(makes: str = Making.PERSONAL_DATA) -> Any:
    return Pending(
        1, "", Audience.PERSON, TELEGRAM_ID, None, "sendDocument", {"caption": "c"},
        has_attachment=False, filename="a.html", about=None, attempts=0,
        created_at=datetime(2026, 3, 2, tzinfo=UTC), leaves_trace=False, makes=makes,
    )  # fmt: skip


async def test_pages_of_rows_leave_none_out_and_show_none_twice(
    database: Database, many: int
) -> None:
    page = await page_of(database)
    shown = [int(number) for number in re.findall(r"q(\d+)q", page)]
    assert shown == list(range(many))


@ON_SQLITE
async def test_a_large_file_is_cut_in_pages_that_can_each_be_opened(
    database: Database, many: int
) -> None:
    async with made(database, services(), pending(), largest=9_000) as files:
        parts = [file.read().decode() for file in files]
        calls = [in_parts(pending(), number, len(parts)) for number, _ in enumerate(parts, 1)]
    assert len(parts) > 2
    for part in parts:
        assert part.startswith("<!doctype html>")
        assert part.endswith("</html>")
        assert len(part.encode()) <= 9_000
    shown = [int(number) for number in re.findall(r"q(\d+)q", "".join(parts))]
    assert shown == list(range(many))
    assert [call.filename for call in calls][:2] == ["a-1.html", "a-2.html"]
    assert "Partie 2" in calls[1].payload["caption"]


async def test_one_piece_after_another_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows there are, no statement returns more than a page of them."""
    await ask_many(database, 400)
    read, sizes = Access.page, list[int]()

    async def counted(self: Access, *args: Any) -> Any:
        rows = await read(self, *args)
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(Access, "page", counted)
    await page_of(database)
    assert max(sizes) == 50
    assert sum(sizes) >= 400


@ON_SQLITE
async def test_a_file_unknown_to_this_version_or_of_an_erased_person_is_not_made(
    database: Database, many: int
) -> None:
    async with made(database, services(), pending("something new")) as files:
        assert files == []
    async with database.begin() as work:
        someone = await work.people.seen(TELEGRAM_ID)
        await work.rights.erase(someone.id)
    async with made(database, services(), pending()) as files:
        assert files == []


async def test_one_file_is_made_at_a_time(database: Database) -> None:
    async with database.begin() as work:
        assert not await work.outbox.is_making(Making.PERSONAL_DATA, TELEGRAM_ID)
        work.outbox.owe(
            Outgoing(
                Audience.PERSON,
                "sendDocument",
                {},
                chat_id=TELEGRAM_ID,
                makes=Making.PERSONAL_DATA,
            )
        )
        assert await work.outbox.is_making(Making.PERSONAL_DATA, TELEGRAM_ID)
        assert not await work.outbox.is_making(Making.PERSONAL_DATA, 8)
        (item,) = await work.outbox.claim("here", [], 5, [Audience.PERSON])
        assert (item.makes, item.has_attachment) == (Making.PERSONAL_DATA, False)
        await work.outbox.forget([item.id])
        assert not await work.outbox.is_making(Making.PERSONAL_DATA, TELEGRAM_ID)
