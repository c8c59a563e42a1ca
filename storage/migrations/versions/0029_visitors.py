"""Keep the e-mail address of who writes by the pages, without Telegram."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("address", sa.Text()))
    op.add_column("people", sa.Column("address_digest", sa.String(64)))
    op.create_index("ix_people_address_digest", "people", ["address_digest"])


def downgrade() -> None:
    op.drop_index("ix_people_address_digest", "people")
    op.drop_column("people", "address_digest")
    op.drop_column("people", "address")
