"""Keep what people say beside a telephone number or an address: when to call, whom to ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interests", sa.Column("contact_note", sa.Text()))


def downgrade() -> None:
    op.drop_column("interests", "contact_note")
