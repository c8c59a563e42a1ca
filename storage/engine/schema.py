"""The tables, for SQLite and PostgreSQL; the migrations must lead to exactly this schema."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
)
from sqlalchemy.types import TypeDecorator

from storage.engine.errors import NaiveTimeError
from storage.engine.secrets_at_rest import Sealed, Secret, SecretJson

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Key of `Table.info` that marks tables about the running processes: never copied to another
# database.
TRANSIENT = "transient"
# Key of `Column.info` that marks the number of a wording: wordings that no row names are forgotten.
CONSENT = "consent"

# SQLite numbers rows by itself only in a column whose type is exactly INTEGER (64 bits there).
Id = BigInteger().with_variant(Integer(), "sqlite")


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; without the time zone in SQLite, which has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time with `NaiveTimeError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError("a stored time needs a time zone")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """Read what is no time as the earliest one: SQLite stores any text.

        A query reads many rows: one that is spoilt must not keep the others from being read.
        """
        read = super().result_processor(dialect, coltype)

        def readable(value: object) -> datetime | None:
            try:
                return read(value) if read else None
            except (TypeError, ValueError, OverflowError):
                return _EARLIEST

        return readable if read else None


class JsonOf(TypeDecorator[Any]):
    """A JSON column of objects (`dict`) or of lists (`list`); what is another value reads as empty.

    Whoever wrote it, the person whose row it is must not be met by an error each time.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, shape: type[dict[str, Any]] | type[list[Any]]) -> None:
        super().__init__()
        self.shape = shape

    def process_result_value(
        self,
        value: object,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> object:
        """Return the value, or an empty one."""
        return value if isinstance(value, self.shape) else self.shape()


class Written(TypeDecorator[str]):
    """A text that a person may fill: whatever comes, no more than `longest` signs are stored.

    The forms refuse too long an answer in words; this is the limit where a check is missing.
    """

    impl = Text
    cache_ok = True

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> str | None:
        """Cut what is too long, and mark the cut."""
        if value is None or len(value) <= self.longest:
            return value
        return value[: self.longest - 1] + "\u2026"


# Bot API, "Message": a text has up to 4,096 signs; masking may lengthen it. A name has two parts of
# up to 64, to which a form allows 120; an error quotes no whole message.
_MESSAGE = Written(10_000)
_NAME = Written(1_000)
_ERROR = Written(2_000)
_SECRET, _SECRET_NAME = Secret(10_000), Secret(1_000)


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return the arguments of a partial index, for both databases."""
    return {"sqlite_where": condition, "postgresql_where": condition}


# An id is never given twice (`sqlite_autoincrement`), even after a deletion: ids live on in the
# buttons of messages already sent.
people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("telegram_id", BigInteger, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("blocked_at", UtcDateTime),
    # The language that the person wrote in last, or chose; none: nothing but French so far.
    Column("language", String(8)),
    Column("language_chosen", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", Id, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger),
    Column("body", Sealed),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime),
    Column("reference", String(64)),
    Column("done_at", UtcDateTime),
    Column("claimed_by", String(64)),
    # Which message an update brings, and a checksum of its words: an edit is compared with them.
    Column("message_id", BigInteger),
    Column("checksum", BigInteger),
    Column("crashes", Integer, nullable=False, server_default="0"),
)
# For the rate at which a chat sends updates: counts the latest ones, done or waiting.
Index(None, inbox.c.chat_id, inbox.c.received_at)
# Few of the kept rows are waiting, so the indexes hold only those.
INBOX_WAITING = inbox.c.state == literal_column("'waiting'")
# This index begins with the time, not with the update's number. PostgreSQL estimates that few rows
# wait: it would use a number-first index to look for earlier updates of a chat, and so read all the
# rows that wait in other chats.
Index(
    "ix_inbox_waiting_order",
    inbox.c.received_at,
    inbox.c.update_id,
    inbox.c.chat_id,
    **where(INBOX_WAITING),
)
Index("ix_inbox_waiting_chat", inbox.c.chat_id, inbox.c.update_id, **where(INBOX_WAITING))
# At most one update of a chat is claimed at a time, whatever the number of workers.
Index(
    "uq_inbox_claimed_chat",
    inbox.c.chat_id,
    unique=True,
    **where(INBOX_WAITING & inbox.c.claimed_by.is_not(None)),
)

# Suspects are few, among however many rows that wait.
Index(
    "ix_inbox_suspect",
    inbox.c.update_id,
    **where(INBOX_WAITING & (inbox.c.crashes > literal_column("0"))),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lane", String(48), nullable=False),
    Column("audience", String(16), nullable=False),
    Column("chat_id", BigInteger),
    # Of an e-mail: its only recipient.
    Column("address", _SECRET_NAME),
    Column("update_id", BigInteger),
    Column("method", String(64), nullable=False),
    Column("payload", SecretJson(none_as_null=True)),
    Column("attachment", LargeBinary),
    Column("filename", String(255)),
    Column("about", String(64), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    Column("error", _ERROR),
    Column("parked_at", UtcDateTime),
    Column("message_id", BigInteger),
    Column("sent_chat_id", BigInteger),
    Column("sent_at", UtcDateTime),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(64)),
    # Nothing takes the place of a final call that cannot be made.
    Column("is_final", Boolean, nullable=False, server_default=false()),
    # Caused by the clock: it is sent only while the office is open.
    Column("keeps_hours", Boolean, nullable=False, server_default=false()),
    Column("crashes", Integer, nullable=False, server_default="0"),
    # The file to make while the call is made; its content is never stored. "makes_of": the days
    # that it is about, for one of a period.
    Column("makes", String(16)),
    Column("makes_of", String(32)),
    # The ids of the questions whose words a message to facilitators repeats.
    Column("quotes", JSON(none_as_null=True)),
    sqlite_autoincrement=True,
)
OUTBOX_WAITING = outbox.c.state == literal_column("'waiting'")
Index("ix_outbox_waiting_order", outbox.c.priority, outbox.c.id, **where(OUTBOX_WAITING))
Index(
    "ix_outbox_waiting_lane",
    outbox.c.lane,
    outbox.c.priority,
    outbox.c.id,
    **where(OUTBOX_WAITING),
)
Index(
    "uq_outbox_claimed_lane",
    outbox.c.lane,
    unique=True,
    **where(OUTBOX_WAITING & outbox.c.claimed_by.is_not(None)),
)

Index(
    "ix_outbox_suspect",
    outbox.c.id,
    **where(OUTBOX_WAITING & (outbox.c.crashes > literal_column("0"))),
)

# Which message of ours somebody replies to.
Index(
    "ix_outbox_delivered",
    outbox.c.sent_chat_id,
    outbox.c.message_id,
    **where(outbox.c.message_id.is_not(None)),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    info={TRANSIENT: True},
)

rests = Table(
    "rests",
    metadata,
    Column("lane", String(48), primary_key=True),
    Column("sent", JsonOf(list), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    info={TRANSIENT: True},
)

chat_moves = Table(
    "chat_moves",
    metadata,
    Column("old_chat_id", Id, primary_key=True, autoincrement=False),
    Column("new_chat_id", BigInteger, nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column(
        "person_id",
        Id,
        ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("form", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("step", String(32), nullable=False),
    Column("answers", SecretJson(dict), nullable=False),
    Column("editing", Boolean, nullable=False, server_default=false()),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("changes", String(32)),
    Column("reuses", String(32)),
    Column("leaving", Boolean, nullable=False, server_default=false()),
    Column("reminded", Boolean, nullable=False, server_default=false()),
    Column("unsure", _SECRET),
    # The step that was answered by a typed text last, and the message with that text.
    Column("answered_step", String(32)),
    Column("answered_in", BigInteger),
)

# What each person was shown last; see `storage/records/contexts.py`.
contexts = Table(
    "contexts",
    metadata,
    Column(
        "person_id",
        Id,
        ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("topic", String(64)),
    Column("offer", String(64)),
    Column("options", JsonOf(list), nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# The texts that people agreed to, each once; the number of a text is its version.
consent_wordings = Table(
    "consent_wordings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("text", _MESSAGE, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

interests = Table(
    "interests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="SET NULL")),
    # Without a project, the row is a proposal; a person may make several.
    Column("project_id", String(128)),
    Column("project_title", _NAME, nullable=False),
    Column("project_lead", _NAME),
    Column("company", _NAME, nullable=False),
    Column("contact_name", _SECRET_NAME, nullable=False),
    Column("contact_kind", String(16), nullable=False),
    Column("contact", _SECRET_NAME, nullable=False),
    # For whoever writes a letter: their contact is looked up without being readable here.
    Column("contact_digest", String(64), index=True),
    # What was said beside the contact: when to call, whom to ask for.
    Column("contact_note", _SECRET),
    Column("role", String(16)),
    Column("message", _SECRET),
    Column("siret", Secret(14)),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("consent_version", BigInteger, info={CONSENT: True}),
    Column("status", String(16), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    # The administrator in charge, as Telegram names them.
    Column("owner_id", BigInteger, index=True),
    Column("owner_name", _NAME),
    Column("taken_at", UtcDateTime),
    Column("introduced_at", UtcDateTime),
    # When the team last did something about it.
    Column("touched_at", UtcDateTime),
    Column("outcome", String(16)),
    Column("reason", String(16)),
    # What the firm said of the contact, and when.
    Column("helped", String(16)),
    Column("helped_at", UtcDateTime),
    Column("relaunched_at", UtcDateTime),
    UniqueConstraint("person_id", "project_id"),
    sqlite_autoincrement=True,
)

interest_events = Table(
    "interest_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "interest_id",
        Id,
        ForeignKey("interests.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    # The defaults of "kind" and "side" are of rows written before there were such columns.
    Column("kind", String(16), nullable=False, server_default="declare"),
    # The status after it.
    Column("status", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("side", String(16), nullable=False, server_default="firm"),
    Column("actor_id", BigInteger, index=True),
    Column("actor_name", _NAME),
    Column("note", _SECRET),
    # The answers that the person changed: [field, before, after] each.
    Column("changes", SecretJson(list)),
    # The reply of an administrator that this is: the index lets none be taken twice.
    Column("reply_chat_id", BigInteger),
    Column("reply_message_id", BigInteger),
    Index("uq_interest_events_reply", "reply_chat_id", "reply_message_id", unique=True),
    sqlite_autoincrement=True,
)

# What is due about a request; see `storage/records/deadlines.py`.
deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("interest_id", Id, ForeignKey("interests.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("interest_id", "kind"),
    sqlite_autoincrement=True,
)

# Who asked to be told of new projects; see `storage/records/subscriptions.py`.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True
    ),
    # Labels of the census; none: all of them.
    Column("territory", _NAME),
    Column("sector", _NAME),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("consent_version", BigInteger, nullable=False, info={CONSENT: True}),
    sqlite_autoincrement=True,
)

# The projects as they stood when people were last told of them; see
# `storage/records/project_news.py`.
known_projects = Table(
    "known_projects",
    metadata,
    Column("project_id", String(128), primary_key=True),
    Column("title", _NAME, nullable=False),
    Column("lead", _NAME),
    Column("is_open", Boolean, nullable=False),
    # Whether subscribers were told of it, or it was there before anybody could be.
    Column("is_announced", Boolean, nullable=False),
)

# What people are being told about projects: one row until all were.
project_news = Table(
    "project_news",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("project_ids", JsonOf(list), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # The last row that was told, of the subscriptions or of the interests.
    Column("told_up_to", BigInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# Whom the contact of a request may be passed to, and what the firm answered when it was asked.
introductions = Table(
    "introductions",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "interest_id",
        Id,
        ForeignKey("interests.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    # The project that this is the lead of, whose contact is in the files; else as it was typed.
    Column("project_id", String(128)),
    Column("name", _SECRET_NAME, nullable=False),
    Column("email", _SECRET_NAME),
    Column("state", String(16), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    sqlite_autoincrement=True,
)

questions = Table(
    "questions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("update_id", BigInteger, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), index=True),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("text", _MESSAGE, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("shown", JsonOf(list), nullable=False),
    Column("chosen", String(128)),
    Column("chosen_at", UtcDateTime),
    Column("helpful", Boolean),
    Column("treated_at", UtcDateTime),
    Column("treated_how", String(16)),
    Column("treated_by", BigInteger),
    # The pending publication that would answer the question; NULL once it is done or given up.
    Column("publication_id", BigInteger, index=True),
    # The message in the person's chat in which it was typed: an edit refers to it.
    Column("message_id", BigInteger),
    sqlite_autoincrement=True,
)

# How many questions of a day (in Paris) had which outcome, of those that are no longer stored: the
# figures of a period stay the same when its questions are deleted. Nothing here is of a person.
tallies = Table(
    "tallies",
    metadata,
    Column("day", Date, primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("answered", Boolean, primary_key=True),
    # The id of the entry that answered; empty for none.
    Column("entry", String(128), primary_key=True),
    Column("asked", BigInteger, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("question_id", Id, ForeignKey("questions.id", ondelete="SET NULL"), unique=True),
    # The request that the exchange is about: it is then with the administrators. No foreign key,
    # which SQLite cannot add to a table: a request is never deleted.
    Column("interest_id", Id),
    Column("opened_by", String(16), nullable=False),
    Column("text", _SECRET, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", BigInteger),
    Column("closed_by_name", _NAME),
    # The message in the person's chat in which the question was typed: an edit refers to it.
    Column("typed_in", BigInteger),
    Column("edited_at", UtcDateTime),
    # The exchanges before the question that went with it: [asked, shown] each.
    Column("before", SecretJson(list)),
    # A text that the person was asked about passing on, the message it was typed in, and when.
    Column("offered", _SECRET),
    Column("offered_in", BigInteger),
    Column("offered_at", UtcDateTime),
    Index(None, "person_id"),
    Index(None, "interest_id", unique=True),
    sqlite_autoincrement=True,
)

conversation_messages = Table(
    "conversation_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "conversation_id",
        Id,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("side", String(16), nullable=False),
    Column("text", _SECRET, nullable=False),
    Column("author_id", BigInteger),
    Column("signature", _NAME),
    # The chat and message in which it was typed: an edit refers to them.
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("edited_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    # The text was edited during delivery: the edited text must still be delivered.
    Column("stale", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("chat_id", "message_id"),
    sqlite_autoincrement=True,
)

signatures = Table(
    "signatures",
    metadata,
    Column("telegram_id", Id, primary_key=True, autoincrement=False),
    Column("used_at", UtcDateTime, nullable=False),
)

# The administrators whom the bot has met in their group.
colleagues = Table(
    "colleagues",
    metadata,
    Column("telegram_id", Id, primary_key=True, autoincrement=False),
    Column("name", _NAME, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

recurrences = Table(
    "recurrences",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("last_at", UtcDateTime, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("actor_id", BigInteger),
    Column("actor_name", _NAME),
    Column("chat_id", BigInteger, nullable=False),
    Column("file", String(64)),
    Column("subject", _NAME),
    Column("wording", _MESSAGE),
    Column("about", String(64), index=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("claimed_by", String(64)),
    Column("content", LargeBinary),
    Column("base", String(64)),
    Column("report", JSON(none_as_null=True)),
    Column("decided_by_id", BigInteger),
    Column("decided_by", _NAME),
    Column("version_id", String(64)),
    Column("published_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("topic_id", BigInteger),
    Column("crashes", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# What waits for the machine; what is offered waits for a person.
PUBLICATION_WAITING = publications.c.state.in_(("asked", "wanted"))

# How often something was done within a period; see `storage/records/allowances.py`.
allowances = Table(
    "allowances",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("spent", BigInteger, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
    Column("told_at", UtcDateTime),
)

# What happened and how often, until a group is told: one row, however often it happens.
alerts = Table(
    "alerts",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("audience", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("latest", JSON, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
)

# The keys that texts were encrypted with; see `storage/engine/secrets_at_rest.py`.
data_keys = Table(
    "data_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    # A known text under that key: what another key of the same id could not read.
    Column("sample", String(255), nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
)

# How much retention erased on each day, by table: kept, as it tells of nobody.
retention_register = Table(
    "retention_register",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("what", String(32), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
)
