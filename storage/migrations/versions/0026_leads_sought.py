"""Tell a project that seeks a lead from one whose file names none."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "known_projects",
        sa.Column("seeks_lead", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    # A project without a lead was announced as one that seeks a lead.
    known = sa.table("known_projects", sa.column("lead"), sa.column("seeks_lead", sa.Boolean()))
    op.execute(known.update().where(known.c.lead.is_(None)).values(seeks_lead=sa.true()))


def downgrade() -> None:
    op.drop_column("known_projects", "seeks_lead")
