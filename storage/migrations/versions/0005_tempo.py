"""An index on a chat's recent updates, to read how fast it sends them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inbox_chat_id_received_at", "inbox", ["chat_id", "received_at"])


def downgrade() -> None:
    op.drop_index("ix_inbox_chat_id_received_at", "inbox")
