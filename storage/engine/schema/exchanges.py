"""Questions, and exchanges between a person and the team."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    false,
)

from storage.engine.schema.column_types import MESSAGE, NAME, SECRET, Id, JsonOf, UtcDateTime
from storage.engine.schema.metadata import metadata
from storage.engine.secrets_at_rest import SecretJson

questions = Table(
    "questions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("update_id", BigInteger, unique=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), index=True),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("text", MESSAGE, nullable=False),
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

# How many times in a day (in Paris) the bot was opened, by what was opened and where its link was:
# counts from the start, so that nothing here is, or ever was, of a person.
arrivals = Table(
    "arrivals",
    metadata,
    Column("day", Date, primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("opened", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
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
    Column("text", SECRET, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", BigInteger),
    Column("closed_by_name", NAME),
    # The message in the person's chat in which the question was typed: an edit refers to it.
    Column("typed_in", BigInteger),
    Column("edited_at", UtcDateTime),
    # The exchanges before the question that went with it: [asked, shown] each.
    Column("before", SecretJson(list)),
    # A text that the person was asked about passing on, the message it was typed in, and when.
    Column("offered", SECRET),
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
    Column("text", SECRET, nullable=False),
    Column("author_id", BigInteger),
    Column("signature", NAME),
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
