"""What comes in from Telegram and what goes out, and who works on it."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
    literal_column,
)

from storage.engine.schema.column_types import ERROR, SECRET_NAME, Id, JsonOf, UtcDateTime
from storage.engine.schema.metadata import TRANSIENT, metadata, where
from storage.engine.secrets_at_rest import Sealed, SecretJson

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
    Column("address", SECRET_NAME),
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
    Column("error", ERROR),
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
    # The file to make while the call is made; its content is never stored. "makes_of": what
    # it is about, the days of a period or the id of a project.
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
