"""Know which message an edit or a reply refers to; count what one account may do."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
IS_DELIVERED = sa.text("message_id IS NOT NULL")
COLUMNS = (
    ("inbox", "message_id", sa.BigInteger()),
    ("inbox", "checksum", sa.BigInteger()),
    ("drafts", "answered_step", sa.String(32)),
    ("drafts", "answered_in", sa.BigInteger()),
    ("questions", "message_id", sa.BigInteger()),
    ("conversations", "typed_in", sa.BigInteger()),
    ("conversations", "edited_at", Time),
)


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind))
    op.create_index(
        "ix_outbox_delivered",
        "outbox",
        ["sent_chat_id", "message_id"],
        sqlite_where=IS_DELIVERED,
        postgresql_where=IS_DELIVERED,
    )
    op.create_table(
        "allowances",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("told_at", Time),
        sa.PrimaryKeyConstraint("key", name="pk_allowances"),
    )
    op.create_index("ix_allowances_until", "allowances", ["until"])


def downgrade() -> None:
    op.drop_index("ix_allowances_until", "allowances")
    op.drop_table("allowances")
    op.drop_index("ix_outbox_delivered", "outbox")
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name)
