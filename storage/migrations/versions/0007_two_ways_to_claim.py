"""Claim changes of the knowledge by worker, like other rows; recurring tasks need no leader."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_column("publications", "claimed_until")
    op.add_column("publications", sa.Column("claimed_by", sa.String(64)))
    op.drop_table("leaderships")


def downgrade() -> None:
    op.create_table(
        "leaderships",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leaderships"),
    )
    op.drop_column("publications", "claimed_by")
    op.add_column("publications", sa.Column("claimed_until", Time))
