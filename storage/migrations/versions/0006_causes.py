"""Store with each call to Telegram the update that caused it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("update_id", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("outbox", "update_id")
