"""Store who asked to be told of new projects, and what people were told about projects."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "person_id",
            Id,
            sa.ForeignKey(
                "people.id", name="fk_subscriptions_person_id_people", ondelete="CASCADE"
            ),
            nullable=False,
        ),
        sa.Column("territory", sa.Text()),
        sa.Column("sector", sa.Text()),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent_version", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("person_id", name="uq_subscriptions_person_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "known_projects",
        sa.Column("project_id", sa.String(128), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text()),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_announced", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "project_news",
        sa.Column("id", Id, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("project_ids", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_up_to", sa.BigInteger(), nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("project_news")
    op.drop_table("known_projects")
    op.drop_table("subscriptions")
