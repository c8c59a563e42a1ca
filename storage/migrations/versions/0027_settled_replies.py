"""Store with each note, and each message to a firm, the reply that it was: none is taken twice."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("reply_chat_id", "reply_message_id"):
        op.add_column("interest_events", sa.Column(name, sa.BigInteger()))
    op.create_index(
        "uq_interest_events_reply",
        "interest_events",
        ["reply_chat_id", "reply_message_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index("uq_interest_events_reply", "interest_events")
    for name in ("reply_chat_id", "reply_message_id"):
        op.drop_column("interest_events", name)
