"""Changes of the knowledge requested from Telegram, and alarms that are reported once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("actor_name", sa.Text()),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(64)),
        sa.Column("subject", sa.Text()),
        sa.Column("wording", sa.Text()),
        sa.Column("about", sa.String(64)),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("claimed_until", Time),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("base", sa.String(64)),
        sa.Column("report", sa.JSON()),
        sa.Column("decided_by_id", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("version_id", sa.String(64)),
        sa.Column("published_at", Time),
        sa.Column("ended_at", Time),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_publications_state", "publications", ["state"])
    op.create_index("ix_publications_about", "publications", ["about"])
    op.create_table(
        "alarms",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("raised_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_alarms"),
    )


def downgrade() -> None:
    op.drop_table("alarms")
    op.drop_table("publications")
