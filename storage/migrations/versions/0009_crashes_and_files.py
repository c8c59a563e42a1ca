"""Count the deaths of workers that held a row, and name the files that a call makes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CLAIMED = ("inbox", "outbox", "publications")
SUSPECTS = (("ix_inbox_suspect", "inbox", "update_id"), ("ix_outbox_suspect", "outbox", "id"))


def upgrade() -> None:
    for table in CLAIMED:
        op.add_column(table, sa.Column("crashes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("makes", sa.String(16)))
    for name, table, key in SUSPECTS:
        is_suspect = sa.text("state = 'waiting' AND crashes > 0")
        op.create_index(name, table, [key], sqlite_where=is_suspect, postgresql_where=is_suspect)


def downgrade() -> None:
    for name, table, _ in SUSPECTS:
        op.drop_index(name, table)
    op.drop_column("outbox", "makes")
    for table in CLAIMED:
        op.drop_column(table, "crashes")
