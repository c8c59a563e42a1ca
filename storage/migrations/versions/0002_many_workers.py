"""Several workers on one database: claims, priorities, shared send pauses and leaders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
WAITING = "state = 'waiting'"
CLAIMED = "state = 'waiting' AND claimed_by IS NOT NULL"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("claimed_by", sa.String(64)))
    op.drop_index("ix_inbox_state_chat_id_update_id", "inbox")
    create_index(
        "ix_inbox_waiting_order", "inbox", ["received_at", "update_id", "chat_id"], WAITING
    )
    create_index("ix_inbox_waiting_chat", "inbox", ["chat_id", "update_id"], WAITING)
    create_index("uq_inbox_claimed_chat", "inbox", ["chat_id"], CLAIMED, unique=True)
    op.add_column("outbox", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("claimed_by", sa.String(64)))
    op.drop_index("ix_outbox_state_lane_id", "outbox")
    create_index("ix_outbox_waiting_order", "outbox", ["priority", "id"], WAITING)
    create_index("ix_outbox_waiting_lane", "outbox", ["lane", "priority", "id"], WAITING)
    create_index("uq_outbox_claimed_lane", "outbox", ["lane"], CLAIMED, unique=True)
    create_tables_of_workers()


def downgrade() -> None:
    for table in ("rests", "leaderships", "workers"):
        op.drop_table(table)
    for name in ("uq_outbox_claimed_lane", "ix_outbox_waiting_lane", "ix_outbox_waiting_order"):
        op.drop_index(name, "outbox")
    op.drop_column("outbox", "claimed_by")
    op.drop_column("outbox", "priority")
    op.create_index("ix_outbox_state_lane_id", "outbox", ["state", "lane", "id"])
    for name in ("uq_inbox_claimed_chat", "ix_inbox_waiting_chat", "ix_inbox_waiting_order"):
        op.drop_index(name, "inbox")
    op.drop_column("inbox", "claimed_by")
    op.create_index("ix_inbox_state_chat_id_update_id", "inbox", ["state", "chat_id", "update_id"])


def create_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def create_tables_of_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "leaderships",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leaderships"),
    )
    op.create_table(
        "rests",
        sa.Column("lane", sa.String(48), nullable=False),
        sa.Column("sent", sa.JSON(), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_rests"),
    )
