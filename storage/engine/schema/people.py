"""Persons: who they are, what they are writing, what they were shown, what they agreed to."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, String, Table, false

from storage.engine.schema.column_types import (
    MESSAGE,
    SECRET,
    SECRET_NAME,
    Id,
    JsonOf,
    UtcDateTime,
)
from storage.engine.schema.metadata import metadata
from storage.engine.secrets_at_rest import SecretJson

# Who writes by the pages has no Telegram account here: a random number below this one stands for
# it. Telegram's own ids have 52 significant bits (Bot API, "User"): none is ever mistaken for it.
VISITORS_BELOW = -(2**62)

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
    # Of a visitor: where letters go; none for who gave a telephone number.
    Column("address", SECRET_NAME),
    # Who has lost the link of a letter is found by it, without the address being readable here.
    Column("address_digest", String(64), index=True),
    sqlite_autoincrement=True,
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
    Column("unsure", SECRET),
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

# The texts that people agreed to, each once; the number of a text is its version.
consent_wordings = Table(
    "consent_wordings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("text", MESSAGE, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
