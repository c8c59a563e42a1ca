"""Remember which administrators the bot has met, so that a request can be handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "colleagues",
        sa.Column(
            "telegram_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name="pk_colleagues"),
    )
    op.execute(
        "INSERT INTO colleagues (telegram_id, name, seen_at)"
        " SELECT actor_id, MAX(actor_name), MAX(at) FROM interest_events"
        " WHERE side = 'administrator' AND actor_id IS NOT NULL AND actor_name IS NOT NULL"
        " GROUP BY actor_id"
    )


def downgrade() -> None:
    op.drop_table("colleagues")
