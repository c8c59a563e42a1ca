"""Store counts of the questions that are deleted, and which days a file that is made is about."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.String(128), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome", "answered", "entry", name="pk_tallies"),
    )
    op.add_column("outbox", sa.Column("makes_of", sa.String(32)))


def downgrade() -> None:
    op.drop_column("outbox", "makes_of")
    op.drop_table("tallies")
