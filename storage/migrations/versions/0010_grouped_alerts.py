"""Count alerts until a group is told of them; mark calls that nothing takes the place of."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("is_final", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "alerts",
        sa.Column("name", sa.String(96), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("latest", sa.JSON(), nullable=False),
        sa.Column("raised_at", Time, nullable=False),
        sa.Column("told_at", Time),
        sa.PrimaryKeyConstraint("name", name="pk_alerts"),
    )


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_column("outbox", "is_final")
