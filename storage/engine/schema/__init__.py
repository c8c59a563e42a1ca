"""The tables, for SQLite and PostgreSQL; the migrations must lead to exactly this schema.

An id is never given twice (`sqlite_autoincrement`), even after a deletion: ids live on in the
buttons of messages already sent.
"""

from storage.engine.schema.column_types import (
    Id,
    JsonOf,
    UtcDateTime,
    Written,
)
from storage.engine.schema.exchanges import (
    arrivals,
    conversation_messages,
    conversations,
    questions,
    signatures,
    tallies,
)
from storage.engine.schema.metadata import (
    CONSENT,
    TRANSIENT,
    metadata,
    where,
)
from storage.engine.schema.people import (
    VISITORS_BELOW,
    consent_wordings,
    contexts,
    drafts,
    people,
)
from storage.engine.schema.projects import (
    known_projects,
    project_news,
    subscriptions,
)
from storage.engine.schema.publications import (
    PUBLICATION_WAITING,
    publications,
)
from storage.engine.schema.queues import (
    INBOX_WAITING,
    OUTBOX_WAITING,
    chat_moves,
    inbox,
    outbox,
    rests,
    workers,
)
from storage.engine.schema.requests import (
    colleagues,
    deadlines,
    interest_events,
    interests,
    introductions,
)
from storage.engine.schema.service import (
    alarms,
    alerts,
    allowances,
    counters,
    data_keys,
    recurrences,
    retention_register,
)

__all__ = [
    "CONSENT",
    "INBOX_WAITING",
    "OUTBOX_WAITING",
    "PUBLICATION_WAITING",
    "TRANSIENT",
    "VISITORS_BELOW",
    "Id",
    "JsonOf",
    "UtcDateTime",
    "Written",
    "alarms",
    "alerts",
    "allowances",
    "arrivals",
    "chat_moves",
    "colleagues",
    "consent_wordings",
    "contexts",
    "conversation_messages",
    "conversations",
    "counters",
    "data_keys",
    "deadlines",
    "drafts",
    "inbox",
    "interest_events",
    "interests",
    "introductions",
    "known_projects",
    "metadata",
    "outbox",
    "people",
    "project_news",
    "publications",
    "questions",
    "recurrences",
    "rests",
    "retention_register",
    "signatures",
    "subscriptions",
    "tallies",
    "where",
    "workers",
]
