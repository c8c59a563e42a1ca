"""Store whom the contact of a request may be passed to, and what the firm answered."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "introductions",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "interest_id",
            Id,
            sa.ForeignKey(
                "interests.id",
                name="fk_introductions_interest_id_interests",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(128)),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_introductions_interest_id", "introductions", ["interest_id"])


def downgrade() -> None:
    op.drop_table("introductions")
