"""Store what changed in a request, what came before a handoff, and a text offered to pass on."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interest_events", sa.Column("changes", sa.JSON()))
    op.add_column("conversations", sa.Column("before", sa.JSON()))
    op.add_column("conversations", sa.Column("offered", sa.Text()))
    op.add_column("conversations", sa.Column("offered_in", sa.BigInteger()))
    op.add_column("conversations", sa.Column("offered_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("conversations", "offered_at")
    op.drop_column("conversations", "offered_in")
    op.drop_column("conversations", "offered")
    op.drop_column("conversations", "before")
    op.drop_column("interest_events", "changes")
