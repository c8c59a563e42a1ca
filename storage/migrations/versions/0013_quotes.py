"""Store with each message to facilitators the questions whose words it repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("quotes", sa.JSON()))


def downgrade() -> None:
    op.drop_column("outbox", "quotes")
