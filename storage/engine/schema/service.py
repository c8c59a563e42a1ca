"""What the service keeps of its own work: numbers, rates, alerts, keys, erasures."""

from sqlalchemy import JSON, BigInteger, Column, String, Table

from storage.engine.schema.column_types import UtcDateTime
from storage.engine.schema.metadata import metadata

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

recurrences = Table(
    "recurrences",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("last_at", UtcDateTime, nullable=False),
)

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
