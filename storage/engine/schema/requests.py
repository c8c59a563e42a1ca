"""The requests of firms, their lives, and whom they are put in touch with."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, UniqueConstraint

from storage.engine.schema.column_types import NAME, SECRET, SECRET_NAME, Id, UtcDateTime
from storage.engine.schema.metadata import CONSENT, metadata
from storage.engine.secrets_at_rest import Secret, SecretJson

interests = Table(
    "interests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="SET NULL")),
    # Without a project, the row is a proposal; a person may make several.
    Column("project_id", String(128)),
    Column("project_title", NAME, nullable=False),
    Column("project_lead", NAME),
    Column("company", NAME, nullable=False),
    Column("contact_name", SECRET_NAME, nullable=False),
    Column("contact_kind", String(16), nullable=False),
    Column("contact", SECRET_NAME, nullable=False),
    # For whoever writes a letter: their contact is looked up without being readable here.
    Column("contact_digest", String(64), index=True),
    # What was said beside the contact: when to call, whom to ask for.
    Column("contact_note", SECRET),
    Column("role", String(16)),
    Column("message", SECRET),
    Column("siret", Secret(14)),
    Column("consent_at", UtcDateTime, nullable=False),
    Column("consent_version", BigInteger, info={CONSENT: True}),
    Column("status", String(16), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    # The administrator in charge, as Telegram names them.
    Column("owner_id", BigInteger, index=True),
    Column("owner_name", NAME),
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
    Column("actor_name", NAME),
    Column("note", SECRET),
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
    Column("name", SECRET_NAME, nullable=False),
    Column("email", SECRET_NAME),
    Column("state", String(16), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    sqlite_autoincrement=True,
)

# The administrators whom the bot has met in their group.
colleagues = Table(
    "colleagues",
    metadata,
    Column("telegram_id", Id, primary_key=True, autoincrement=False),
    Column("name", NAME, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
