"""Keep the topic of a group where a change of the files was asked for, to answer there."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("publications", sa.Column("topic_id", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("publications", "topic_id")
