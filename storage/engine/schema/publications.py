"""Changes of the files that were asked for."""

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, String, Table

from storage.engine.schema.column_types import MESSAGE, NAME, Id, UtcDateTime
from storage.engine.schema.metadata import metadata

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("actor_id", BigInteger),
    Column("actor_name", NAME),
    Column("chat_id", BigInteger, nullable=False),
    Column("file", String(64)),
    Column("subject", NAME),
    Column("wording", MESSAGE),
    Column("about", String(64), index=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("claimed_by", String(64)),
    Column("content", LargeBinary),
    Column("base", String(64)),
    Column("report", JSON(none_as_null=True)),
    Column("decided_by_id", BigInteger),
    Column("decided_by", NAME),
    Column("version_id", String(64)),
    Column("published_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("topic_id", BigInteger),
    Column("crashes", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# What waits for the machine; what is offered waits for a person.
PUBLICATION_WAITING = publications.c.state.in_(("asked", "wanted"))
