"""Who asked for news of the projects, and what people were told."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, String, Table, false

from storage.engine.schema.column_types import NAME, Id, JsonOf, UtcDateTime
from storage.engine.schema.metadata import CONSENT, metadata

# Who asked to be told of new projects; see `storage/records/subscriptions.py`.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, unique=True
    ),
    # Labels of the census; none: all of them.
    Column("territory", NAME),
    Column("sector", NAME),
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
    Column("title", NAME, nullable=False),
    Column("lead", NAME),
    Column("is_open", Boolean, nullable=False),
    # Whether subscribers were told of it, or it was there before anybody could be.
    Column("is_announced", Boolean, nullable=False),
    Column("seeks_lead", Boolean, nullable=False, server_default=false()),
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
