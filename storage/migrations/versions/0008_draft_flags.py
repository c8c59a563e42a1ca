"""Move the bot's own notes on a form out of its answers, into columns."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MARKS = ("leaving", "reminded")

# In SQL, so that the migration can be printed for an administrator.
MOVE_OUT = {
    "sqlite": """
        UPDATE drafts SET
            changes = json_extract(answers, '$.changes'),
            reuses = json_extract(answers, '$.reused'),
            unsure = json_extract(answers, '$.unsure'),
            leaving = json_extract(answers, '$.leaving') IS NOT NULL,
            reminded = json_extract(answers, '$.reminded') IS NOT NULL,
            answers = json_remove(
                answers, '$.changes', '$.reused', '$.unsure', '$.leaving', '$.reminded'
            )
    """,
    # Not through jsonb, which would change the order of the answers.
    "postgresql": """
        UPDATE drafts SET
            changes = answers ->> 'changes',
            reuses = answers ->> 'reused',
            unsure = answers ->> 'unsure',
            leaving = (answers ->> 'leaving') IS NOT NULL,
            reminded = (answers ->> 'reminded') IS NOT NULL,
            answers = coalesce(
                (
                    SELECT json_object_agg(one.key, one.value) FROM json_each(answers) AS one
                    WHERE one.key NOT IN ('changes', 'reused', 'unsure', 'leaving', 'reminded')
                ),
                '{}'
            )
    """,
}
MOVE_BACK = {
    # Null values are left out.
    "sqlite": """
        UPDATE drafts SET answers = json_patch(
            answers,
            json_object(
                'changes', changes,
                'reused', reuses,
                'unsure', unsure,
                'leaving', CASE WHEN leaving THEN '1' END,
                'reminded', CASE WHEN reminded THEN '1' END
            )
        )
    """,
    "postgresql": """
        UPDATE drafts SET answers = CAST(
            CAST(answers AS jsonb) || jsonb_strip_nulls(
                jsonb_build_object(
                    'changes', changes,
                    'reused', reuses,
                    'unsure', unsure,
                    'leaving', CASE WHEN leaving THEN '1' END,
                    'reminded', CASE WHEN reminded THEN '1' END
                )
            ) AS json
        )
    """,
}


def upgrade() -> None:
    op.add_column("drafts", sa.Column("changes", sa.String(32)))
    op.add_column("drafts", sa.Column("reuses", sa.String(32)))
    for mark in MARKS:
        op.add_column(
            "drafts", sa.Column(mark, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("drafts", sa.Column("unsure", sa.Text()))
    op.execute(MOVE_OUT[op.get_context().dialect.name])


def downgrade() -> None:
    op.execute(MOVE_BACK[op.get_context().dialect.name])
    for column in ("changes", "reuses", "unsure", *MARKS):
        op.drop_column("drafts", column)
