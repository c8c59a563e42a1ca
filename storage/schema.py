"""The tables, once, for SQLite and PostgreSQL; the migrations must lead to exactly this."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
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
)
from sqlalchemy.types import TypeDecorator

from storage.errors import NaiveTimeError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column whose type is exactly INTEGER (64 bits there).
Id = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite, which knows no time zone, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time with `NaiveTimeError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError("a stored time needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", Id, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger),
    Column("body", Text),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime),
    Column("reference", String(64)),
    Column("done_at", UtcDateTime),
    Index(None, "state", "chat_id", "update_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("lane", String(48), nullable=False),
    Column("audience", String(16), nullable=False),
    Column("chat_id", BigInteger),
    Column("method", String(64), nullable=False),
    Column("payload", JSON(none_as_null=True)),
    Column("attachment", LargeBinary),
    Column("filename", String(255)),
    Column("about", String(64), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("parked_at", UtcDateTime),
    Column("message_id", BigInteger),
    Column("sent_chat_id", BigInteger),
    Column("sent_at", UtcDateTime),
    Index(None, "state", "lane", "id"),
    sqlite_autoincrement=True,
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
    Column("answers", JSON, nullable=False),
    Column("editing", Boolean, nullable=False, server_default=false()),
    Column("updated_at", UtcDateTime, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

interests = Table(
    "interests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="SET NULL")),
    # Without a project it is a proposal, of which a person may make several.
    Column("project_id", String(128)),
    Column("project_title", Text, nullable=False),
    Column("project_lead", Text),
    Column("company", Text, nullable=False),
    Column("contact_name", Text, nullable=False),
    Column("contact_kind", String(16), nullable=False),
    Column("contact", Text, nullable=False),
    Column("role", String(16)),
    Column("message", Text),
    Column("siret", String(14)),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
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
    Column("status", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", BigInteger, index=True),
    Column("actor_name", Text),
    Column("note", Text),
    sqlite_autoincrement=True,
)

questions = Table(
    "questions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("update_id", BigInteger, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), index=True),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("shown", JSON, nullable=False),
    Column("chosen", String(128)),
    Column("chosen_at", UtcDateTime),
    Column("helpful", Boolean),
    sqlite_autoincrement=True,
)
