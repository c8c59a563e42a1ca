"""Remember for ten minutes what each person was shown, so that what they type is understood."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "contexts",
        sa.Column("person_id", key, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.String(64)),
        sa.Column("offer", sa.String(64)),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_contexts_person_id_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_contexts"),
    )
    op.create_index("ix_contexts_at", "contexts", ["at"])


def downgrade() -> None:
    op.drop_index("ix_contexts_at", "contexts")
    op.drop_table("contexts")
