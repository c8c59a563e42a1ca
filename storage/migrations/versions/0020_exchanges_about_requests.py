"""Let an exchange with the team be about a request, rather than about a question."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("interest_id", Id))
    op.create_index("ix_conversations_interest_id", "conversations", ["interest_id"], unique=True)


def downgrade() -> None:
    # Of another version, such an exchange would be one with the facilitators.
    op.execute("DELETE FROM conversations WHERE interest_id IS NOT NULL")
    op.drop_index("ix_conversations_interest_id", "conversations")
    op.drop_column("conversations", "interest_id")
